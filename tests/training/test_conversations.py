"""A stage of text and conversations on one and many ranks: shares of what is learnt, and going on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aurora.training.records.metrics import read_metrics
from training.small_stage import CHATS, Lab, assert_same
from training.test_ranks import Layout, finished, run

pytestmark = [pytest.mark.distributed, pytest.mark.timeout(900)]

STEPS = 60
TEXT = "web/en"
PACKED = {"packing": "best-fit", "document_masks": True, "position_resets": True}


def stage_of(**settings: Any) -> dict[str, Any]:
    return {"mixture": {TEXT: 80, CHATS: 20}, "warn_epochs": 100.0, **settings}


def learnt(lab: Lab, name: str) -> dict[int, dict[str, int]]:
    """Tokens of each source that every step learns, as the ranks counted them in what they were given."""
    shares: dict[int, dict[int, dict[str, int]]] = {}
    for path in lab.folder.glob(f"{name}.*.learnt.jsonl"):
        for step, rank, counts in map(json.loads, path.read_text().splitlines()):
            assert shares.setdefault(step, {}).setdefault(rank, counts) == counts
    return {
        step: {source: sum(part.get(source, 0) for part in parts.values()) for source in (TEXT, CHATS)}
        for step, parts in sorted(shares.items())
    }


@pytest.mark.parametrize(
    ("layout", "settings"),
    [((1, 1, 1), {}), ((1, 1, 1), PACKED), ((1, 1, 2), PACKED), ((1, 1, 4), PACKED)],
    ids=["one to a row", "packed", "packed on two", "packed on four"],
)
def test_a_fifth_for_conversations_is_a_fifth_of_what_the_metrics_count(
    lab: Lab, layout: Layout, settings: dict[str, Any]
) -> None:
    stage = stage_of(**settings)
    finished(lab, "shared", layout, STEPS, stage=stage)
    counted = learnt(lab, "shared")
    records = read_metrics(lab.folder / "shared/metrics.jsonl")
    assert [record["loss_tokens"] for record in records] == [sum(step.values()) for step in counted.values()]
    chats = sum(step[CHATS] for step in counted.values())
    assert chats / sum(record["loss_tokens"] for record in records) == pytest.approx(0.2, abs=0.01)


def test_an_interrupted_stage_of_conversations_goes_on_to_the_bit(lab: Lab) -> None:
    stage, layout = stage_of(**PACKED), (1, 1, 2)
    finished(lab, "whole", layout, 12, stage=stage)
    stopped = run(lab, "again", layout, 12, stage=stage, trouble={"stop": 5})
    assert "saved at step 6 of 12" in stopped.stderr, stopped.stderr[-2000:]
    finished(lab, "again", layout, 12, stage=stage)
    assert_same(lab.folder / "whole", lab.folder / "again")
    assert learnt(lab, "again") == learnt(lab, "whole")
