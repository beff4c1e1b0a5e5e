"""What is left of documents that were cut, judged again as if it had been read that way.

One decision: a document that no longer passes the rules is no reason to cut its passages from others, so cutting and
judging alternate until nothing changes. In canonical order each document depends only on those before it, so each turn
settles more of them; if the turns run out, only documents on which the last two agree may cause cuts in others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aurora.corpus.cleaning.identify import Identifier, identify_batch
from aurora.corpus.cleaning.normalise import normalise_batch
from aurora.corpus.phases.decide import value_text
from aurora.corpus.phases.prepare import exact_hashes, identifiers_of
from aurora.corpus.plan import Plan, Shard
from aurora.corpus.repeats.cuts import Cuts, cut_files
from aurora.corpus.repeats.repeated import decide_repeats
from aurora.corpus.rules.judging import Measures, judge_batch
from aurora.corpus.rules.rule_sets import sets_for
from aurora.corpus.work import WorkFiles, is_kept
from aurora.files import atomic_file
from aurora.recipe.corpus import Curation

# Raise it when the code judges the same remains differently, so that they are judged again.
JUDGING = 1
# Each turn reads and cuts all shards. Only a chain of documents in which each repeats the one before needs many turns.
MOST_TURNS = 8
# Row in the shard, hash of what is left, the rule that it breaks and the value.
REMAINS = pa.schema([("row", pa.int64()), ("hash", pa.binary(16)), ("rule", pa.string()), ("value", pa.string())])
NOTHING_LEFT = "nothing-left"
Chosen = npt.NDArray[np.bool_]


def judge_remains(plan: Plan, shard: Shard) -> None:
    """Write for each document of a shard that is cut what is left of it and whether that passes the rules."""
    files = WorkFiles(plan.work, shard.name)
    curation = plan.corpus.curation
    cuts = Cuts(cut_files(curation, files))
    identifiers, measures = identifiers_of(plan), Measures(curation, plan.base)
    first = 0
    with (
        pq.ParquetFile(files.texts) as texts,
        pq.ParquetFile(files.facts) as facts,
        atomic_file(files.remains) as stream,
        pq.ParquetWriter(stream, REMAINS, compression="zstd") as writer,
    ):
        for group in range(texts.num_row_groups):
            number = texts.metadata.row_group(group).num_rows
            rows = cuts.rows(first, number)
            if len(rows):
                whole = texts.read_row_group(group, columns=["text"])["text"].combine_chunks()
                left = cuts.apply(whole, first)[0].take(pa.array(rows - first))
                langs = facts.read_row_group(group, columns=["lang"])["lang"].take(pa.array(rows - first)).to_pylist()
                if curation.normalise:  # what is left may begin or end with blank lines
                    left = normalise_batch(left, langs)
                losses = _losses(plan.corpus.curation, left, langs, identifiers, measures)
                columns = [pa.array(rows), exact_hashes(left), *(pa.array(column, pa.string()) for column in losses)]
                writer.write_table(pa.table(columns, REMAINS))
            first += number


def _losses(
    curation: Curation, left: pa.LargeStringArray, langs: list[str], identifiers: list[Identifier], measures: Measures
) -> tuple[list[str | None], list[str | None]]:
    """The first rule that each text breaks, and the value that breaks it; None and None if it passes."""
    blank = pc.equal(pc.utf8_trim_whitespace(left), "").to_pylist()
    losses: list[tuple[str, str] | None] = [(NOTHING_LEFT, "0") if empty else None for empty in blank]
    if curation.identify_language:
        of_language = identify_batch(left, langs, *identifiers).losses
        losses = [one or other for one, other in zip(losses, of_language, strict=True)]
    if sets := sets_for(curation.rules, conversations=False):  # these are never cut
        rules, values = judge_batch(measures.measure(left, langs), langs, sets, curation.thresholds)
        for row in np.flatnonzero(rules != None).tolist():  # noqa: E711
            losses[row] = losses[row] or (rules[row], value_text(values[row]))
    return [loss and loss[0] for loss in losses], [loss and loss[1] for loss in losses]


def settle(plan: Plan, judge: Callable[[Mapping[str, str]], object]) -> dict[str, str]:
    """Decide which passages are cut and which cut documents still pass; returns the last fingerprints of the passages.

    `judge` carries out `judge_remains` for all shards, given by shard the fingerprint of its repeated passages.
    """
    files = {shard.name: WorkFiles(plan.work, shard.name) for shard in plan.shards}
    kept = {name: is_kept(mine) for name, mine in files.items()}
    if plan.corpus.curation.repeated_passages == "keep":
        judge({})
        return {}
    standing = kept
    for turn in range(MOST_TURNS + 1):
        repeats = decide_repeats(plan, kept, standing)
        judge(repeats)
        left = {name: mask & ~_lost(files[name], len(mask)) for name, mask in kept.items()}
        if all(np.array_equal(left[name], standing[name]) for name in left):
            break
        # For the last turn, only documents that the last two turns agree on may cause cuts.
        standing = left if turn < MOST_TURNS - 1 else {name: left[name] & standing[name] for name in left}
    return repeats


def _lost(files: WorkFiles, number: int) -> Chosen:
    """Which documents of a shard no longer pass the rules once they are cut."""
    remains = pq.read_table(files.remains, columns=["row", "rule"])
    lost = np.zeros(number, np.bool_)
    lost[remains["row"].to_numpy()[remains["rule"].is_valid().to_numpy()]] = True
    return lost
