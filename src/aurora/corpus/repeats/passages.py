"""The passages of texts, as hashes by which long stretches shared by several documents are found.

One decision: a passage is a sentence (to its full stop or the end of its line; a longer one is split where the hash of
a token says so). Where passages begin thus depends only on the text around them, and two documents that share a stretch
split it in the same places, whatever comes before it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.kernels.columns import buffers_of
from aurora.corpus.kernels.compiled import compiled, entry_point, inlined
from aurora.corpus.kernels.shingles import (
    PARTS,
    VANISHES,
    code_point,
    ends,
    kind_of,
    opened_by,
    tables,
    token_hash,
    with_character,
)
from aurora.corpus.plan import Plan, Shard
from aurora.corpus.work import WorkFiles
from aurora.files import atomic_file
from aurora.recipe.sources import ConversationsSource

# Raise it when the code splits the same text differently, so that passages are listed again.
LISTING = 2
PASSAGES = pa.schema(
    [
        ("row", pa.int64()),  # in the shard
        ("key", pa.uint64()),
        ("tokens", pa.int32()),
        ("start", pa.int64()),  # bytes in the text
        ("end", pa.int64()),  # where the next passage starts
    ]
)
# A token ends a passage if these bits of its hash are 0, which is one token in 128: text without full stops is split
# too.
_SELDOM = np.uint64(127)
# FNV's offset basis begins hashes; multiplying by 2^64 / the golden ratio spreads their bits (Fibonacci hashing).
_SEED = np.uint64(0xCBF29CE484222325)
_STEP = np.uint64(0x9E3779B97F4A7C15)
# Full stops that need no space after them: of Japanese and Chinese, the danda and double danda, full-width ! ? and .
_WIDE_ENDS = (0x3002, 0x0964, 0x0965, 0xFF01, 0xFF1F, 0xFF0E)


def list_shard(plan: Plan, shard: Shard) -> None:
    """Write the passages of each document of a shard, from its prepared texts."""
    files = WorkFiles(plan.work, shard.name)
    first = 0
    with (
        pq.ParquetFile(files.texts) as texts,
        atomic_file(files.passages) as stream,
        pq.ParquetWriter(stream, PASSAGES, compression="zstd") as writer,
    ):
        # What conversations repeat is cut nowhere: a turn would lose its sense.
        talk = isinstance(plan.corpus.sources[shard.source], ConversationsSource)
        for group in range(0 if talk else texts.num_row_groups):
            column = texts.read_row_group(group, columns=["text"])["text"].combine_chunks().cast(pa.large_string())
            writer.write_table(passages(column, first))
            first += len(column)


def passages(texts: pa.LargeStringArray, first_row: int = 0) -> pa.Table:
    """The passages of texts in order, PASSAGES, with rows from `first_row`."""
    offsets, data = buffers_of(texts)
    # At most every second byte begins a passage: a token is followed by a separator or is a character of several bytes.
    room = max(1, (int(offsets[-1] - offsets[0]) + 1) // 2 + len(texts))
    spans, keys = np.empty((room, 4), np.int64), np.empty(room, np.uint64)
    count = _list(offsets, data, *tables(), spans, keys)
    rows, tokens, starts, ends = (np.ascontiguousarray(column) for column in spans[:count].T)
    return pa.table([rows + first_row, keys[:count], tokens.astype(np.int32), starts, ends], PASSAGES)


@entry_point
def _list(offsets, data, kinds, folds, longer, spans, keys):  # type: ignore[no-untyped-def]
    """Write (document, tokens, first byte, byte after the last) and the key of each passage; returns how many.

    A passage ends where the next begins, so the space after a sentence belongs to it.
    """
    count = 0
    for document in range(len(offsets) - 1):
        begin, end = offsets[document], offsets[document + 1]
        mine = count
        key, letters, marks = _SEED, _SEED, np.uint64(0)
        tokens = 0
        open_kind = PARTS
        ended = False
        at = begin
        while at < end:
            start = at
            code, at = code_point(data, at, end)
            kind = kind_of(code, kinds)
            if kind == VANISHES:
                continue
            if ends(open_kind, kind):
                token = token_hash(letters, marks)
                key, ended = _with_token(key, token), ended or _is_seldom(token)
                open_kind = PARTS
            if kind == PARTS:
                ended = ended or (tokens > 0 and _ends(data, code, at, end))
                continue
            if open_kind == PARTS:
                if ended or tokens == 0:
                    if tokens:
                        spans[count - 1, 1], keys[count - 1] = tokens, key
                    spans[count, 0], spans[count, 2] = document, start - begin
                    count += 1
                    key, tokens, ended = _SEED, 0, False
                tokens += 1
                open_kind = opened_by(kind)
                letters, marks = _SEED, np.uint64(0)
            letters, marks = with_character(letters, marks, code, kind, kinds, folds, longer)
        if open_kind != PARTS:
            key = _with_token(key, token_hash(letters, marks))
        if tokens:
            spans[count - 1, 1], keys[count - 1] = tokens, key
        for passage in range(mine, count):
            spans[passage, 3] = spans[passage + 1, 2] if passage + 1 < count else end - begin
    return count


@inlined
def _with_token(key, token):  # type: ignore[no-untyped-def]
    mixed = (key ^ token) * _STEP
    return mixed ^ (mixed >> np.uint64(29))


@inlined
def _is_seldom(token):  # type: ignore[no-untyped-def]
    mixed = token * _STEP
    return (mixed >> np.uint64(40)) & _SELDOM == np.uint64(0)


@compiled
def _ends(data, code, after, end):  # type: ignore[no-untyped-def]
    """Whether a character ends a sentence: a line feed, a wide stop, or a narrow one before white space."""
    if code == 0x0A:
        return True
    for wide in _WIDE_ENDS:
        if code == wide:
            return True
    return (code == 0x2E or code == 0x21 or code == 0x3F) and (after >= end or data[after] <= 0x20)


def runs_of(repeated: npt.NDArray[np.bool_], table: pa.Table, fewest: int) -> pa.Table:
    """The spans of a shard to cut, `cuts.CUTS`: runs of repeated passages with at least `fewest` tokens.

    `repeated` bool [passages] marks those of `table` (PASSAGES) that an earlier text has.
    """
    rows, tokens = table["row"].to_numpy(), table["tokens"].to_numpy()
    starts, ends = table["start"].to_numpy(), table["end"].to_numpy()
    joined = repeated[1:] & repeated[:-1] & (rows[1:] == rows[:-1])
    heads = np.flatnonzero(repeated & ~np.concatenate([[False], joined])[: len(repeated)])
    tails = np.flatnonzero(repeated & ~np.concatenate([joined, [False]])[: len(repeated)])
    total = np.concatenate([[0], np.cumsum(tokens, dtype=np.int64)])
    long = total[tails + 1] - total[heads] >= fewest
    return pa.table({"row": rows[heads[long]], "start": starts[heads[long]], "end": ends[tails[long]]})
