"""The second phase of the plan: what becomes of each document, decided from the columns of all shards.

One decision: only columns are read, in canonical order (sources by name, shards by number, documents as read). Which of
several duplicates is kept follows from a stated order, and what is held out from a text's hash, so neither the number
of workers nor the order in which they finish changes a fate. This holds about 70 bytes a document in memory, 140 while
looking for near duplicates.
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
from aurora.corpus.rules.judging import JUDGED_BY, judge_batch
from aurora.corpus.rules.rule_sets import sets_for
from aurora.corpus.work import CLEAN, DROPPED, HELD_OUT, WorkFiles, fingerprint
from aurora.errors import UserError
from aurora.files import atomic_file, sha256
from aurora.recipe.corpus import Curation
from aurora.recipe.sources import ConversationsSource

# A language with at least so many documents has at least one held out, so that it is measured at all.
MEASURED_FROM = 10
CUTS = "cuts"  # the step that drops documents which no longer pass the rules once they are cut
LOSSES = pa.schema([("step", pa.string()), ("rule", pa.string()), ("value", pa.string())])
FATES = pa.schema([("part", pa.int8()), *LOSSES])
_NONE = np.zeros(0, HASH)


def judge_shard(plan: Plan, shard: Shard) -> None:
    """Write the first loss of each document by its own facts: its language, or the first rule it breaks."""
    files = WorkFiles(plan.work, shard.name)
    curation = plan.corpus.curation
    sets = sets_for(curation.rules, isinstance(plan.corpus.sources[shard.source], ConversationsSource))
    columns = ["lang", "benchmark", "benchmark_item", *LOSSES.names, *JUDGED_BY]
    with atomic_file(files.judged) as stream, pq.ParquetWriter(stream, LOSSES, compression="zstd") as writer:
        for facts in pq.ParquetFile(files.facts).iter_batches(columns=columns):
            losses = {name: facts[name].to_pylist() for name in LOSSES.names}
            if sets:
                rules, values = judge_batch(facts, facts["lang"].to_pylist(), sets, curation.thresholds)
                for row in np.flatnonzero(rules != None).tolist():  # noqa: E711
                    if losses["rule"][row] is None:
                        losses["step"][row], losses["rule"][row] = "quality", rules[row]
                        losses["value"][row] = value_text(values[row])
            if curation.contamination and curation.contamination.remove:
                _lose_contaminated(facts, losses)
            writer.write_table(pa.table(losses, LOSSES))


def _lose_contaminated(facts: pa.RecordBatch, losses: dict[str, list[str | None]]) -> None:
    """Enter a loss for documents that contain a benchmark item and have no loss yet."""
    for row in np.flatnonzero(facts["benchmark"].is_valid().to_numpy(zero_copy_only=False)).tolist():
        if losses["rule"][row] is None:
            losses["step"][row] = "contamination"
            losses["rule"][row], losses["value"][row] = (
                facts["benchmark"][row].as_py(),
                facts["benchmark_item"][row].as_py(),
            )


def value_text(value: float) -> str:
    """The value that broke a rule, as text; whole numbers without a fraction."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def decide(plan: Plan, cut: bool = False) -> dict[str, str]:
    """Write the fates of all shards; returns the fingerprint of each shard's fates.

    With `cut`, a document that is cut is also lost if what is left fails the rules (`remains`) or equals another text.
    Raises `UserError` if a document that would be kept contains a sentence of the measuring domain.
    """
    shards = [_read(plan, shard, cut) for shard in plan.shards]
    hashes = np.concatenate([columns.hashes for columns in shards]) if shards else _NONE
    lost = np.concatenate([columns.lost for columns in shards]) if shards else np.zeros(0, np.bool_)
    groups, rank = _order(plan, shards)
    copies, better = _duplicates(plan, shards, hashes, lost, groups, rank)
    kept = ~lost & ~copies & (better < 0)
    if cut:
        kept &= ~np.concatenate([columns.none_left for columns in shards])
        hashes = np.concatenate([columns.left_hashes() for columns in shards])
        if plan.corpus.curation.duplicates != "none":  # cutting can make texts equal
            copies_by_cutting = exact(hashes, groups, rank, np.flatnonzero(kept))
            kept &= ~copies_by_cutting
            copies |= copies_by_cutting
    first = 0
    for columns in shards:
        columns.refuse_measured(kept[first : first + len(columns.lost)])
        first += len(columns.lost)
    held_out = _held_out(shards, hashes, kept, plan.corpus.curation.held_out_share)
    ids = _ids(plan, shards, better)
    fingerprints = {}
    first = 0
    for columns in shards:
        mine = slice(first, first + len(columns.lost))
        fingerprints[columns.shard.name] = _write(
            plan, columns, hashes[mine], copies[mine], better[mine], ids, held_out[mine]
        )
        first = mine.stop
    return fingerprints


