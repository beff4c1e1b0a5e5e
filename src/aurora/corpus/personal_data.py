"""Personal data and secrets: found, counted by type, and masked by placeholders or by consistent fakes.

One decision: a fast pass over the bytes names the few places where anything may stand (`personal_scan`), patterns and
check digits decide there (`personal_patterns`), and only types and counts ever leave this module, never a value.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from aurora.corpus.fakes import fake
from aurora.corpus.personal_patterns import Kind, folded, kinds, patterns
from aurora.corpus.personal_scan import ADDRESS_LANGUAGES, ADDRESSES, AT, CODES, COLONS, DIGITS, KINDS, TOKENS, scan
from aurora.corpus.string_buffers import buffers_of, texts_of

if TYPE_CHECKING:
    import pyarrow as pa

How = Literal["placeholders", "fakes"]
TYPES = tuple(kind.name for kind in kinds())

# Bytes looked at around a place, on its line: cue words and the rest of an e-mail's name lie there.
_NEAR, _NEAR_ADDRESS = 128, 220
_LONGEST_PLACE = 4096
_LONGEST_KEY = 32_768  # an armoured key with its signatures
_ARMOUR = b"-----BEGIN"
# An address holds numbers and a key holds codes: the larger thing comes first.
_RANK = {place: 100 * rank for rank, place in enumerate((TOKENS, AT, COLONS, CODES, ADDRESSES, DIGITS))}
_CONTINUATION = bytes(range(0x80, 0xC0))
# A window may cut a character or hold a lone surrogate: each such byte becomes a NUL, so that places hold.
_BLANK = "aurora.blank"
codecs.register_error(_BLANK, lambda error: ("\0" * (error.end - error.start), error.end))  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of personal data of a type, at bytes [start, end) of the buffer or characters [start, end) of a text."""

    type: str
    start: int
    end: int


def find(text: str, lang: str) -> list[Found]:
    """The personal data of one text in order, in characters; pieces do not overlap."""
    import pyarrow as pa

    data = text.encode("utf-8", "surrogatepass")
    array = pa.LargeStringArray.from_buffers(1, pa.py_buffer(np.array([0, len(data)], np.int64)), pa.py_buffer(data))

    def characters(end: int) -> int:
        return len(data[:end].decode("utf-8", "surrogatepass"))

    return [Found(kind.name, characters(start), characters(end)) for _, kind, start, end in _found(array, [lang])]


def mask_batch(
    texts: pa.LargeStringArray, langs: Sequence[str], how: How = "placeholders", key: bytes = b"aurora"
) -> tuple[pa.LargeStringArray, pa.RecordBatch]:
    """The texts masked, and int32 counts [documents] for every type of TYPES.

    `texts` has no nulls; `langs` is BCP 47, `code` or `und` for each. `key` makes the fakes: equal values get equal
    fakes under one key. Texts that hold nothing share the buffers given.
    """
    import pyarrow as pa

    found = _found(texts, langs)
    counts = np.zeros((len(TYPES), len(texts)), np.int32)
    for document, kind, _, _ in found:
        counts[TYPES.index(kind.name), document] += 1
    table = pa.RecordBatch.from_arrays([pa.array(column) for column in counts], list(TYPES))
    if not found:
        return texts, table
    return _replaced(texts, found, _writer(texts, langs, how, key)), table


_Hit = tuple[int, Kind, int, int]
"""Document, type, first byte, byte after the last."""


def _found(texts: pa.LargeStringArray, langs: Sequence[str]) -> list[_Hit]:
    """All pieces in order, as bytes of the data buffer."""
    offsets, data = buffers_of(texts)
    primary = [lang.split("-")[0] for lang in langs]
    codes = np.fromiter((ADDRESS_LANGUAGES.get(lang, 0) for lang in primary), np.uint8, len(primary))
    places, owners = scan(offsets, data, codes)
    if not len(places):
        return []
    raw = memoryview(data.data)
    hits: list[_Hit] = []
    group: list[tuple[int, int, int, Kind]] = []
    current = -1
    for (place, start, end), document in zip(places.tolist(), owners.tolist(), strict=True):
        if document != current:
            hits += _resolved(current, group)
            group, current = [], document
        lowest, highest = int(offsets[document]), int(offsets[document + 1])
        group += _matches(raw, primary[document], place, start, end, lowest, highest)
    return hits + _resolved(current, group)


