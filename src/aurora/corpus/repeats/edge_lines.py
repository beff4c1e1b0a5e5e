"""The lines at the head and tail of documents, as hashes by which boilerplate is counted.

One decision: a line is identified by a hash of its site and its bytes, so no text leaves its shard.
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

EDGE = 24  # lines, not counting blank ones, at each end of a document: menus and footers rarely have more
# Bytes of a line that may be boilerplate. Shorter ones are bullets and numbers, longer ones are paragraphs.
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
    """LINES at the edges of documents (columns of `document.COLUMNS`), except code.

    Rows count from `first_row`, bytes from the beginning of each text.
    """
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
    """A hash of the site of each document: the host of its `url` or of the `url` in its `meta`, or else its source."""
    hosts = [
        pc.struct_field(pc.extract_regex(documents[column], pattern), "host")
        for column, pattern in (("url", f"^{_ADDRESS}"), ("meta", f'"url": "{_ADDRESS}'))
    ]
    sources = pc.binary_join_element_wise(documents["source"], "", "/")  # with a slash, which no host has
    names = pc.coalesce(*map(pc.utf8_lower, hosts), sources)
    coded = names.dictionary_encode()
    hashes = np.array([xxhash.xxh3_64_intdigest(name.encode()) for name in coded.dictionary.to_pylist()], np.uint64)
    return hashes[coded.indices.to_numpy()] if len(hashes) else np.zeros(0, np.uint64)


@entry_point
def _edge_lines(offsets, data, code, sites, spans, keys, first):  # type: ignore[no-untyped-def]
    """Write (document, first byte, byte after the line feed), key, and whether the key is new in its document.

    Returns how many. `number` counts lines that are not blank.
    """
    count = 0
    for document in range(len(sites)):
        begin, end = offsets[document], offsets[document + 1]
        if code[document]:
            continue
        mine = count
        at, number = begin, 0
        while at < end and number < EDGE:
            stop = _line_end(data, at, end)
            count, has_text = _line(data, begin, at, stop, document, sites[document], spans, keys, count)
            number += has_text
            at = stop
        head_end, head_count = at, count
        at, number = end, 0
        while at > head_end and number < EDGE:
            start = at - 1
            while start > head_end and data[start - 1] != 0x0A:
                start -= 1
            count, has_text = _line(data, begin, start, at, document, sites[document], spans, keys, count)
            number += has_text
            at = start
        _reverse(spans, keys, head_count, count)
        for line in range(mine, count):
            first[line] = True
            for other in range(mine, line):
                first[line] &= keys[other] != keys[line]
    return count


@compiled
def _line_end(data, at, end):  # type: ignore[no-untyped-def]
    """The byte after the line feed that ends the line at `at`."""
    while at < end and data[at] != 0x0A:
        at += 1
    return min(at + 1, end)


@compiled
def _line(data, begin, start, end, document, site, spans, keys, count):  # type: ignore[no-untyped-def]
    """Append a line that may be boilerplate; returns (count, whether the line is not blank)."""
    first, last = start, end - 1
    while first <= last and data[first] <= 0x20:
        first += 1
    while last >= first and data[last] <= 0x20:
        last -= 1
    length = last - first + 1
    if length <= 0:
        return count, False
    if length >= SHORTEST and length <= LONGEST and _says_something(data, first, last):
        key = np.uint64(0xCBF29CE484222325) ^ site  # FNV-1a, begun with the site
        for at in range(first, last + 1):
            key = (key ^ np.uint64(data[at])) * np.uint64(0x100000001B3)
        keys[count] = key ^ key >> np.uint64(32)
        spans[count, 0], spans[count, 1], spans[count, 2] = document, start - begin, end - begin
        count += 1
    return count, True


@compiled
def _says_something(data, first, last):  # type: ignore[no-untyped-def]
    """Whether the line has a letter and is not the fence of a code block."""
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