@dataclass(frozen=True)
class _Columns:
    """The columns of a shard's documents: hash, bytes, language, whether already lost.

    `measured` lists (row, sentence, place) of documents that contain a sentence of the measuring domain; `remains` maps
    rows that are cut to (hash of what is left, rule it breaks, value).
    """

    shard: Shard
    hashes: Hashes
    sizes: npt.NDArray[np.int64]
    langs: pa.DictionaryArray
    lost: npt.NDArray[np.bool_]
    measured: list[tuple[int, str, str]]
    remains: dict[int, tuple[bytes, str | None, str | None]]

    @property
    def none_left(self) -> npt.NDArray[np.bool_]:
        """Which documents no longer pass the rules once they are cut."""
        failed = np.zeros(len(self.lost), np.bool_)
        failed[[row for row, (_, rule, _) in self.remains.items() if rule is not None]] = True
        return failed

    def left_hashes(self) -> Hashes:
        """The hashes of the texts after cutting."""
        hashes = self.hashes.copy()
        for row, (left, _, _) in self.remains.items():
            hashes[row] = np.frombuffer(left, HASH)[0]
        return hashes

    def refuse_measured(self, kept: npt.NDArray[np.bool_]) -> None:
        """`UserError` if a document that would be kept contains a measured sentence."""
        for row, sentence, place in self.measured:
            if kept[row]:
                raise UserError(
                    f"corpus.sources.{self.shard.source} contains a sentence of corpus.other_domain, which must not be "
                    f"trained on: {sentence[:60]!r} in {place}; remove that document, or the source."
                )


def _read(plan: Plan, shard: Shard, cut: bool) -> _Columns:
    files = WorkFiles(plan.work, shard.name)
    facts = pq.read_table(files.facts, columns=["lang", "hash", "bytes", "measured"])
    lost = pq.read_table(files.judged, columns=["rule"])["rule"].is_valid().to_numpy()
    rows = np.flatnonzero(facts["measured"].is_valid().to_numpy()).tolist()
    sentences = [facts["measured"][row].as_py() for row in rows]
    measured = list(zip(rows, sentences, _origins(files, rows), strict=True))
    hashes = facts["hash"].combine_chunks()
    data = np.frombuffer(hashes.buffers()[1], HASH, len(hashes), hashes.offset * 16) if len(hashes) else _NONE
    langs = facts["lang"].combine_chunks().dictionary_encode()
    remains = {}
    if cut:
        table = pq.read_table(files.remains)
        columns = (table[name].to_pylist() for name in ("hash", "rule", "value"))
        remains = dict(zip(table["row"].to_pylist(), zip(*columns, strict=True), strict=True))
    return _Columns(shard, data, facts["bytes"].to_numpy(), langs, lost, measured, remains)


def _origins(files: WorkFiles, rows: Sequence[int]) -> list[str]:
    """The URL (else the id) of the documents in some rows."""
    if not rows:
        return []
    table = pq.read_table(files.texts, columns=["url", "id"]).take(rows)
    return [row["url"] or row["id"] for row in table.to_pylist()]


def _order(plan: Plan, shards: Sequence[_Columns]) -> tuple[npt.NDArray[np.int32], Rows]:
    """The group within which each document is compared, and its rank there."""
    if not shards:
        return np.zeros(0, np.int32), np.zeros(0, np.int64)
    curation = plan.corpus.curation
    sources = {name: number for number, name in enumerate(sorted(plan.corpus.sources))}
    lengths = [len(columns.lost) for columns in shards]
    source = np.repeat(np.array([sources[columns.shard.source] for columns in shards], np.int32), lengths)
    groups = source if curation.duplicates_within == "source" else np.zeros_like(source)
    return groups, _ranked(shards, source, curation)


