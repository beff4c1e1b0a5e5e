"""Examples of a question's own subject come before all others."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from aurora.evaluation.tasks.examples import Pools
from aurora.evaluation.tasks.files import read_task
from aurora.evaluation.tasks.flat import FEWEST_OF_A_SUBJECT, OF_A_SUBJECT, Items, completed, read_items
from aurora.evaluation.tasks.prepared import prepare
from task_model import ITEMS, Model


def test_a_question_shows_examples_of_its_subject_first_and_then_all_others_in_order() -> None:
    examples = [{"subject": subject, "n": n} for n, subject in enumerate(["law", "art", "law", ""])]
    pools = Pools(examples, "subject")
    assert [row["n"] for row in pools.of({"subject": "law"})] == [0, 2, 1, 3]
    assert [row["n"] for row in pools.of({"subject": "art"})] == [1, 0, 2, 3]
    assert [row["n"] for row in pools.of({"subject": "sport"})] == [0, 1, 2, 3]
    assert [pools.name_of({"subject": name}) for name in ("law", "sport", "")] == ["law", "", ""]


def test_the_last_items_of_each_subject_that_has_enough_are_examples(folder: Callable[..., Path]) -> None:
    path = folder("mmlu_en", "choice", 140) / "mmlu_en.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(rows):
        row["subject"] = "law" if number < FEWEST_OF_A_SUBJECT else "art" if number < 18 else "sport"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    items = read_items(read_task("mmlu_en"), path)
    of_law = [row["id"] for row in items.examples if row["subject"] == "law"]
    assert of_law == [f"mmlu_en/{number}" for number in range(FEWEST_OF_A_SUBJECT - OF_A_SUBJECT, FEWEST_OF_A_SUBJECT)]
    assert not [row for row in items.examples if row["subject"] == "art"]
    assert len(items.scored) + len(items.examples) == 140


def mmlu(shots: int | None, longest: int = 10**6) -> list[str]:
    """What is asked of a question of law and one of art, in the first wording."""
    task = read_task("mmlu_en")
    kinds = [("law", 9), ("art", 9), ("law", 1), ("art", 400), ("law", 1), ("art", 1)]
    rows = [
        completed({"id": n, "lang": "en", **ITEMS["choice"], "question": f"{subject} {n} " + "x" * size,
                   "subject": subject}, "choice")
        for n, (subject, size) in enumerate(kinds)
    ]  # fmt: skip
    items = Items(rows[:2], rows[2:], "here")
    asked = prepare(task, items, ["cloze-1"], Model(max_length=longest), limit=None, shots=shots, chat=False)  # type: ignore[arg-type]
    return [requests[0].args[0] for requests in asked[0].requests]


def test_each_question_is_asked_with_its_own_examples() -> None:
    law, art = mmlu(shots=2)
    assert [part.split()[0] for part in law.split("Question: ")[1:]] == ["law", "law", "law"]
    assert [part.split()[0] for part in art.split("Question: ")[1:]] == ["art", "art", "art"]


def test_as_many_examples_as_fit_the_questions_with_the_longest_ones_are_shown_to_all() -> None:
    assert [text.count("Question") for text in mmlu(shots=2, longest=300)] == [1, 1]
    assert [text.count("Question") for text in mmlu(shots=1, longest=300)] == [1, 1]
    assert [text.count("Question") for text in mmlu(shots=2, longest=700)] == [3, 3]
