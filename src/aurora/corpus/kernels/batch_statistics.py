"""All statistics of a batch of documents, straight from Arrow's buffers.

One decision: a batch is measured language by language, each with its own table of characters. No document becomes a
Python object, and the interpreter's lock is released meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from aurora.corpus.kernels import characters
from aurora.corpus.kernels.columns import buffers_of
from aurora.corpus.kernels.compiled import entry_point
from aurora.corpus.kernels.document_statistics import STATISTICS, measure_document
from aurora.corpus.kernels.ngrams import Runs, room
from aurora.corpus.kernels.outline import scan, scanned_room
from aurora.corpus.kernels.spans import Language, language_of
from aurora.languages import lookup
from aurora.languages.labels import CODE


def measure(texts: pa.LargeStringArray, langs: Sequence[str]) -> pa.RecordBatch:
    """The statistics of documents: a float64 column [documents] for each of STATISTICS, NaN where it does not apply."""
    table = np.empty((len(texts), len(STATISTICS)))
    if len(texts):
        offsets, data = buffers_of(texts)
        scanned = scanned_room(int(np.diff(offsets).max()))
        tags = np.asarray(langs, np.object_)
        for lang in dict.fromkeys(langs):
            _measure(offsets, data, np.flatnonzero(tags == lang), _language(lang), scanned, table)
    return pa.RecordBatch.from_arrays([pa.array(column) for column in table.T], list(STATISTICS))


def tokens(text: str, lang: str) -> list[str]:
    """The tokens of a text, as the statistics count them."""
    data = np.frombuffer(text.encode(), np.uint8)
    scanned = scanned_room(len(data))
    count = _scan(data, _flags(lang), scanned)
    return [bytes(data[start:end]).decode() for start, end in scanned.spans[:count]]


@lookup.cached
def _language(lang: str) -> Language:
    flags = _flags(lang)
    known = lookup.find(lang)
    words = (known.stop_words if known else "").encode()
    scanned = scanned_room(len(words))
    count = _scan(np.frombuffer(words, np.uint8), flags, scanned)
    return language_of(flags, scanned.hashes[:count].copy(), lookup.phrases(lang), lookup.is_spaced(lang), lang == CODE)


@lookup.cached
def _flags(lang: str) -> characters.Flags:
    known, ends = lookup.find(lang), lookup.sentences(lang)
    return characters.flags(tuple(known.script if known else ()), ends.ending, ends.closing)


@entry_point
def _scan(data, flags, scanned):  # type: ignore[no-untyped-def]
    return scan(data, flags, scanned).tokens


@entry_point
def _measure(offsets, data, rows, language, scanned, table):  # type: ignore[no-untyped-def]
    """Write the statistics of some documents to their rows of `table` [documents, statistics]."""
    nothing = np.empty(0, np.int32)
    runs = Runs(nothing, nothing, nothing, nothing, nothing, np.zeros(1 << 12, np.uint64))
    first = np.uint64(1)  # names rise from document to document, so the table is never cleared
    for row in rows:
        text = data[offsets[row] : offsets[row + 1]]
        counts = scan(text, language.flags, scanned)
        runs = room(runs, counts.tokens, max(counts.full_feeds + counts.full_feeds // 2 + 2, counts.full_lines))
        first = measure_document(text, language, counts, scanned, runs, first, table[row])
