"""What an item asks, as a person reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from aurora.evaluation.tasks.files import read_task
from aurora.evaluation.tasks.flat import read_items
from aurora.evaluation.tasks.prepared import prepare
from aurora.evaluation.tasks.texts import texts_of
from task_model import Model


def texts(folder: Path, name: str, model: Model, shots: int = 0) -> dict[str, dict[str, Any]]:
    task = read_task(name)
    items = read_items(task, folder / f"{task.data_file}.jsonl")
    wordings = list(task.metadata.wordings)
    return texts_of(prepare(task, items, wordings, model, limit=2, shots=shots, chat=False)[0])  # type: ignore[arg-type]


def test_choices_stand_behind_a_prompt_without_its_examples(folder: Callable[..., Path], model: Model) -> None:
    found = texts(folder("openbookqa_en", "choice", 120), "openbookqa_en", model, shots=3)
    assert list(found) == ["openbookqa_en/0", "openbookqa_en/1"]
    assert found["openbookqa_en/1"] == {
        "prompt": "Question: 1: ‹question›\nAnswer:",
        "choices": [" ‹first›", " ‹second›", " ‹third›"],
    }


def test_of_a_gap_the_choices_are_where_the_texts_part(folder: Callable[..., Path], model: Model) -> None:
    found = texts(folder("xwinograd_en", "gap", 2), "xwinograd_en", model)
    assert found["xwinograd_en/0"] == {
        "prompt": "0: ‹before› ‹",
        "choices": ["first› ‹behind›", "second› ‹behind›"],
    }


def test_what_is_written_has_no_choices(folder: Callable[..., Path], model: Model) -> None:
    found = texts(folder("dangerousqa/en", "safety", 2), "dangerousqa_en", model)
    assert found["dangerousqa/en/0"] == {"prompt": "‹request›"}
