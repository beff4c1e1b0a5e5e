"""The second phase of the plan: from the columns of all shards, what becomes of each document.

One decision: this reads columns only, in canonical order (sources by name, shards by number, documents as read). Which
of several duplicates is kept follows from a stated order, and what is held out from a text's hash, so no number of
workers and no order they finish in changes a fate. About 70 bytes a document are held in memory, 140 while near
duplicates are looked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.plan import Plan, Shard
from aurora.corpus.repeats.duplicates import HASH, Hashes, Rows, Signed, exact, near, open_signatures
from aurora.corpus.rules.quality import JUDGED_BY, judge_batch
from aurora.corpus.work import CLEAN, DROPPED, HELD_OUT, WorkFiles, fingerprint
from aurora.errors import UserError
from aurora.files import atomic_file, sha256
from aurora.recipe.corpus import Curation

# From so many documents on, a language is measured on one at least.
MEASURED_FROM = 10
CUTS = "cuts"  # the step that loses what is no document any more
LOSSES = pa.schema([("step", pa.string()), ("rule", pa.string()), ("value", pa.string())])
FATES = pa.schema([("part", pa.int8()), *LOSSES])
_NONE = np.zeros(0, HASH)


def judge_shard(plan: Plan, shard: Shard) -> None:
    """Write the first loss of each document by its facts: its language's, or the first rule it breaks."""
    files = WorkFiles(plan.work, shard.name)
    curation = plan.corpus.curation
    columns = ["lang", "benchmark", "benchmark_item", *LOSSES.names, *JUDGED_BY]
    with atomic_file(files.judged) as stream, pq.ParquetWriter(stream, LOSSES, compression="zstd") as writer:
        for facts in pq.ParquetFile(files.facts).iter_batches(columns=columns):
            losses = {name: facts[name].to_pylist() for name in LOSSES.names}
            if curation.rules:
                rules, values = judge_batch(facts, facts["lang"].to_pylist(), curation.rules, curation.thresholds)
                for row in np.flatnonzero(rules != None).tolist():  # noqa: E711
                    if losses["rule"][row] is None:
                        found = ("quality", rules[row], said(values[row]))
                        losses["step"][row], losses["rule"][row], losses["value"][row] = found
            if curation.contamination and curation.contamination.remove:
                _lose_contaminated(facts, losses)
            writer.write_table(pa.table(losses, LOSSES))


def _lose_contaminated(facts: pa.RecordBatch, losses: dict[str, list[str | None]]) -> None:
    """Enter the loss of documents that hold a benchmark's item and have none yet."""
    for row in np.flatnonzero(facts["benchmark"].is_valid().to_numpy(zero_copy_only=False)).tolist():
        if losses["rule"][row] is None:
            losses["step"][row] = "contamination"
            losses["rule"][row], losses["value"][row] = (
                facts["benchmark"][row].as_py(),
                facts["benchmark_item"][row].as_py(),
            )


