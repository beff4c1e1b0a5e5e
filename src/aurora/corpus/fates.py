"""The second phase of the plan: from the columns of all shards, what becomes of each document.

One decision: this reads columns only, in canonical order (sources by name, shards by number, documents as read). The
first of equal texts that no rule drops is kept, and what is held out follows from a text's hash, so neither the number
of workers nor the order they finish in changes a fate. About 60 bytes a document are held in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.plan import Plan, Shard
from aurora.corpus.quality import JUDGED_BY, judge_batch
from aurora.corpus.work import WorkFiles, fingerprint
from aurora.errors import UserError
from aurora.files import atomic_file, sha256

CLEAN, HELD_OUT, DROPPED = range(3)
PART_NAMES = ("clean", "held_out", "dropped")
# From so many documents on, a language is measured on one at least.
MEASURED_FROM = 10
LOSSES = pa.schema([("step", pa.string()), ("rule", pa.string()), ("value", pa.string())])
FATES = pa.schema([("part", pa.int8()), *LOSSES])
_HASH = np.dtype([("high", ">u8"), ("low", ">u8")])
_NONE = np.zeros(0, _HASH)
_Hashes = npt.NDArray[np.void]


def judge_shard(plan: Plan, shard: Shard) -> None:
    """Write the first loss of each document by its facts: its language's, or the first rule it breaks."""
    files = WorkFiles(plan.work, shard.name)
    curation = plan.corpus.curation
    with atomic_file(files.judged) as stream, pq.ParquetWriter(stream, LOSSES, compression="zstd") as writer:
        for facts in pq.ParquetFile(files.facts).iter_batches(columns=["lang", *LOSSES.names, *JUDGED_BY]):
            losses = {name: facts[name].to_pylist() for name in LOSSES.names}
            if curation.rules:
                rules, values = judge_batch(facts, facts["lang"].to_pylist(), curation.rules, curation.thresholds)
                for row in np.flatnonzero(rules != None).tolist():  # noqa: E711
                    if losses["rule"][row] is None:
                        found = ("quality", rules[row], said(values[row]))
                        losses["step"][row], losses["rule"][row], losses["value"][row] = found
            writer.write_table(pa.table(losses, LOSSES))


def said(value: float) -> str:
    """A value as it stands beside its rule: no fraction where it has none."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def decide(plan: Plan) -> dict[str, str]:
    """Write the fates of all shards; returns the fingerprint of each shard's.

    Raises `UserError` where a document that would be kept holds a sentence of the measuring domain.
    """
    found = [_read(plan, shard) for shard in plan.shards]
    hashes = np.concatenate([columns.hashes for columns in found]) if found else _NONE
    lost = np.concatenate([columns.lost for columns in found]) if found else np.zeros(0, np.bool_)
    again = np.zeros(len(hashes), np.bool_)
    if plan.corpus.curation.duplicates != "none":
        again = _repeated(hashes, lost)
    kept = ~lost & ~again
    first = 0
    for columns in found:
        columns.refuse_measured(kept[first : first + len(columns.lost)])
        first += len(columns.lost)
    held_out = _held_out(found, hashes, kept, plan.corpus.curation.held_out_share)
    marks = {}
    first = 0
    for columns in found:
        mine = slice(first, first + len(columns.lost))
        marks[columns.shard.name] = _write(plan, columns, again[mine], held_out[mine])
        first = mine.stop
    return marks


@dataclass(frozen=True)
class _Columns:
    """What is known of a shard's documents: hash, language and whether it is lost already; measured sentences."""

    shard: Shard
    hashes: _Hashes
    langs: pa.DictionaryArray
    lost: npt.NDArray[np.bool_]
    measured: list[tuple[int, str, str]]

    def refuse_measured(self, kept: npt.NDArray[np.bool_]) -> None:
        """Raise where a document that would be kept holds a measured sentence."""
        for row, sentence, id in self.measured:
            if kept[row]:
                raise UserError(
                    f"The source {self.shard.source} holds a sentence of the measuring domain, which is never trained "
                    f"on: {sentence[:60]!r} in {id}; take it out of corpus.sources."
                )


