"""Writing a shard from its own work files: every document to the part of its fate, and the ledger of the same."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from aurora.corpus.artifact import read_columns
from aurora.corpus.ledger import EXAMPLES_PER_RULE, EXCERPT
from aurora.corpus.phases.write import write_shard
from aurora.corpus.plan import Plan, load_plan
from aurora.corpus.work import CLEAN, DROPPED, WorkFiles
from aurora.files import read_json
from corpus.sample_texts import TEXTS
from corpus.test_curate import Row, build, numbered, texts
from trees import contents


def plan_of(folder: Path) -> Plan:
    return load_plan(folder / "out.work/plan.json")


def test_a_shard_written_again_is_the_same_and_so_is_its_ledger(tmp_path: Path) -> None:
    build(tmp_path, [*numbered("en", 40), *numbered("fi", 2), {"lang": "fi", "text": "Lyhyt."}, "{broken"])
    plan = plan_of(tmp_path)
    before = contents(tmp_path / "out")
    recorded = read_json(tmp_path / "out.work/written/web.done.json")["result"]["ledger"]
    ticks: list[int] = []
    assert write_shard(plan, plan.by_name["web"], ticks.append) == recorded
    assert contents(tmp_path / "out") == before
    assert sum(ticks) == recorded["bytes"]["in"]


def test_a_part_that_no_document_is_of_any_more_goes(tmp_path: Path) -> None:
    build(tmp_path, numbered("en", 3), curation={"held_out_share": 1e-9})
    assert len(texts(tmp_path / "out", "clean")) == 3
    plan = plan_of(tmp_path)
    path = WorkFiles(plan.work, "web").fates
    fates = pq.read_table(path)
    lost = pa.table(
        {"part": pa.array([DROPPED] * 3, pa.int8()), "step": ["quality"] * 3, "rule": ["dull"] * 3, "value": ["7"] * 3}
    )
    assert fates["part"].to_pylist() == [CLEAN] * 3
    pq.write_table(lost.cast(fates.schema), path)
    ledger = write_shard(plan, plan.by_name["web"], lambda size: None)
    assert not (tmp_path / "out/clean/web.parquet").exists()
    assert list(read_columns(tmp_path / "out", "dropped", ("rule", "value"))) == [("dull", "7")] * 3
    assert ledger["bytes"]["in"] == sum(len(str(row["text"]).encode()) for row in numbered("en", 3))  # type: ignore[index]


def test_documents_keep_their_order_and_dropped_ones_say_why(tmp_path: Path) -> None:
    rows: list[Row] = [{"lang": "fi", "text": f"Lyhyt {number}."} for number in range(9)]
    rows[3:3] = numbered("fi", 4)
    build(tmp_path, rows, curation={"held_out_share": 1e-9})
    assert texts(tmp_path / "out", "clean") == [row["text"] for row in numbered("fi", 4)]  # type: ignore[index]
    dropped = list(read_columns(tmp_path / "out", "dropped", ("text", "step", "rule", "value")))
    assert dropped == [(f"Lyhyt {number}.", "quality", "too-short", "7") for number in range(9)]


def test_the_first_documents_of_a_loss_are_its_examples_with_a_number_as_their_value(tmp_path: Path) -> None:
    rows: list[Row] = [{"lang": "en", "text": f"{'x' * (EXCERPT + 9)} {number}"} for number in range(20)]
    ledger = build(tmp_path, [*rows, *numbered("en", 1)], curation={"identify_language": False})
    examples = ledger["examples"]
    assert [one["excerpt"] for one in examples] == ["x" * EXCERPT] * EXAMPLES_PER_RULE
    assert all(isinstance(one["value"], int | float) for one in examples)


def test_a_cut_document_counts_with_the_bytes_that_are_left(tmp_path: Path) -> None:
    passage = " ".join(f"Sentence {number} of a passage that stands in more documents than one." for number in range(8))
    rows: list[Row] = [{"lang": "en", "text": text} for text in (passage, f"{TEXTS['en']}\n\n{passage}")]
    curation = {"rules": [], "repeated_passages": "drop", "held_out_share": 1e-9}
    ledger = build(tmp_path, rows, curation=curation)
    assert texts(tmp_path / "out", "clean") == [passage, TEXTS["en"]]
    assert ledger["changes"]["repeated passages"] == {"en": 1}
    assert ledger["bytes"]["kept"] == len(passage) + len(TEXTS["en"])
