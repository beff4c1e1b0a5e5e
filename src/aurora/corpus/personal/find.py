"""Personal data and secrets: found, counted by type, and masked by placeholders or by consistent fakes.

One decision: a fast pass over the bytes names the few places where anything may stand (`places`), patterns and
check digits decide there (`patterns`), and only types and counts ever leave this module, never a value. Places
near each other are read together, so that no pattern reads a byte twice: the work for a text grows with its length.
"""

from __future__ import annotations

import codecs
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from aurora.corpus.kernels.columns import buffers_of, texts_of
from aurora.corpus.personal.addresses import address_languages, addresses_of
from aurora.corpus.personal.definitions import types
from aurora.corpus.personal.fakes import fake
from aurora.corpus.personal.folded_text import folded, folder
from aurora.corpus.personal.patterns import patterns, sought
from aurora.corpus.personal.places import scan
from aurora.corpus.personal.sought import ADDRESSES, ASSIGNED, AT, CODES, COLONS, DIGITS, KINDS, TOKENS
from aurora.languages import lookup

if TYPE_CHECKING:
    import pyarrow as pa

How = Literal["placeholders", "fakes"]

# Bytes before and behind a place in which what stands there may lie, and words that say what it is. All but secrets,
# whose places are as long as they may be, lie on one line.
_NEAR = {AT: (256, 512), ASSIGNED: (256, 256), ADDRESSES: (224, 224), TOKENS: (8, 8)}
_NEAR_NUMBERS = (128, 128)
# Characters before the first place and behind the last one that belong to numbers and codes: (+ and an extension.
_REACH = dict.fromkeys((DIGITS, CODES, COLONS), (3, 8))
# An address holds numbers and a key holds codes: the larger thing comes first.
_RANK = {place: 100 * rank for rank, place in enumerate((TOKENS, ASSIGNED, AT, COLONS, CODES, ADDRESSES, DIGITS))}
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
    hits = _found(array, [lang])
    firsts = np.flatnonzero(np.frombuffer(data, np.uint8) & 0xC0 != 0x80) if hits else np.zeros(0, np.int64)
    ends = np.searchsorted(firsts, [hit[2:] for hit in hits]).tolist()
    return [Found(hit[1], start, end) for hit, (start, end) in zip(hits, ends, strict=True)]


def mask_batch(
    texts: pa.LargeStringArray, langs: Sequence[str], how: How = "placeholders", key: bytes = b"aurora"
) -> tuple[pa.LargeStringArray, pa.RecordBatch]:
    """The texts masked, and int32 counts [documents] for every type of `types`.

    `texts` has no nulls; `langs` is BCP 47, `code` or `und` for each. `key` makes the fakes: equal values get equal
    fakes under one key. Texts that hold nothing share the buffers given.
    """
    import pyarrow as pa

    found = _found(texts, langs)
    names = list(types())
    counts = np.zeros((len(names), len(texts)), np.int32)
    for document, name, _, _ in found:
        counts[names.index(name), document] += 1
    table = pa.RecordBatch.from_arrays([pa.array(column) for column in counts], names)
    if not found:
        return texts, table
    return _replaced(texts, found, _writer(texts, langs, how, key)), table


_Hit = tuple[int, str, int, int]
"""Document, type, first byte, byte after the last."""


def _found(texts: pa.LargeStringArray, langs: Sequence[str]) -> list[_Hit]:
    """All pieces in order, as bytes of the data buffer."""
    offsets, data = buffers_of(texts)
    codes = [lookup.code_of(lang) for lang in langs]
    numbers = address_languages()
    with_addresses = np.fromiter((numbers.get(code, 0) for code in codes), np.uint8, len(codes))
    places, owners = scan(offsets, data, with_addresses, sought())
    if not len(places):
        return []
    raw = memoryview(data.data)
    hits: list[_Hit] = []
    listed = list(map(tuple, places.tolist()))
    firsts = np.flatnonzero(np.diff(owners, prepend=-1)).tolist()
    for first, last in zip(firsts, [*firsts[1:], len(owners)], strict=True):
        document = int(owners[first])
        bounds = int(offsets[document]), int(offsets[document + 1])
        group: list[_Match] = []
        for stretch in _stretches(raw, listed[first:last], *bounds):
            group += _matches(raw, codes[document], *stretch)
        hits += _resolved(document, group)
    return hits


