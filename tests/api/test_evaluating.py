"""Checkpoints on benchmarks of choices: the same items for all, and what cannot be compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from api.byte_checkpoint import write_checkpoint
from aurora.api.evaluating import evaluate_tasks
from aurora.errors import UserError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two tasks, of two and of four choices."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name, choices in (("pair", ["one", "two"]), ("quartet", ["a", "bc", "d", "e f"])):
        rows = [
            {"id": f"{number}", "task": "multiple_choice", "question": f"No. {number}", "choices": choices, "answer": 1}
            for number in range(5)
        ]
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return folder


def test_all_answer_the_same_items_and_are_compared_with_the_first(data: Path, tmp_path: Path) -> None:
    first, second = (write_checkpoint(tmp_path / name, seed) for seed, name in enumerate(("first", "second")))
    found = evaluate_tasks([first, second], ["pair", "quartet"], data)
    assert list(found) == ["pair", "quartet"]
    assert [found[task]["chance"] for task in found] == [0.5, 0.25]
    for result in found.values():
        assert list(result["accuracy"]) == [str(first), str(second)]
        assert result["compared_with"] == str(first)
        assert list(result["compared"]) == [str(second)]
        assert {len(items) for items in result["items"].values()} == {5}
    alone = evaluate_tasks([second], ["quartet"], data, limit=3)
    assert alone["quartet"]["compared"] == {}
    whole = found["quartet"]["items"][str(second)][:3]
    for one, other in zip(alone["quartet"]["items"][str(second)], whole, strict=True):
        assert one["log_likelihoods"] == pytest.approx(other["log_likelihoods"], abs=1e-4)


def test_a_checkpoint_is_not_compared_with_itself(data: Path, tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model")
    with pytest.raises(UserError, match="is given twice: it would be compared with itself"):
        evaluate_tasks([folder, folder], ["pair"], data)


def test_what_is_not_there_is_named_before_any_model_is_loaded(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no task trio: there are pair, quartet"):
        evaluate_tasks([tmp_path / "nowhere"], ["pair", "trio"], data)
    with pytest.raises(UserError, match="is neither a run nor a checkpoint folder"):
        evaluate_tasks([tmp_path / "nowhere"], ["pair"], data)