def _matches(
    raw: memoryview, lang: str, place: int, start: int, end: int, lowest: int, highest: int
) -> list[tuple[int, int, int, Kind]]:
    """What the patterns find at one place: (precedence, first byte, byte after the last, type)."""
    around = _NEAR_ADDRESS if place == ADDRESSES else _NEAR
    end = min(end, start + _LONGEST_PLACE)
    armoured = place == TOKENS and bytes(raw[start : start + len(_ARMOUR)]) == _ARMOUR
    before = bytes(raw[max(lowest, start - around) : start])
    before = before[before.rfind(b"\n") + 1 :].lstrip(_CONTINUATION)
    after = bytes(raw[end : min(highest, end + (_LONGEST_KEY if armoured else around))])
    if not armoured:
        after = after.partition(b"\n")[0]
    window = (before + bytes(raw[start:end]) + after).decode("utf-8", _BLANK)
    seen = folded(window)
    first = start - len(before)
    # Numbers and codes lie within their place; the rest reaches further.
    inner = place in (DIGITS, CODES, COLONS)
    offset = len(before.decode("utf-8", _BLANK))
    reach = (max(0, offset - 3), min(len(seen), offset + end - start + 8)) if inner else (0, len(seen))
    matches = []
    for precedence, pattern in enumerate(patterns(lang, KINDS[place])):
        for match in pattern.expression.finditer(seen, *reach):
            span = match.span("value") if "value" in pattern.expression.groupindex else match.span()
            if pattern.accepts(seen, *span):
                left = first + len(window[: span[0]].encode())
                right = left + len(window[span[0] : span[1]].encode())
                matches.append((precedence + _RANK[place], left, right, pattern.kind))
    return matches


def _resolved(document: int, group: list[tuple[int, int, int, Kind]]) -> list[_Hit]:
    """Of pieces that overlap, the one of the most telling pattern, then the longest."""
    taken: list[tuple[int, int, Kind]] = []
    for _, start, end, kind in sorted(group, key=lambda item: (item[0], item[1] - item[2], item[1])):
        if all(end <= other or start >= stop for other, stop, _ in taken):
            taken.append((start, end, kind))
    return [(document, kind, start, end) for start, end, kind in sorted(taken, key=lambda item: item[0])]


def _writer(texts: pa.LargeStringArray, langs: Sequence[str], how: How, key: bytes) -> Callable[[_Hit], bytes]:
    """What is written in the place of a piece."""
    _, data = buffers_of(texts)

    def written(hit: _Hit) -> bytes:
        document, kind, start, end = hit
        if how == "placeholders":
            return kind.placeholder.encode()
        value = folded(data[start:end].tobytes().decode("utf-8", "surrogatepass"))
        return fake(kind.fake, value, langs[document].split("-")[0], key, kind.head).encode("utf-8", "surrogatepass")

    return written


def _replaced(texts: pa.LargeStringArray, hits: list[_Hit], written: Callable[[_Hit], bytes]) -> pa.LargeStringArray:

    offsets, data = buffers_of(texts)
    pieces: list[bytes | memoryview] = []
    raw = memoryview(data.data)
    grown = np.zeros(len(texts) + 1, np.int64)
    done = int(offsets[0])
    for hit in hits:
        document, _, start, end = hit
        instead = written(hit)
        pieces += (raw[done:start], instead)
        grown[document + 1] += len(instead) - (end - start)
        done = end
    pieces.append(raw[done : int(offsets[-1])])
    moved = offsets - offsets[0] + np.cumsum(grown)
    return texts_of(moved, np.frombuffer(b"".join(pieces), np.uint8))
