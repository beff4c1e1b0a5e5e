"""Token stores made elsewhere in Megatron's format, taken into a run.

One decision: they are copied through our own writer and every document is looked at once, so that whatever training
reads afterwards has a side file, ends its documents with end-of-text and holds no id that the tokenizer lacks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aurora.errors import UserError
from aurora.progress import progress
from aurora.recipe.tokens import Adopted
from aurora.tokens.encoder import byte_alphabet
from aurora.tokens.store import CODES, HEADER, MAGIC, SideFile, StoreWriter, file_of, store_stem
from aurora.tokens.text_facts import TextFacts


@dataclass(frozen=True)
class _Foreign:
    """The files of a store made elsewhere: its tokens, and each document's first token and number of tokens."""

    tokens: npt.NDArray[Any]
    starts: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int32]

    def documents(self) -> Iterator[npt.NDArray[Any]]:
        for start, size in zip(self.starts.tolist(), self.sizes.tolist(), strict=True):
            yield self.tokens[start : start + size]


def adopt_store(name: str, adopted: Adopted, base: Path, text: TextFacts, mark: str, folder: Path) -> SideFile:
    """Copy the store that `adopted.path` names (relative to `base`, without ending) as `name`; returns its side file.

    A document without an end-of-text gets one. Raises `UserError` for files that are missing, cut or of another format,
    and for an id that the tokenizer lacks.
    """
    path = base / adopted.path
    found = _read(path)
    end, vocabulary = text.end, text.vocabulary
    lengths = _byte_lengths(text)
    with (
        StoreWriter(store_stem(folder, name), vocabulary) as writer,
        progress(f"adopt {name}", len(found.sizes), "doc") as bar,
    ):
        for number, ids in enumerate(found.documents()):
            if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < vocabulary:
                raise UserError(
                    f"{file_of(path, 'bin')}: document {number} has an id outside the tokenizer's {vocabulary:,} "
                    "entries; give the tokenizer that the store was made with."
                )
            whole = ids if len(ids) and ids[-1] == end else np.append(ids, end)
            writer.add(whole, num_bytes=int(lengths[ids].sum()), license=adopted.license)
            bar.update(1)
        source, language = name.split("/")
        return writer.close(source, language, mark)


def _read(path: Path) -> _Foreign:
    """Index and tokens, mapped."""
    index_file, tokens_file = file_of(path, "idx"), file_of(path, "bin")
    for file in (index_file, tokens_file):
        if not file.is_file():
            raise UserError(f"tokens.adopt: {file} does not exist; give the path of a .bin and .idx without ending.")
    data = index_file.read_bytes()
    if len(data) < HEADER.size or not data.startswith(MAGIC):
        raise UserError(f"{index_file} is not the index of a Megatron store.")
    _, version, code, count, documents = HEADER.unpack_from(data)
    if version != 1 or code not in CODES:
        raise UserError(f"{index_file} has version {version} and type {code}; int32 (4) and uint16 (8) can be read.")
    dtype = np.dtype(CODES[code])
    if len(data) < HEADER.size + 12 * count + 8 * documents:
        raise UserError(f"{index_file} is cut: copy it again.")
    sizes = np.frombuffer(data, np.int32, count, HEADER.size)
    offsets = np.frombuffer(data, np.int64, count, HEADER.size + 4 * count)
    length = tokens_file.stat().st_size
    if count and int((offsets + sizes.astype(np.int64) * dtype.itemsize).max()) > length:
        raise UserError(f"{tokens_file} is shorter than {index_file.name} says: copy both again.")
    tokens = np.memmap(tokens_file, dtype, "r", shape=(length // dtype.itemsize,)) if length else np.zeros(0, dtype)
    return _Foreign(tokens, offsets // dtype.itemsize, sizes)


def _byte_lengths(text: TextFacts) -> npt.NDArray[np.int64]:
    """How many bytes of text each id stands for; special tokens for none."""
    alphabet = byte_alphabet()
    tokenizer = text.tokenizer
    lengths = np.zeros(text.vocabulary, np.int64)
    for entry, index in tokenizer.get_vocab(with_added_tokens=False).items():
        lengths[index] = len(entry) if all(character in alphabet for character in entry) else 0
    special = [index for index, token in tokenizer.get_added_tokens_decoder().items() if token.special]
    lengths[special] = 0
    return lengths
