"""Token stores: Megatron's indexed dataset (`.bin` + `.idx`) and a JSON side file.

One decision: the side file is written last and has the size and hash of the others, so a store is either whole or does
not exist. Opening one maps its files and reads no tokens, however large it is.

Source of the format: Megatron-LM, `megatron/core/datasets/indexed_dataset.py`: magic, version, dtype code, number of
sequences and of documents, then sizes (int32), byte offsets (int64) and document indices (int64).
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from aurora.errors import AuroraError
from aurora.files import explained, read_json, sha256, write_json
from aurora.recipe.names import is_store_name

MAGIC = b"MMIDIDX\x00\x00"
HEADER = struct.Struct("<9sQBQQ")
CODES: dict[int, type[np.integer[Any]]] = {4: np.int32, 8: np.uint16}  # Megatron's numbers for the types of ids
LARGEST_UINT16_VOCABULARY = 65_500  # Megatron's own limit
SCHEMA = 3  # of the side file; raise it when its fields change
JOURNAL = "journal"
HASHED_AT_ONCE = 1 << 20  # bytes
INDEX_BLOCK = 1 << 20  # documents whose part of the index is in memory at a time: 8 MB of offsets


@dataclass(frozen=True)
class SideFile:
    """A store's description of itself. `loss_tokens` count in a loss, all tokens except the prompts of pairs;
    `num_bytes` are the UTF-8 bytes of its text; `infilling` has the recipe's settings, if its documents are to be
    split; hashes are SHA-256, hex. `preferences` says that its documents are pairs of a chosen and a rejected
    conversation."""

    schema: int
    source: str
    language: str
    licenses: list[str]
    tokenizer: str
    dtype: str
    documents: int
    tokens: int
    loss_tokens: int
    num_bytes: int
    infilling: Mapping[str, float] | None
    sha256: dict[str, str]
    preferences: bool = False

    def table(self) -> dict[str, Any]:
        """As it is written: with `preferences` only where they are some."""
        return {name: value for name, value in asdict(self).items() if name != "preferences" or value}


class StoreWriter:
    """Writes one store: documents in order, then `close`. Until then there is nothing that could be read as a store.

    `save` makes what was added so far safe. A writer opened with the same `key` after a crash goes on there, if the
    bytes still have the hash that the journal says: `num_documents` says how many documents it has. `key` stands for
    all that decides the ids; without one every writer starts from nothing.
    """

    def __init__(self, stem: Path, vocabulary: int, masked: bool = False, key: str | None = None) -> None:
        self.stem = stem
        self._vocabulary = vocabulary
        self.dtype = np.dtype(np.uint16 if vocabulary < LARGEST_UINT16_VOCABULARY else np.int32)
        self._key = key
        self._kinds = ("bin", "sizes", "mask") if masked else ("bin", "sizes")
        stem.parent.mkdir(parents=True, exist_ok=True)
        file_of(stem, "json").unlink(missing_ok=True)
        saved, self._hashes = _saved(stem, key, self._kinds)
        self.num_documents, self.num_bytes = saved.documents, saved.num_bytes
        self.licenses = set(saved.licenses)
        self._num_tokens, self._loss_tokens = saved.tokens, saved.loss_tokens
        with explained(stem):
            self._files = {kind: _cut_to(file_of(stem, kind), saved.lengths.get(kind, 0)) for kind in self._kinds}

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with explained(self.stem), ExitStack() as files:  # a full disk at one does not leave the others open
            for file in self._files.values():
                files.callback(file.close)

    def add(
        self,
        ids: Sequence[int] | npt.NDArray[Any],
        mask: Sequence[int] | npt.NDArray[Any] | None = None,
        *,
        num_bytes: int = 0,
        license: str | None = None,
    ) -> None:
        """Append one document of `num_bytes` UTF-8 bytes of text; `mask` (1 = counts in the loss) is needed exactly
        where the store is masked."""
        if (mask is None) == ("mask" in self._kinds):
            raise ValueError("a masked store needs a mask for every document, another none")
        array = np.asarray(ids)
        if len(array) and not 0 <= int(array.min()) <= int(array.max()) < self._vocabulary:
            raise AuroraError(
                f"{self.stem}: document {self.num_documents} has an id outside the tokenizer's {self._vocabulary:,} "
                "entries."
            )
        with explained(self.stem):
            self._write("bin", array.astype(self.dtype).tobytes())
            self._write("sizes", len(ids).to_bytes(4, "little"))
            if mask is not None:
                self._write("mask", np.asarray(mask, np.uint8).tobytes())
        self.num_documents += 1
        self.num_bytes += num_bytes
        self._num_tokens += len(ids)
        self._loss_tokens += len(ids) if mask is None else int(np.count_nonzero(mask))
        if license is not None:
            self.licenses.add(license)

    def _write(self, kind: str, data: bytes) -> None:
        self._files[kind].write(data)
        self._hashes[kind].update(data)

    def save(self) -> None:
        """Flush everything added so far to disk, and record in the journal how much that is."""
        with explained(self.stem):
            for file in self._files.values():
                file.flush()
                os.fsync(file.fileno())
        lengths = {kind: file.tell() for kind, file in self._files.items()}
        saved = _Saved(
            key=self._key,
            documents=self.num_documents,
            tokens=self._num_tokens,
            loss_tokens=self._loss_tokens,
            num_bytes=self.num_bytes,
            licenses=sorted(self.licenses),
            lengths=lengths,
            sha256={kind: digest.hexdigest() for kind, digest in self._hashes.items()},
        )
        write_json(file_of(self.stem, JOURNAL), asdict(saved))

    def close(
        self,
        source: str,
        language: str,
        tokenizer: str,
        infilling: Mapping[str, float] | None = None,
        *,
        preferences: bool = False,
    ) -> SideFile:
        """Write index and side file; the store exists from here on. `tokenizer` is the SHA-256 of its file."""
        self.__exit__(None, None, None)
        with explained(self.stem):
            self._write_index()
        # Hashes of the bytes as written, not as read back: readers then notice what a faulty disk has changed.
        written = {kind: self._hashes[kind].hexdigest() for kind in ("bin", "mask") if kind in self._kinds}
        side = SideFile(
            schema=SCHEMA,
            source=source,
            language=language,
            licenses=sorted(self.licenses),
            tokenizer=tokenizer,
            dtype=self.dtype.name,
            documents=self.num_documents,
            tokens=self._num_tokens,
            loss_tokens=self._loss_tokens,
            num_bytes=self.num_bytes,
            infilling=infilling,
            sha256=dict(sorted({**written, "idx": sha256(file_of(self.stem, "idx"))}.items())),
            preferences=preferences,
        )
        write_json(file_of(self.stem, "json"), side.table())
        clear_work(self.stem)
        return side

    def _write_index(self) -> None:
        """Write header, sizes, offsets and document numbers, a block at a time, so that memory is bounded."""
        sizes = _mapped(file_of(self.stem, "sizes"), np.dtype("<i4"), self.num_documents)
        code = next(code for code, dtype in CODES.items() if dtype == self.dtype)
        blocks = range(0, self.num_documents, INDEX_BLOCK)
        with open(file_of(self.stem, "idx"), "wb") as index:
            index.write(HEADER.pack(MAGIC, 1, code, self.num_documents, self.num_documents + 1))
            for start in blocks:
                index.write(sizes[start : start + INDEX_BLOCK].tobytes())
            position = 0
            for start in blocks:
                ends = position + np.cumsum(sizes[start : start + INDEX_BLOCK], dtype=np.int64) * self.dtype.itemsize
                index.write(np.concatenate([[position], ends[:-1]]).astype(np.int64).tobytes())
                position = int(ends[-1])
            for start in range(0, self.num_documents + 1, INDEX_BLOCK):
                numbers = np.arange(start, min(start + INDEX_BLOCK, self.num_documents + 1), dtype=np.int64)
                index.write(numbers.tobytes())


def clear_work(stem: Path) -> None:
    """Remove the work files of a finished store, which a killed writer may have left."""
    for kind in ("sizes", JOURNAL):
        file_of(stem, kind).unlink(missing_ok=True)


@dataclass(frozen=True)
class _Saved:
    """The journal of a store in writing: how far it is safe, and how long each of its files was then."""

    key: str | None
    documents: int = 0
    tokens: int = 0
    loss_tokens: int = 0
    num_bytes: int = 0
    licenses: Sequence[str] = ()
    lengths: Mapping[str, int] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)


def _saved(stem: Path, key: str | None, kinds: Sequence[str]) -> tuple[_Saved, dict[str, hashlib._Hash]]:
    """What is safe according to the journal, and the running hash of each file; nothing if the journal has another key,
    is unreadable, or does not match the files."""
    nothing = _Saved(key), {kind: hashlib.sha256() for kind in kinds}
    try:
        saved = _Saved(**read_json(file_of(stem, JOURNAL)))
        if key is None or saved.key != key:
            return nothing
        hashes = {kind: _hash_of_first(file_of(stem, kind), saved.lengths[kind]) for kind in kinds}
        whole = all(digest.hexdigest() == saved.sha256[kind] for kind, digest in hashes.items())
    except (AuroraError, TypeError, KeyError, OSError):
        return nothing
    return (saved, hashes) if whole else nothing


def _hash_of_first(path: Path, length: int) -> hashlib._Hash:
    """The running SHA-256 of the first `length` bytes of a file, or of all if it has fewer."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while length > 0 and (part := stream.read(min(length, HASHED_AT_ONCE))):
            digest.update(part)
            length -= len(part)
    return digest


