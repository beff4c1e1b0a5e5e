"""The lines at the head and tail of documents, as hashes: what boilerplate is counted by.

One decision: a line is known by a hash of its site and its bytes, so no line leaves its shard.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from aurora.corpus.kernels.columns import buffers_of
from aurora.corpus.kernels.compiled import compiled, entry_point
from aurora.languages.labels import CODE

# Lines that are not blank at each end of a document, and bytes of one that may be boilerplate.
EDGE = 24
SHORTEST, LONGEST = 3, 200

LINES = pa.schema(
    [
        ("row", pa.int64()),
        ("site", pa.uint64()),
        ("key", pa.uint64()),
        ("first", pa.bool_()),  # in its document
        ("start", pa.int64()),
        ("end", pa.int64()),
    ]
)
_ADDRESS = r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/@\"]*@)?(?:www\.)?(?P<host>[^/:?#\"]+)"


def edge_lines(documents: pa.RecordBatch, first_row: int) -> pa.Table:
    """The lines at the edges of documents (columns of `document.COLUMNS`) that are no code: LINES, with bytes counted
    in each text, and rows from `first_row`."""
    sites = _sites(documents)
    offsets, data = buffers_of(documents["text"])
    code = np.array([lang == CODE for lang in documents["lang"].to_pylist()], np.bool_)
    spans = np.empty((2 * EDGE * len(sites), 3), np.int64)
    keys, first = np.empty(len(spans), np.uint64), np.empty(len(spans), np.bool_)
    count = _edge_lines(offsets, data, code, sites, spans, keys, first)
    rows, starts, ends = spans[:count].T
    columns = (rows + first_row, sites[rows], keys[:count], first[:count], starts, ends)
    return pa.table([pa.array(np.ascontiguousarray(column)) for column in columns], LINES)


def _sites(documents: pa.RecordBatch) -> npt.NDArray[np.uint64]:
    """A hash of the site of each document: the host of its address (`url`, or that of `meta`), or its source."""
    hosts = [
        pc.struct_field(pc.extract_regex(documents[column], pattern), "host")
        for column, pattern in (("url", f"^{_ADDRESS}"), ("meta", f'"url": "{_ADDRESS}'))
    ]
    sources = pc.binary_join_element_wise(documents["source"], "", "/")  # no host holds a slash
    names = pc.coalesce(*map(pc.utf8_lower, hosts), sources)
    coded = names.dictionary_encode()
    hashes = np.array([xxhash.xxh3_64_intdigest(name.encode()) for name in coded.dictionary.to_pylist()], np.uint64)
    return hashes[coded.indices.to_numpy()] if len(hashes) else np.zeros(0, np.uint64)


@entry_point
def _edge_lines(offsets, data, code, sites, spans, keys, first):  # type: ignore[no-untyped-def]
    """Write (document, first byte, byte after the line feed), key, and whether the key is new; returns how many."""
    count = 0
    for document in range(len(sites)):
        begin, end = offsets[document], offsets[document + 1]
        if code[document]:
            continue
        mine = count
        at, number = begin, 0
        while at < end and number < EDGE:
            stop = _line_end(data, at, end)
            count, held = _line(data, begin, at, stop, document, sites[document], spans, keys, count)
            number += held
            at = stop
        head_end, head_count = at, count
        at, number = end, 0
        while at > head_end and number < EDGE:
            start = at - 1
            while start > head_end and data[start - 1] != 0x0A:
                start -= 1
            count, held = _line(data, begin, start, at, document, sites[document], spans, keys, count)
            number += held
            at = start
        _reverse(spans, keys, head_count, count)
        for place in range(mine, count):
            first[place] = True
            for other in range(mine, place):
                first[place] &= keys[other] != keys[place]
    return count


@compiled
def _line_end(data, at, end):  # type: ignore[no-untyped-def]
    """The byte after the line feed that ends the line at `at`."""
    while at < end and data[at] != 0x0A:
        at += 1
    return min(at + 1, end)


@compiled
def _line(data, begin, start, end, document, site, spans, keys, count):  # type: ignore[no-untyped-def]
    """Write a line down where it may be boilerplate; returns (count, whether it is not blank)."""
    first, last = start, end - 1
    while first <= last and data[first] <= 0x20:
        first += 1
    while last >= first and data[last] <= 0x20:
        last -= 1
    length = last - first + 1
    if length <= 0:
        return count, False
    if length >= SHORTEST and length <= LONGEST and _says_something(data, first, last):
        key = np.uint64(0xCBF29CE484222325) ^ site
        for at in range(first, last + 1):
            key = (key ^ np.uint64(data[at])) * np.uint64(0x100000001B3)
        keys[count] = key ^ key >> np.uint64(32)
        spans[count, 0], spans[count, 1], spans[count, 2] = document, start - begin, end - begin
        count += 1
    return count, True


@compiled
def _says_something(data, first, last):  # type: ignore[no-untyped-def]
    """Whether a letter stands in the line, and it is no fence of code."""
    if data[first] == data[first + 1] == data[first + 2] == ord("`"):
        return False
    for at in range(first, last + 1):
        lower = data[at] | 0x20
        if data[at] >= 0x80 or (lower >= ord("a") and lower <= ord("z")):
            return True
    return False


@compiled
def _reverse(spans, keys, start, end):  # type: ignore[no-untyped-def]
    for step in range((end - start) // 2):
        one, other = start + step, end - 1 - step
        keys[one], keys[other] = keys[other], keys[one]
        for column in range(3):
            spans[one, column], spans[other, column] = spans[other, column], spans[one, column]
