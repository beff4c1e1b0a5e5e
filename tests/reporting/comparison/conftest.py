"""Results of made-up checkpoints, and the rows that compare them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from aurora.evaluation.comparing.compared import answers_of, compared

Scores = Mapping[str, Sequence[float | None]]  # by task, an item each


def _entry(task: str, scores: Sequence[float | None], language: str) -> dict[str, Any]:
    items = [
        {"id": f"{task}/{number}", "cluster": str(number), "prompt": "p", "metrics": {}, "target": 1}
        | ({} if score is None else {"score": score, "log_likelihoods": [-2.5, -1.25]})
        for number, score in enumerate(scores)
    ]
    wordings = {f"cloze-{number}": {"items": items, "not_scored": 0, "metrics": {}} for number in (1, 2, 3)}
    texts = {
        item["id"]: {"prompt": f"What is {item['id']}?", "choices": [" the first", " the second"]} for item in items
    }
    return {
        "kind": "choice", "language": language, "chance": 0.5, "shots": 0, "shots_wanted": 0, "texts": texts,
        "forms": {"cloze": {"measure": "acc", "wordings": wordings}},
    }  # fmt: skip


@pytest.fixture
def made() -> Callable[..., dict[str, Any]]:
    """Results of a checkpoint from its scores by task; the language is the end of a task's name."""

    def results(name: str, **tasks: Sequence[float | None]) -> dict[str, Any]:
        entries = {task: _entry(task, scores, task.rpartition("_")[2]) for task, scores in tasks.items()}
        return {"schema": "aurora results 1", "name": name, "tasks": entries}

    return results


@pytest.fixture
def three(made: Callable[..., dict[str, Any]]) -> list[dict[str, Any]]:
    """A base, a checkpoint that gained Finnish and forgot English, and one that stayed as it was."""
    good, bad, half = [1.0] * 36 + [0.0] * 4, [0.0] * 38 + [1.0] * 2, [1.0, 0.0] * 20
    return [
        made("base", old_en=good, new_fi=bad, same_ja=half),
        made("cat", old_en=bad, new_fi=good, same_ja=half),
        made("copy", old_en=good, new_fi=bad, same_ja=half),
    ]


@pytest.fixture
def rows() -> Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]:
    """The rows that compare results."""
    return lambda results: compared([answers_of(one["name"], one) for one in results])
