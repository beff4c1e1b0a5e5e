"""Files as lines and paragraphs in bounded memory, decompressed by their content.

One decision: a piece too long for memory is reported as None and skipped, and a damaged part as a `Damage`. So no file
takes more memory or time than its size is worth, and everything intact is read.
"""

from __future__ import annotations

import codecs
import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, Any

from aurora.corpus.sources.formats.compression import Damage, Pieces, broken_off, decompressed, format_of

LONGEST_LINE = 50_000_000  # bytes; longer lines are broken files, and parsing them takes several times their size
LARGEST_FILE = 100_000_000  # bytes of a file that is one document, as `prepare.LARGEST_DOCUMENT`
# A compressed file that expands to more than this many times its size, and to more than these bytes, is a bomb. Text
# compresses by 3 to 10, logs of equal lines by hundreds.
MOST_EXPANSION, WORTH_CHECKING = 1000, 500_000_000
_PIECE = 1 << 16  # bytes read at a time
# UTF-32 first, since its byte order mark begins with that of UTF-16.
_WIDE = {BOM_UTF32_LE: "utf-32", BOM_UTF32_BE: "utf-32", BOM_UTF16_LE: "utf-16", BOM_UTF16_BE: "utf-16"}
# Endings of compressed files. One with plain text was decompressed on its way; with other content it is damaged.
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zstd", ".lz4")
# First bytes of files that are not text, and what to do about them.
_OTHERS = (
    (re.compile(rb"PK[\x03\x05]"), "a ZIP archive: unpack it first"),
    (re.compile(rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07"), "an archive of 7-Zip or RAR: unpack it first"),
    (re.compile(rb"[\s\S]{257}ustar"), "a tar archive: unpack it first"),
    (re.compile(rb"\x1f\x9d|LZIP\x01|\x5d\x00\x00[\s\S]{2}\xff{8}"), "of compress, lzip or lzma: unpack it first"),
    (re.compile(rb"\x02\x21\x4c\x18|\xff\x06\x00\x00sNaPpY"), "of legacy lz4 or of snappy: unpack it first"),
    (re.compile(rb"\x1f\x8b\x08|BZh[1-9]1AY&SY|\xfd7zXZ\x00|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18"),
     "compressed twice: unpack it once"),
    (re.compile(rb"PAR1"), "Parquet: give the source `kind: parquet`"),
    (re.compile(rb"ARROW1\x00\x00|Obj\x01|SQLite format 3\x00"), "of Arrow, Avro or SQLite: write it as Parquet"),
    (re.compile(rb"%PDF-\d"), "a PDF file: extract its text first"),
)  # fmt: skip


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader[Any]]:
    """The file as a buffered stream of bytes, decompressed by its content.

    Reading raises `Damage` at a damaged part and can continue after it. Opening a file of another format raises it too.
    """
    with io.BufferedReader(io.FileIO(path), 1 << 20) as stream:
        inner: io.BufferedReader[Any] = stream
        size = path.stat().st_size
        if compression := format_of(stream):
            # A small buffer, since damage loses the part of a line that is in it.
            inner = io.BufferedReader(Pieces(_bounded(decompressed(stream, compression, size), size)), _PIECE)
        head, inner = _peeked(inner)
        if other := next((remedy for magic, remedy in _OTHERS if magic.match(head)), None):
            raise Damage(f"the file is {other}", size)
        if compression is None and path.suffix.lower() in PACKED and not _is_text(head):
            raise Damage(f"the file ends with {path.suffix}, but its content is not compressed like that", size)
        yield inner


def _is_text(head: bytes) -> bool:
    """Whether bytes may begin a text; a character cut at their end does not count."""
    return b"\0" not in head and codecs.getincrementaldecoder("utf-8")("replace").decode(head).count("\ufffd") == 0


@contextmanager
def opened_text(path: Path) -> Iterator[IO[bytes]]:
    """The file as `opened` gives it, but in UTF-8 if its byte order mark says that it is UTF-16 or UTF-32."""
    with opened(path) as stream:
        head, stream = _peeked(stream)
        # Text in UTF-16 or UTF-32 has a space or line end in it; other bytes that begin like its mark do not.
        wide = next((codec for mark, codec in _WIDE.items() if head.startswith(mark)), None)
        if wide and not re.search(r"\s", head.decode(wide, "ignore")):
            wide = None
        yield stream if wide is None else io.BufferedReader(Pieces(_in_utf8(stream, wide)), _PIECE)


def _bounded(pieces: Iterator[bytes | Damage], size: int) -> Iterator[bytes | Damage]:
    """The pieces of a file, ended with a `Damage` once they exceed many times its size."""
    num_bytes = 0
    for piece in pieces:
        num_bytes += 0 if isinstance(piece, Damage) else len(piece)
        if num_bytes > max(WORTH_CHECKING, MOST_EXPANSION * size):
            yield Damage(broken_off(f"it expands to more than {MOST_EXPANSION} times its size"), size)
            return
        yield piece


def is_cuttable(path: Path) -> bool:
    """Whether lines of a JSON file can be read from its middle: it is plain UTF-8 and not an array."""
    with open(path, "rb") as stream:
        if format_of(stream) is not None:
            return False
        head = stream.read(_PIECE)
        return not head.startswith(tuple(_WIDE)) and not head.removeprefix(BOM_UTF8).lstrip().startswith(b"[")


def _peeked(stream: io.BufferedReader[Any]) -> tuple[bytes, io.BufferedReader[Any]]:
    """The next bytes of a stream, and the stream with these bytes still to be read."""
    try:
        return stream.peek(_PIECE), stream
    except Damage as damage:
        return b"", io.BufferedReader(Pieces(chain([damage], _pieces_of(stream))), _PIECE)


def _in_utf8(stream: IO[bytes], codec: str) -> Iterator[bytes | Damage]:
    # Surrogates pass through and stay invalid, so that their line is quarantined.
    decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
    for piece in _pieces_of(stream):
        if isinstance(piece, Damage):
            yield piece
            decoder = codecs.getincrementaldecoder(codec)("surrogatepass")
            continue
        try:
            yield decoder.decode(piece).encode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            yield Damage(f"the file cannot be read to its end ({error})", len(piece))
            return


def _pieces_of(stream: IO[bytes]) -> Iterator[bytes | Damage]:
    while True:
        try:
            piece = stream.read(_PIECE)
        except Damage as damage:
            yield damage
            continue
        if not piece:
            return
        yield piece


def pieces(stream: IO[bytes], document: str) -> Iterator[tuple[int, bytes | Damage | None]]:
    """The bytes of each `document` (file, paragraph or line) with the number of its first line; None for one too long
    for memory."""
    if document == "file":
        content = stream.read(LARGEST_FILE + 1)
        yield 1, content.removeprefix(BOM_UTF8) if len(content) <= LARGEST_FILE else None
        return
    first, paragraph, whole = 1, bytearray(), True
    for number, line in numbered_lines(stream):
        if isinstance(line, Damage):
            yield number, line  # and the paragraph, which has lost its end, is dropped
            paragraph, whole = bytearray(), True
            continue
        if number == 1 and line is not None:
            line = line.removeprefix(BOM_UTF8)
        if document == "line":
            yield number, None if line is None else line.rstrip(b"\r\n")
        elif line is None or line.strip():
            first = first if paragraph or not whole else number
            whole = whole and line is not None and len(paragraph) + len(line) <= LONGEST_LINE
            paragraph = paragraph + line if whole and line is not None else bytearray()
        elif paragraph or not whole:
            yield first, bytes(paragraph).rstrip(b"\r\n") if whole else None
            paragraph, whole = bytearray(), True
    if paragraph or not whole:
        yield first, bytes(paragraph).rstrip(b"\r\n") if whole else None


def numbered_lines(
    stream: IO[bytes], first: int = 1, end: int | None = None
) -> Iterator[tuple[int, bytes | Damage | None]]:
    """Numbered lines that begin before byte `end`; None for one too long for memory, and a `Damage` for a part that
    cannot be read, whose lines are not counted."""
    number = first - 1
    while True:
        try:
            if end is not None and stream.tell() >= end:
                return
            if not (line := stream.readline(LONGEST_LINE)):
                return
            number += 1
            whole = len(line) < LONGEST_LINE or line.endswith(b"\n")
            while line and not line.endswith(b"\n") and not whole:
                line = stream.readline(LONGEST_LINE)
        except Damage as damage:
            yield number + 1, damage
            continue
        yield number, line if whole else None