def _cut_to(path: Path, length: int) -> IO[bytes]:
    """The file opened for writing after its first `length` bytes, the rest gone."""
    path.touch()
    stream = open(path, "r+b")  # noqa: SIM115
    stream.truncate(length)
    stream.seek(length)
    return stream


class TokenStore:
    """A store opened for reading; `tokens` and `mask` are memory maps over all documents, one after another."""

    def __init__(self, stem: Path, side: SideFile) -> None:
        self.stem = stem
        self.side = side
        self.tokens: npt.NDArray[np.integer[Any]] = _mapped(file_of(stem, "bin"), np.dtype(side.dtype), side.tokens)
        self.mask: npt.NDArray[np.uint8] | None = None
        if "mask" in side.sha256:
            self.mask = _mapped(file_of(stem, "mask"), np.dtype(np.uint8), side.tokens)
        self._sizes, self._offsets = _read_index(file_of(stem, "idx"), side)

    @classmethod
    def open(cls, stem: Path, tokenizer: str | None = None) -> TokenStore:
        """Open the store at `stem`; `AuroraError` names a file that is missing, cut, or of another `tokenizer` hash."""
        values = read_json(file_of(stem, "json"))
        try:
            side = SideFile(**values)
            if side.schema != SCHEMA:
                raise TypeError(f"schema {side.schema}")
        except TypeError as error:
            raise AuroraError(
                f"{file_of(stem, 'json')} is not a side file of this version's token stores: build the tokens again."
            ) from error
        if tokenizer is not None and side.tokenizer != tokenizer:
            raise AuroraError(f"The store {stem} was made with another tokenizer: build the tokens again.")
        return cls(stem, side)

    @property
    def num_tokens(self) -> int:
        """Tokens of all documents, end-of-text included."""
        return self.side.tokens

    @property
    def num_documents(self) -> int:
        """Number of documents."""
        return self.side.documents

    @property
    def document_starts(self) -> npt.NDArray[np.int64]:
        """Position of each document's first token in `tokens`."""
        starts: npt.NDArray[np.int64] = self._offsets // self.tokens.itemsize
        return starts

    @property
    def document_sizes(self) -> npt.NDArray[np.int32]:
        """Number of tokens of each document."""
        return self._sizes

    def document(self, index: int) -> tuple[int, int]:
        """(position of its first token in `tokens`, number of tokens) of a document."""
        return int(self._offsets[index]) // self.tokens.itemsize, int(self._sizes[index])

    def document_at(self, position: int) -> int:
        """Number of the document that holds the token at `position`."""
        return int(np.searchsorted(self._offsets, position * self.tokens.itemsize, side="right")) - 1

    def documents_before(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """How many documents begin before each of `positions`."""
        return np.searchsorted(self._offsets, positions * self.tokens.itemsize).astype(np.int64)

    def verify(self) -> None:
        """Read every byte and compare with the side file; `AuroraError` names a file that differs."""
        for kind, expected in self.side.sha256.items():
            path = file_of(self.stem, kind)
            if sha256(path) != expected:
                raise AuroraError(
                    f"{path} has changed since it was written (its SHA-256 differs): delete {path.parent} and run the "
                    "recipe again."
                )


def store_stem(folder: Path, name: str) -> Path:
    """The path of the store `SOURCE/LANGUAGE` without ending; `AuroraError` for a name that cannot be a file's."""
    if not is_store_name(name):
        raise AuroraError(f"{name!r} cannot be the name of a token store: label the documents with tags such as pt-BR.")
    return folder / name.replace("/", ".")


def file_of(stem: Path, kind: str) -> Path:
    """A store's file; `with_suffix` would replace the language."""
    return stem.with_name(f"{stem.name}.{kind}")


def _mapped(path: Path, dtype: np.dtype[Any], length: int) -> npt.NDArray[Any]:
    _check_size(path, length * dtype.itemsize)
    return np.memmap(path, dtype, "r", shape=(length,)) if length else np.zeros(0, dtype)


def _read_index(path: Path, side: SideFile) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    count = side.documents
    _check_size(path, HEADER.size + count * 12 + (count + 1) * 8)
    with open(path, "rb") as stream:
        magic, version, code, sequences, documents = HEADER.unpack(stream.read(HEADER.size))
    if magic != MAGIC or version != 1 or CODES.get(code) != np.dtype(side.dtype):
        raise AuroraError(f"{path} is not the index of this token store: build the tokens again.")
    if (sequences, documents) != (count, count + 1):
        raise AuroraError(f"{path} is the index of another token store: build the tokens again.")
    if not count:
        return np.zeros(0, np.int32), np.zeros(0, np.int64)
    sizes = np.memmap(path, np.int32, "r", offset=HEADER.size, shape=(count,))
    offsets = np.memmap(path, np.int64, "r", offset=HEADER.size + 4 * count, shape=(count,))
    width = np.dtype(side.dtype).itemsize
    if int(offsets[-1]) + int(sizes[-1]) * width != side.tokens * width:
        raise AuroraError(f"{path} is the index of another token store: build the tokens again.")
    return sizes, offsets


def _check_size(path: Path, expected: int) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise AuroraError(f"{path} is missing: build the tokens again.") from error
    if size != expected:
        raise AuroraError(
            f"{path} has {size} bytes instead of {expected}, so it is truncated or of another store: build the tokens "
            "again."
        )
