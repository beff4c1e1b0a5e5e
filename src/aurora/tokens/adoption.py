"""Token stores made elsewhere in Megatron's format, copied into a run.

One decision: they are copied by Aurora's own writer, which checks every document once. So every store that training
reads has a side file, ends its documents with end-of-text, and has no id that the tokenizer lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aurora.console.progress import progress
from aurora.errors import UserError
from aurora.recipe.tokens import Adopted
from aurora.tokens.store import CODES, HEADER, MAGIC, SideFile, StoreWriter, file_of, store_stem
from aurora.tokens.text.encoder import byte_alphabet
from aurora.tokens.text.text_facts import TextFacts


@dataclass(frozen=True)
class _Foreign:
    """A store made elsewhere: its tokens, the first token and size of each sequence, the first sequence of each
    document.

    A sequence is a document, or a sentence of one if the store was made with `--split-sentences`.
    """

    tokens: npt.NDArray[Any]
    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int32]
    firsts: npt.NDArray[np.int64]

    @property
    def num_documents(self) -> int:
        return len(self.firsts) - 1

    def documents(self) -> Iterator[npt.NDArray[Any]]:
        for first, last in pairwise(self.firsts.tolist()):
            spans = zip(self.starts[first:last].tolist(), self.sizes[first:last].tolist(), strict=True)
            yield np.concatenate([self.tokens[:0], *(self.tokens[start : start + size] for start, size in spans)])


def adopt_store(
    name: str,
    adopted: Adopted,
    base: Path,
    text: TextFacts,
    tokenizer_hash: str,
    folder: Path,
    cuts: dict[str, float] | None = None,
) -> SideFile:
    """Copy the store that `adopted.path` names (relative to `base`, without ending) as `name`; returns its side file.

    Its sequences are joined into documents, and a document without its end or start token gets one. Raises `UserError`
    for files that are missing, truncated or in another format, and for an id that the tokenizer lacks.
    """
    path = base / adopted.path
    foreign = _read(path)
    end, vocabulary = text.end, text.vocabulary
    lengths = _byte_lengths(text)
    with (
        StoreWriter(store_stem(folder, name), vocabulary) as writer,
        progress(f"adopt {name}", foreign.num_documents, "doc") as bar,
    ):
        for number, ids in enumerate(foreign.documents()):
            if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < vocabulary:
                raise UserError(
                    f"{file_of(path, 'bin')}: document {number} has an id outside the tokenizer's {vocabulary:,} "
                    "entries; give the tokenizer that the store was made with."
                )
            whole = ids if len(ids) and ids[-1] == end else np.append(ids, end)
            if text.start != end and whole[0] != text.start:
                whole = np.insert(whole, 0, text.start)
            writer.add(whole, num_bytes=int(lengths[ids].sum()), license=adopted.license)
            bar.update(1)
        source, language = name.split("/")
        return writer.close(source, language, tokenizer_hash, cuts)


def _read(path: Path) -> _Foreign:
    """The store at `path`, its tokens memory-mapped."""
    index_file, tokens_file = file_of(path, "idx"), file_of(path, "bin")
    for file in (index_file, tokens_file):
        if not file.is_file():
            raise UserError(f"tokens.adopt: {file} does not exist; give the path of a .bin and .idx without ending.")
    data = index_file.read_bytes()
    if len(data) < HEADER.size or not data.startswith(MAGIC):
        raise UserError(f"{index_file} is not the index of a Megatron store; correct the path.")
    _, version, code, count, documents = HEADER.unpack_from(data)
    if version != 1 or code not in CODES:
        raise UserError(
            f"{index_file} has version {version} and type {code}; make it again with version 1 and type int32 (4) or "
            "uint16 (8)."
        )
    dtype = np.dtype(CODES[code])
    if len(data) < HEADER.size + 12 * count + 8 * documents:
        raise UserError(f"{index_file} is truncated: copy it again.")
    sizes = np.frombuffer(data, np.int32, count, HEADER.size)
    offsets = np.frombuffer(data, np.int64, count, HEADER.size + 4 * count)
    firsts = np.frombuffer(data, np.int64, documents, HEADER.size + 12 * count)
    if not documents or firsts[0] != 0 or firsts[-1] != count or (np.diff(firsts) < 0).any():
        raise UserError(f"{index_file} does not say which of its {count:,} sequences each document has: make it again.")
    if count and (int(sizes.min()) < 0 or int(offsets.min()) < 0 or (offsets % dtype.itemsize).any()):
        raise UserError(f"{index_file} has a sequence with a negative size or an impossible offset: copy it again.")
    length = tokens_file.stat().st_size
    if count and int((offsets + sizes.astype(np.int64) * dtype.itemsize).max()) > length:
        raise UserError(f"{tokens_file} is shorter than {index_file.name} says: copy both again.")
    tokens = np.memmap(tokens_file, dtype, "r", shape=(length // dtype.itemsize,)) if length else np.zeros(0, dtype)
    return _Foreign(tokens, offsets // dtype.itemsize, sizes, firsts)


def _byte_lengths(text: TextFacts) -> npt.NDArray[np.int64]:
    """The number of bytes of text that each id stands for; 0 for special tokens."""
    alphabet = byte_alphabet()
    tokenizer = text.tokenizer
    lengths = np.zeros(text.vocabulary, np.int64)
    for entry, index in tokenizer.get_vocab(with_added_tokens=False).items():
        lengths[index] = len(entry) if all(character in alphabet for character in entry) else 0
    special = [index for index, token in tokenizer.get_added_tokens_decoder().items() if token.special]
    lengths[special] = 0
    return lengths