def _duplicates(
    plan: Plan,
    shards: Sequence[_Columns],
    hashes: Hashes,
    lost: npt.NDArray[np.bool_],
    groups: npt.NDArray[np.int32],
    rank: Rows,
) -> tuple[npt.NDArray[np.bool_], Rows]:
    """Whether each document is an exact copy of one that is kept; and the kept one that it nearly equals, or -1."""
    copies, better = np.zeros(len(hashes), np.bool_), np.full(len(hashes), -1, np.int64)
    curation = plan.corpus.curation
    if curation.duplicates == "none" or not shards:
        return copies, better
    copies = exact(hashes, groups, rank, np.flatnonzero(~lost))
    if curation.duplicates == "near":
        signed = Signed([open_signatures(WorkFiles(plan.work, columns.shard.name).signatures) for columns in shards])
        better = near(signed, groups, rank, np.flatnonzero(~lost & ~copies), curation.near_similarity)
    return copies, better


def _ranked(shards: Sequence[_Columns], source: npt.NDArray[np.int32], curation: Curation) -> Rows:
    """The rank of each document among duplicates: by preferred source, then length, then reading order."""
    preferred = {name: number for number, name in enumerate(curation.prefer_sources)}
    preference = [
        np.full(len(columns.lost), preferred.get(columns.shard.source, len(preferred)), np.int32) for columns in shards
    ]
    keys = [np.concatenate(preference)]
    if curation.prefer == "longest":  # lexsort's last key counts most, so the source decides before the length
        keys.insert(0, -np.concatenate([columns.sizes for columns in shards]))
    rank = np.empty(len(source), np.int64)
    rank[np.lexsort(keys)] = np.arange(len(source))
    return rank


def _ids(plan: Plan, shards: Sequence[_Columns], better: Rows) -> dict[int, str]:
    """The ids of the documents that are kept instead of near duplicates."""
    wanted = np.unique(better[better >= 0])
    ids: dict[int, str] = {}
    first = 0
    for columns in shards:
        mine = wanted[(wanted >= first) & (wanted < first + len(columns.lost))]
        if len(mine):
            table = pq.read_table(WorkFiles(plan.work, columns.shard.name).facts, columns=["id"])
            ids |= dict(zip(mine.tolist(), table["id"].take(mine - first).to_pylist(), strict=True))
        first += len(columns.lost)
    return ids


def _held_out(
    shards: Sequence[_Columns], hashes: Hashes, kept: npt.NDArray[np.bool_], share: float
) -> npt.NDArray[np.bool_]:
    """Which documents to hold out: those whose hash is below the share of the hash range.

    A language with at least MEASURED_FROM documents but none below it holds out the text with the lowest hash.
    """
    below = int(share * (1 << 128))  # hashes have 128 bits, kept as two columns of 64
    limit = (np.uint64(below >> 64), np.uint64(below & (1 << 64) - 1))
    high, low = hashes["high"], hashes["low"]
    chosen: npt.NDArray[np.bool_] = kept & ((high < limit[0]) | ((high == limit[0]) & (low < limit[1])))
    names = sorted({lang for columns in shards for lang in columns.langs.dictionary.to_pylist()})
    numbers = {lang: number for number, lang in enumerate(names)}
    codes = [
        np.array([numbers[lang] for lang in columns.langs.dictionary.to_pylist()], np.int32)[
            columns.langs.indices.to_numpy()
        ]
        for columns in shards
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
    copies: npt.NDArray[np.bool_],
    better: Rows,
    ids: Mapping[int, str],
    held_out: npt.NDArray[np.bool_],
) -> str:
    """Write the fates of a shard; returns their fingerprint."""
    files = WorkFiles(plan.work, columns.shard.name)
    none_left = columns.none_left
    judged: dict[str, Any] = pq.read_table(files.judged).to_pydict()
    for row in np.flatnonzero(copies).tolist():
        judged["step"][row], judged["rule"][row] = "duplicates", "exact"
        judged["value"][row] = f"{hashes['high'][row]:016x}{hashes['low'][row]:016x}"
    for row in np.flatnonzero(better >= 0).tolist():
        judged["step"][row], judged["rule"][row], judged["value"][row] = "duplicates", "near", ids[int(better[row])]
    for row in np.flatnonzero(none_left).tolist():
        judged["step"][row], (_, judged["rule"][row], judged["value"][row]) = CUTS, columns.remains[row]
    dropped = columns.lost | copies | (better >= 0) | none_left
    part = np.where(dropped, DROPPED, np.where(held_out, HELD_OUT, CLEAN)).astype(np.int8)
    with atomic_file(files.fates) as stream:
        pq.write_table(pa.table({"part": part, **judged}, FATES), stream, compression="zstd")
    return fingerprint(sha256(files.fates))
