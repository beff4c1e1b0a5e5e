"""The model of rules, and files of made-up items."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from task_model import ITEMS, Model


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes items, each with a number in it, as the file of a task."""

    def written(task: str, kind: str, count: int, **more: Any) -> Path:
        rows = [{"id": f"{task}/{number}", **ITEMS[kind], **more} for number in range(count)]
        for number, row in enumerate(rows):
            if "question" in row:
                row["question"] = f"{number}: {row['question']}"
        path = tmp_path / f"{task}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return tmp_path

    return written
