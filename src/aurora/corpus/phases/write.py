"""The third phase of the plan: write a shard's texts to the parts that their fates name, and add up its ledger.

One decision: a shard is written from its own work files alone, so shards can be written anywhere and in any order, and
a shard whose fates and settings are unchanged is not written again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aurora.corpus.cleaning.normalise import normalise_batch
from aurora.corpus.ledger import EXAMPLES_PER_RULE, EXCERPT, Ledger
from aurora.corpus.phases.part_files import LOSS_COLUMNS, PartWriter
from aurora.corpus.phases.prepare import counted_columns
from aurora.corpus.plan import Plan, Shard
from aurora.corpus.repeats.cuts import KINDS_OF_CUTS, Cuts, cut_files
from aurora.corpus.work import DROPPED, PART_NAMES, WorkFiles
from aurora.files import atomic_file

_ENTRY = ("lang", "part", "step", "rule")


def write_shard(plan: Plan, shard: Shard, tick: Callable[[int], object]) -> dict[str, Any]:
    """Write a shard's parts and quarantined inputs; returns the state of its ledger. `tick` is called with bytes of
    text."""
    files = WorkFiles(plan.work, shard.name)
    ledger = Ledger()
    fates = pq.read_table(files.fates)
    cuts = Cuts(cut_files(plan.corpus.curation, files), fates["part"].to_numpy() != DROPPED)
    first = 0
    for part in PART_NAMES:
        (plan.folder / part / f"{shard.name}.parquet").unlink(missing_ok=True)
    with (
        pq.ParquetFile(files.texts) as texts,
        pq.ParquetFile(files.facts) as facts,
        PartWriter(plan.folder, shard.name) as writer,
    ):
        for group in range(texts.num_row_groups):
            table = texts.read_row_group(group)
            known = facts.read_row_group(group, columns=["lang", "bytes", "benchmark", *counted_columns()])
            mine = fates.slice(first, len(table))
            table, known = _without_cuts(plan, cuts, first, table, known)
            first += len(table)
            _write_parts(writer, table, mine)
            _enter(ledger, shard.source, known, mine)
            _show(ledger, table, mine)
            tick(pc.sum(known["bytes"]).as_py() or 0)
    _quarantine(plan, shard, ledger)
    return ledger.state()


def _without_cuts(plan: Plan, cuts: Cuts, first: int, table: pa.Table, known: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The documents after cutting, and their facts with the new bytes and the number of cuts of each kind."""
    texts, made = cuts.apply(table["text"].combine_chunks(), first)
    for kind in KINDS_OF_CUTS:
        known = known.append_column(kind, pa.array(made.get(kind, np.zeros(len(table), np.int64))))
    if not any(counts.any() for counts in made.values()):
        return table, known
    if plan.corpus.curation.normalise:  # what is left may begin or end with blank lines
        texts = normalise_batch(texts, known["lang"].to_pylist())
    known = known.set_column(known.schema.get_field_index("bytes"), "bytes", pc.binary_length(texts))
    return table.set_column(table.schema.get_field_index("text"), "text", texts), known


def _write_parts(writer: PartWriter, table: pa.Table, fates: pa.Table) -> None:
    part = fates["part"].to_numpy()
    for number in np.unique(part).tolist():
        chosen = pa.array(part == number)
        rows = table.filter(chosen)
        if number == DROPPED:
            losses = fates.filter(chosen)
            for name in LOSS_COLUMNS:
                rows = rows.append_column(name, losses[name])
        writer.write_table(PART_NAMES[number], rows)


def _enter(ledger: Ledger, source: str, known: pa.Table, fates: pa.Table) -> None:
    """Enter documents by language, part and loss."""
    table = known.append_column("part", fates["part"])
    table = table.append_column("step", fates["step"]).append_column("rule", fates["rule"])
    for row in table.group_by(list(_ENTRY)).aggregate([("bytes", "sum"), ("bytes", "count")]).to_pylist():
        documents, size = row["bytes_count"], row["bytes_sum"]
        if row["part"] == DROPPED:
            ledger.drop(source, row["lang"], row["step"], row["rule"], documents, size)
        else:
            ledger.keep(source, row["lang"], PART_NAMES[row["part"]], documents, size)
    counted = (*counted_columns(), *KINDS_OF_CUTS)
    for row in known.group_by("lang").aggregate([(name, "sum") for name in counted]).to_pylist():
        for name in counted:
            ledger.change(name, row["lang"], row[f"{name}_sum"] or 0)
    for row in known.group_by(["benchmark", "lang"]).aggregate([("lang", "count")]).to_pylist():
        if row["benchmark"] is not None:
            ledger.change(f"benchmark: {row['benchmark']}", row["lang"], row["lang_count"])


def _show(ledger: Ledger, table: pa.Table, fates: pa.Table) -> None:
    """Give the ledger the first documents of each loss and language as examples."""
    lost = np.flatnonzero(fates["part"].to_numpy() == DROPPED)
    if not len(lost):
        return
    losses = fates.take(lost).append_column("lang", table["lang"].take(lost))
    losses = losses.append_column("row", pa.array(lost))
    for loss in losses.group_by(["step", "rule", "lang"], use_threads=False).aggregate([("row", "list")]).to_pylist():
        for row in sorted(loss["row_list"])[:EXAMPLES_PER_RULE]:
            value = fates["value"][row].as_py()
            text = pc.utf8_slice_codeunits(table["text"][row], 0, EXCERPT).as_py()
            ledger.example(loss["step"], loss["rule"], loss["lang"], text, _value(loss["step"], value))


def _value(step: str, value: str) -> Any:
    """What a rule measured: a number for rules of quality, else text."""
    return json.loads(value) if step == "quality" else value


def _quarantine(plan: Plan, shard: Shard, ledger: Ledger) -> None:
    """Copy the quarantined inputs to the corpus and enter them in the ledger."""
    target = plan.folder / "quarantined" / f"{shard.name}.jsonl"
    source = WorkFiles(plan.work, shard.name).quarantined
    with source.open(encoding="utf-8") as lines, atomic_file(target, "w") as stream:
        for line in lines:
            ledger.quarantine(shard.source, json.loads(line)["lang"])
            stream.write(line)