def said(value: float) -> str:
    """A value as it stands beside its rule: no fraction where it has none."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def decide(plan: Plan, cut: bool = False) -> dict[str, str]:
    """Write the fates of all shards; returns the fingerprint of each shard's. With `cut`, the documents that something
    is cut out of are lost where what is left is none (`remains`), or is the text of another.

    Raises `UserError` where a document that would be kept holds a sentence of the measuring domain.
    """
    found = [_read(plan, shard, cut) for shard in plan.shards]
    hashes = np.concatenate([columns.hashes for columns in found]) if found else _NONE
    lost = np.concatenate([columns.lost for columns in found]) if found else np.zeros(0, np.bool_)
    groups, rank = _order(plan, found)
    again, instead = _duplicates(plan, found, hashes, lost, groups, rank)
    kept = ~lost & ~again & (instead < 0)
    if cut:
        kept &= ~np.concatenate([columns.none_left for columns in found])
        hashes = np.concatenate([columns.left_hashes() for columns in found])
        if plan.corpus.curation.duplicates != "none":
            twice = exact(hashes, groups, rank, np.flatnonzero(kept))
            kept &= ~twice
            again |= twice
    first = 0
    for columns in found:
        columns.refuse_measured(kept[first : first + len(columns.lost)])
        first += len(columns.lost)
    held_out = _held_out(found, hashes, kept, plan.corpus.curation.held_out_share)
    ids = _ids(plan, found, instead)
    marks = {}
    first = 0
    for columns in found:
        mine = slice(first, first + len(columns.lost))
        marks[columns.shard.name] = _write(plan, columns, hashes[mine], again[mine], instead[mine], ids, held_out[mine])
        first = mine.stop
    return marks


@dataclass(frozen=True)
class _Columns:
    """What is known of a shard's documents: hash, bytes, language, whether it is lost already; measured sentences."""

    shard: Shard
    hashes: Hashes
    sizes: npt.NDArray[np.int64]
    langs: pa.DictionaryArray
    lost: npt.NDArray[np.bool_]
    measured: list[tuple[int, str, str]]
    remains: dict[int, tuple[bytes, str | None, str | None]]

    @property
    def none_left(self) -> npt.NDArray[np.bool_]:
        """Which documents are none any more when they are cut."""
        found = np.zeros(len(self.lost), np.bool_)
        found[[row for row, (_, rule, _) in self.remains.items() if rule is not None]] = True
        return found

    def left_hashes(self) -> Hashes:
        """The hashes of the texts as they are cut."""
        found = self.hashes.copy()
        for row, (left, _, _) in self.remains.items():
            found[row] = np.frombuffer(left, HASH)[0]
        return found

    def refuse_measured(self, kept: npt.NDArray[np.bool_]) -> None:
        """Raise where a document that would be kept holds a measured sentence."""
        for row, sentence, id in self.measured:
            if kept[row]:
                raise UserError(
                    f"The source {self.shard.source} holds a sentence of the measuring domain, which is never trained "
                    f"on: {sentence[:60]!r} in {id}; take it out of corpus.sources."
                )


def _read(plan: Plan, shard: Shard, cut: bool) -> _Columns:
    files = WorkFiles(plan.work, shard.name)
    facts = pq.read_table(files.facts, columns=["lang", "hash", "bytes", "measured"])
    lost = pq.read_table(files.judged, columns=["rule"])["rule"].is_valid().to_numpy()
    rows = np.flatnonzero(facts["measured"].is_valid().to_numpy()).tolist()
    sentences = [facts["measured"][row].as_py() for row in rows]
    measured = [
        (row, sentence, place) for row, sentence, place in zip(rows, sentences, _places(files, rows), strict=True)
    ]
    hashes = facts["hash"].combine_chunks()
    data = np.frombuffer(hashes.buffers()[1], HASH, len(hashes), hashes.offset * 16) if len(hashes) else _NONE
    langs = facts["lang"].combine_chunks().dictionary_encode()
    remains = {}
    if cut:
        table = pq.read_table(files.remains)
        columns = (table[name].to_pylist() for name in ("hash", "rule", "value"))
        remains = dict(zip(table["row"].to_pylist(), zip(*columns, strict=True), strict=True))
    return _Columns(shard, data, facts["bytes"].to_numpy(), langs, lost, measured, remains)


def _places(files: WorkFiles, rows: Sequence[int]) -> list[str]:
    """Where the documents of some rows come from."""
    if not rows:
        return []
    table = pq.read_table(files.texts, columns=["url", "id"]).take(rows)
    return [row["url"] or row["id"] for row in table.to_pylist()]


def _order(plan: Plan, found: Sequence[_Columns]) -> tuple[npt.NDArray[np.int32], Rows]:
    """The group that each document is looked at with, and its rank there."""
    if not found:
        return np.zeros(0, np.int32), np.zeros(0, np.int64)
    curation = plan.corpus.curation
    sources = {name: number for number, name in enumerate(sorted(plan.corpus.sources))}
    lengths = [len(columns.lost) for columns in found]
    source = np.repeat(np.array([sources[columns.shard.source] for columns in found], np.int32), lengths)
    groups = source if curation.duplicates_within == "source" else np.zeros_like(source)
    return groups, _ranked(found, source, curation)