def _read(plan: Plan, shard: Shard) -> _Columns:
    files = WorkFiles(plan.work, shard.name)
    facts = pq.read_table(files.facts, columns=["lang", "hash", "measured"])
    lost = pq.read_table(files.judged, columns=["rule"])["rule"].is_valid().to_numpy()
    rows = np.flatnonzero(facts["measured"].is_valid().to_numpy()).tolist()
    sentences = [facts["measured"][row].as_py() for row in rows]
    measured = [
        (row, sentence, place) for row, sentence, place in zip(rows, sentences, _places(files, rows), strict=True)
    ]
    hashes = facts["hash"].combine_chunks()
    data = np.frombuffer(hashes.buffers()[1], _HASH, len(hashes), hashes.offset * 16) if len(hashes) else _NONE
    langs = facts["lang"].combine_chunks().dictionary_encode()
    return _Columns(shard, data, langs, lost, measured)


def _places(files: WorkFiles, rows: Sequence[int]) -> list[str]:
    """Where the documents of some rows come from."""
    if not rows:
        return []
    table = pq.read_table(files.texts, columns=["url", "id"]).take(rows)
    return [row["url"] or row["id"] for row in table.to_pylist()]


def _repeated(hashes: _Hashes, lost: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Whether each document that no rule drops repeats the text of an earlier one."""
    again = np.zeros(len(hashes), np.bool_)
    rows = np.flatnonzero(~lost)
    high, low = hashes["high"][rows].astype(np.uint64), hashes["low"][rows].astype(np.uint64)
    order = np.lexsort((low, high))  # stable: the first of equal ones comes first
    same = (high[order][1:] == high[order][:-1]) & (low[order][1:] == low[order][:-1])
    again[rows[order[1:][same]]] = True
    return again


def _held_out(
    found: Sequence[_Columns], hashes: _Hashes, kept: npt.NDArray[np.bool_], share: float
) -> npt.NDArray[np.bool_]:
    """Which documents to hold out: those whose hash lies below the share, and of a language of at least MEASURED_FROM
    documents that would go without, the texts of the lowest hash."""
    below = int(share * (1 << 128))
    limit = (np.uint64(below >> 64), np.uint64(below & (1 << 64) - 1))
    high, low = hashes["high"], hashes["low"]
    chosen: npt.NDArray[np.bool_] = kept & ((high < limit[0]) | ((high == limit[0]) & (low < limit[1])))
    names = sorted({lang for columns in found for lang in columns.langs.dictionary.to_pylist()})
    numbers = {lang: number for number, lang in enumerate(names)}
    codes = [
        np.array([numbers[lang] for lang in columns.langs.dictionary.to_pylist()], np.int32)[
            columns.langs.indices.to_numpy()
        ]
        for columns in found
        if len(columns.langs)
    ]
    languages = np.concatenate(codes) if codes else np.zeros(0, np.int32)
    for number in range(len(names)):
        mine = np.flatnonzero(kept & (languages == number))
        if len(mine) >= MEASURED_FROM and not chosen[mine].any():
            lowest = mine[np.lexsort((low[mine], high[mine]))[0]]
            chosen |= kept & (high == high[lowest]) & (low == low[lowest])
    return chosen


def _write(plan: Plan, columns: _Columns, again: npt.NDArray[np.bool_], held_out: npt.NDArray[np.bool_]) -> str:
    """Write the fates of a shard; returns their fingerprint."""
    files = WorkFiles(plan.work, columns.shard.name)
    judged: dict[str, Any] = pq.read_table(files.judged).to_pydict()
    for row in np.flatnonzero(again).tolist():
        judged["step"][row], judged["rule"][row] = "duplicates", "exact"
        judged["value"][row] = columns.hashes[row].tobytes().hex()
    part = np.where(columns.lost | again, DROPPED, np.where(held_out, HELD_OUT, CLEAN)).astype(np.int8)
    with atomic_file(files.fates) as stream:
        pq.write_table(pa.table({"part": part, **judged}, FATES), stream, compression="zstd")
    return fingerprint(sha256(files.fates))
