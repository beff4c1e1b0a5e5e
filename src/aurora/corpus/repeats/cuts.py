"""Spans that are cut out of documents when they are written, because other documents have them too.

One decision: whatever finds such spans writes them to a file of each shard, by row and bytes of the prepared text. Only
this module changes the texts, and `remains` judges what is left of them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.kernels.columns import buffers_of, texts_of
from aurora.corpus.kernels.compiled import compiled, entry_point
from aurora.corpus.work import WorkFiles
from aurora.recipe.corpus import Curation

# Row in the shard, first byte in its text, byte after the last; sorted, without overlaps.
CUTS = pa.schema([("row", pa.int64()), ("start", pa.int64()), ("end", pa.int64())])
_Ints = npt.NDArray[np.int64]
BOILERPLATE, REPEATED = KINDS_OF_CUTS = ("boilerplate lines", "repeated passages")


def cut_files(curation: Curation, files: WorkFiles) -> dict[str, Path]:
    """By kind, the files of the cuts that the recipe asks for."""
    asked = {
        BOILERPLATE: (curation.boilerplate_lines, files.cuts),
        REPEATED: (curation.repeated_passages, files.repeats),
    }
    return {kind: path for kind, (wanted, path) in asked.items() if wanted == "drop"}


class Cuts:
    """The cuts of a shard, from one file for each kind; spans of two kinds that overlap are cut once."""

    def __init__(self, files: Mapping[str, Path], chosen: npt.NDArray[np.bool_] | None = None) -> None:
        """`chosen` bool [rows of the shard] limits the cuts to some documents."""
        tables = {kind: pq.read_table(path).select(CUTS.names) for kind, path in files.items()}
        if chosen is not None:
            tables = {kind: table.filter(pa.array(chosen[table["row"].to_numpy()])) for kind, table in tables.items()}
        self._of_kind = {kind: table["row"].to_numpy() for kind, table in tables.items()}
        self._rows, self._starts, self._ends = _merged(pa.concat_tables([CUTS.empty_table(), *tables.values()]))

    def rows(self, first: int, number: int) -> _Ints:
        """Which of the `number` rows from `first` on are cut, sorted."""
        lowest, highest = np.searchsorted(self._rows, [first, first + number])
        return np.unique(self._rows[lowest:highest])

    def apply(self, texts: pa.LargeStringArray, first: int) -> tuple[pa.LargeStringArray, dict[str, _Ints]]:
        """The `texts` of the rows from `first` on without their cuts, and by kind the number of cuts in each.

        Without a cut, `texts` itself is returned.
        """
        lowest, highest = np.searchsorted(self._rows, [first, first + len(texts)])
        if lowest < highest:
            mine = slice(int(lowest), int(highest))
            offsets, data = buffers_of(texts)
            out = np.empty(int(offsets[-1] - offsets[0]), np.uint8)
            out_offsets = np.zeros(len(offsets), np.int64)
            rows = self._rows[mine] - first
            size = _cut(offsets, data, rows, self._starts[mine], self._ends[mine], out_offsets, out)
            texts = texts_of(out_offsets, out[:size])
        return texts, {kind: self._counts(kind, first, len(texts)) for kind in self._of_kind}

    def _counts(self, kind: str, first: int, number: int) -> _Ints:
        rows = self._of_kind[kind]
        lowest, highest = np.searchsorted(rows, [first, first + number])
        return np.bincount(rows[lowest:highest] - first, minlength=number)


def _merged(table: pa.Table) -> tuple[_Ints, _Ints, _Ints]:
    """Rows, starts and ends of spans, sorted; those that overlap are joined."""
    table = table.sort_by([("row", "ascending"), ("start", "ascending")])
    rows, starts, ends = (table[name].to_numpy() for name in CUTS.names)
    if not len(rows):
        return rows, starts, ends
    # Adding a large offset for each row makes ends rise from row to row, so one running maximum serves all rows.
    longest = int(ends.max()) + 1
    reach = np.maximum.accumulate(rows * longest + ends) - rows * longest
    begins = np.concatenate([[True], (rows[1:] != rows[:-1]) | (starts[1:] > reach[:-1])])
    last = np.concatenate([np.flatnonzero(begins)[1:] - 1, [len(rows) - 1]])
    return rows[begins], starts[begins], reach[last]


@entry_point
def _cut(offsets, data, rows, starts, ends, out_offsets, out):  # type: ignore[no-untyped-def]
    """Write the texts without their cuts; returns their size."""
    size = cut = 0
    for row in range(len(offsets) - 1):
        begin, end = offsets[row], offsets[row + 1]
        at = begin
        while cut < len(rows) and rows[cut] == row:
            size = _copied(data, at, begin + starts[cut], out, size)
            at = begin + ends[cut]
            cut += 1
        size = _copied(data, at, end, out, size)
        out_offsets[row + 1] = size
    return size


@compiled
def _copied(data, start, end, out, size):  # type: ignore[no-untyped-def]
    out[size : size + end - start] = data[start:end]
    return size + end - start