def _duplicates(
    plan: Plan,
    found: Sequence[_Columns],
    hashes: Hashes,
    lost: npt.NDArray[np.bool_],
    groups: npt.NDArray[np.int32],
    rank: Rows,
) -> tuple[npt.NDArray[np.bool_], Rows]:
    """Whether each document repeats the text of one that stays; and, where it nearly does, that one, or -1."""
    again, instead = np.zeros(len(hashes), np.bool_), np.full(len(hashes), -1, np.int64)
    curation = plan.corpus.curation
    if curation.duplicates == "none" or not found:
        return again, instead
    again = exact(hashes, groups, rank, np.flatnonzero(~lost))
    if curation.duplicates == "near":
        signed = Signed([open_signatures(WorkFiles(plan.work, columns.shard.name).signatures) for columns in found])
        instead = near(signed, groups, rank, np.flatnonzero(~lost & ~again), curation.near_similarity)
    return again, instead


def _ranked(found: Sequence[_Columns], source: npt.NDArray[np.int32], curation: Curation) -> Rows:
    """The rank of each document by what makes it the better duplicate: its source, its length, its place."""
    preferred = {name: number for number, name in enumerate(curation.prefer_sources)}
    preference = [
        np.full(len(columns.lost), preferred.get(columns.shard.source, len(preferred)), np.int32) for columns in found
    ]
    keys = [np.concatenate(preference)]
    if curation.prefer == "longest":
        keys.insert(0, -np.concatenate([columns.sizes for columns in found]))
    rank = np.empty(len(source), np.int64)
    rank[np.lexsort(keys)] = np.arange(len(source))
    return rank


def _ids(plan: Plan, found: Sequence[_Columns], instead: Rows) -> dict[int, str]:
    """The ids of the documents that stay in the place of others."""
    wanted = np.unique(instead[instead >= 0])
    ids: dict[int, str] = {}
    first = 0
    for columns in found:
        mine = wanted[(wanted >= first) & (wanted < first + len(columns.lost))]
        if len(mine):
            table = pq.read_table(WorkFiles(plan.work, columns.shard.name).facts, columns=["id"])
            ids |= dict(zip(mine.tolist(), table["id"].take(mine - first).to_pylist(), strict=True))
        first += len(columns.lost)
    return ids


def _held_out(
    found: Sequence[_Columns], hashes: Hashes, kept: npt.NDArray[np.bool_], share: float
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


def _write(
    plan: Plan,
    columns: _Columns,
    hashes: Hashes,
    again: npt.NDArray[np.bool_],
    instead: Rows,
    ids: Mapping[int, str],
    held_out: npt.NDArray[np.bool_],
) -> str:
    """Write the fates of a shard; returns their fingerprint."""
    files = WorkFiles(plan.work, columns.shard.name)
    none_left = columns.none_left
    judged: dict[str, Any] = pq.read_table(files.judged).to_pydict()
    for row in np.flatnonzero(again).tolist():
        judged["step"][row], judged["rule"][row] = "duplicates", "exact"
        judged["value"][row] = f"{hashes['high'][row]:016x}{hashes['low'][row]:016x}"
    for row in np.flatnonzero(instead >= 0).tolist():
        judged["step"][row], judged["rule"][row], judged["value"][row] = "duplicates", "near", ids[int(instead[row])]
    for row in np.flatnonzero(none_left).tolist():
        judged["step"][row], (_, judged["rule"][row], judged["value"][row]) = CUTS, columns.remains[row]
    dropped = columns.lost | again | (instead >= 0) | none_left
    part = np.where(dropped, DROPPED, np.where(held_out, HELD_OUT, CLEAN)).astype(np.int8)
    with atomic_file(files.fates) as stream:
        pq.write_table(pa.table({"part": part, **judged}, FATES), stream, compression="zstd")
    return fingerprint(sha256(files.fates))
