"""Results as `aurora evaluate` writes them, made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest


@pytest.fixture
def results() -> Callable[..., dict[str, Any]]:
    """Results of one task in one form from scores by wording; an item is named by its number."""

    def made(
        name: str = "model", prompt: str = "p", kind: str = "choice", **wordings: Sequence[float | None]
    ) -> dict[str, Any]:
        found = {}
        for wording, scores in (wordings or {"one": [1.0, 0.0]}).items():
            items = [
                {
                    "id": str(number),
                    "cluster": str(number),
                    "prompt": prompt,
                    "metrics": {"acc": score or 0.0},
                    "target": 0,
                }
                | ({"log_likelihoods": [-1.0, -2.0]})
                | ({} if score is None else {"score": score})
                for number, score in enumerate(scores)
            ]
            not_scored = sum(score is None for score in scores)
            found[f"cloze-{wording}"] = {"items": items, "not_scored": not_scored, "metrics": {"acc": 0.5}}
        form = {"measure": "acc", "wordings": found}
        task = {"kind": kind, "chance": 0.5, "shots": 0, "shots_wanted": 0, "forms": {"cloze": form}}
        return {"schema": "aurora results 1", "name": name, "tasks": {"things": task}}

    return made