_Match = tuple[int, int, int, str]
"""Precedence, first byte, byte after the last, type."""


def _stretches(
    raw: memoryview, places: list[tuple[int, int, int]], lowest: int, highest: int
) -> Iterator[tuple[int, int, int, list[tuple[int, int]]]]:
    """Stretches of a document to be read for one kind of place: the kind, its bytes [start, end), the places in it."""
    for kind in {place for place, _, _ in places}:
        before, behind = _NEAR.get(kind, _NEAR_NUMBERS)
        start = end = -1
        held: list[tuple[int, int]] = []
        for first, last in sorted((first, last) for place, first, last in places if place == kind):
            left, right = max(lowest, first - before), min(highest, last + behind)
            if kind != TOKENS:
                left += bytes(raw[left:first]).rfind(b"\n") + 1
                line = bytes(raw[last:right]).find(b"\n")
                right = last + line if line >= 0 else right
            if held and left > end:
                yield kind, start, end, held
                held = []
            start = start if held else left
            end = max(end, right) if held else right
            held.append((first, last))
        if held:
            yield kind, start, end, held


def _matches(
    raw: memoryview, lang: str, kind: int, start: int, end: int, places: list[tuple[int, int]]
) -> list[_Match]:
    """What the patterns find in a stretch at its places."""
    piece = bytes(raw[start:end])
    start += len(piece) - len(piece := piece.lstrip(_CONTINUATION))
    window = piece.decode("utf-8", _BLANK)
    seen = folder(KINDS[kind])(window)
    firsts = [first for first, _ in places]
    reach, digits = (0, len(seen)), len(seen)
    if kind in _REACH:  # numbers and codes lie within their places; the rest reaches further
        left, right = firsts[0] - start, places[-1][1] - start
        if len(window) < len(piece):
            left, right = (len(piece[:place].decode("utf-8", _BLANK)) for place in (left, right))
        reach = (max(0, left - _REACH[kind][0]), min(len(seen), right + _REACH[kind][1]))
        digits = sum(map(str.isdigit, seen[slice(*reach)]))
    byte_of: Callable[[int], int] | None = None
    matches = []
    for precedence, pattern in enumerate(patterns(lang, KINDS[kind])):
        if digits < pattern.definition.entry.digits[0]:
            continue
        for match in pattern.expression.finditer(seen, *reach):
            byte_of = byte_of or _bytes_of(window, piece)
            left, right = match.span(pattern.value)
            first, last = start + byte_of(left), start + byte_of(right)
            place = bisect_right(firsts, last) - 1
            if place >= 0 and first <= places[place][1] and pattern.accepts(seen, left, right):
                matches.append((precedence + _RANK[kind], first, last, pattern.type))
    return matches


def _bytes_of(window: str, piece: bytes) -> Callable[[int], int]:
    """The byte of a piece at which each character of its text begins, the place behind the last one included."""
    if len(window) == len(piece):
        return int
    codes = np.frombuffer(window.encode("utf-32-le"), np.uint32)
    widths = 1 + (codes > 0x7F).astype(np.int64) + (codes > 0x7FF) + (codes > 0xFFFF)
    return [0, *np.cumsum(widths).tolist()].__getitem__


def _resolved(document: int, group: list[_Match]) -> list[_Hit]:
    """Of pieces that overlap, the one of the most telling pattern, then the longest."""
    taken: list[tuple[int, int, str]] = []
    ends: list[int] = []
    for _, start, end, name in sorted(group, key=lambda item: (item[0], item[1] - item[2], item[1])):
        place = bisect_right(ends, start)
        if place == len(taken) or end <= taken[place][0]:
            taken.insert(place, (start, end, name))
            ends.insert(place, end)
    return [(document, name, start, end) for start, end, name in taken]


def _writer(texts: pa.LargeStringArray, langs: Sequence[str], how: How, key: bytes) -> Callable[[_Hit], bytes]:
    """What is written in the place of a piece."""
    _, data = buffers_of(texts)

    def written(hit: _Hit) -> bytes:
        document, name, start, end = hit
        if how == "placeholders":
            return types()[name].placeholder.encode()
        value = folded(data[start:end].tobytes().decode("utf-8", "surrogatepass"))
        known = addresses_of(lookup.code_of(langs[document]))
        return fake(types()[name], value, key, known.fake if known else "").encode("utf-8", "surrogatepass")

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
