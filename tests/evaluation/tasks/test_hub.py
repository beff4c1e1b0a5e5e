"""Rows as datasets on the hub hold them, made up here, become items of the flat schema."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.evaluation.tasks import hub
from aurora.evaluation.tasks.files import read_task, task_names

LABELLED = {
    "id": "x",
    "question": "Why?",
    "choices": {"text": ["a", "b"], "label": ["A", "B"]},
    "answerKey": "B",
}
OPTIONS = {"option_a": "a", "option_b": "b", "option_c": "c", "option_d": "d", "answer": "C"}
HELLASWAG = {
    "ind": 3, "activity_label": "Tea", "ctx_a": "She pours [step] water.", "ctx_b": "then she", "label": "1",
    "endings": ["sits [title] down.", "drinks."],
}  # fmt: skip
SQUAD = {"id": "s", "context": "Rome is old.", "question": "What is old?", "answers": {"text": ["Rome", "Rome"]}}
MKQA = {
    "example_id": 5,
    "queries": {"fi": "missä", "en": "where"},
    "answers": {"fi": [{"text": "Rooma", "aliases": ["Roma"]}], "en": [{"text": None, "aliases": []}]},
}
PROGRAM = {"task_id": "p", "prompt": "def f():", "test": "f()", "canonical_solution": " pass", "entry_point": "f"}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "labelled_choices": (LABELLED, {"question": "Why?", "choices": ["a", "b"], "answer": 1, "id": "x"}),
    "numbered_choices": ({"question": "Q", "choices": ["a", "b"], "answer": 1}, {"id": "0", "answer": 1}),
    "options": ({"sample_id": "o", "question": "Q", **OPTIONS}, {"choices": ["a", "b", "c", "d"], "answer": 2}),
    "okapi_mmlu": ({"id": "m", "instruction": "Q", **OPTIONS}, {"question": "Q", "answer": 2}),
    "okapi_arc": (
        {"id": "a", "instruction": "Q", **OPTIONS, "option_e": None},
        {"choices": ["a", "b", "c", "d"], "answer": 2},
    ),
    "hellaswag": (
        HELLASWAG,
        {"question": "Tea: She pours water. Then she", "choices": ["sits. down.", "drinks."], "answer": 1},
    ),
    "jcommonsenseqa": (
        {"q_id": 9, "question": "何", **{f"choice{number}": str(number) for number in range(5)}, "label": 4},
        {"choices": ["0", "1", "2", "3", "4"], "answer": 4},
    ),
    "xwinograd": (
        {"sentence": "Ann met Bo; _ smiled.", "option1": "Ann", "option2": "Bo", "answer": "2"},
        {"answer": 1, "behind": " smiled.", "contexts": ["Ann met Bo; Ann", "Ann met Bo; Bo"]},
    ),
    "squad_hi": (SQUAD, {"answers": ["Rome"], "context": "Rome is old.", "lang": "hi"}),
    "nq_open": ({"question": "who", "answer": ["me", "I"]}, {"answers": ["me", "I"]}),
    "triviaqa": (
        {"question_id": "t", "question": "who", "answer": {"value": "me", "aliases": ["I", "me"]}},
        {"answers": ["me", "I"]},
    ),
    "mkqa_fi": (MKQA, {"question": "missä", "answers": ["Rooma", "Roma"], "lang": "fi"}),
    "gsm8k": (
        {"question": "1+1?", "answer": "1+1=<<1+1=2>>2\n#### 2"},
        {"answers": ["2"], "solution": "1+1=2\n#### 2"},
    ),
    "mgsm": ({"question": "問題：何", "answer": "ステップ", "answer_number": 3}, {"question": "何", "answers": ["3"]}),
    "humaneval": (PROGRAM, {"prompt": "def f():", "lang": "code:python"}),
    "humanevalpack_go": ({**PROGRAM, "buggy_solution": " fail"}, {"buggy_solution": " fail", "lang": "code:go"}),
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_row_of_the_hub_becomes_an_item(name: str) -> None:
    row, expected = CASES[name]
    (item,) = getattr(hub, name)([row])
    assert {key: item[key] for key in expected} == expected


def test_the_true_answer_of_truthfulqa_comes_at_any_place_and_always_at_the_same() -> None:
    row = {"question": "Q", "mc1_targets": {"choices": ["true", "b", "c", "d"], "labels": [1, 0, 0, 0]}}
    items = hub.truthfulqa([row] * 40)
    assert {item["answer"] for item in items} == {0, 1, 2, 3}
    assert all(item["choices"][item["answer"]] == "true" for item in items)
    assert list(items) == list(hub.truthfulqa([row] * 40))


def test_what_has_no_answer_is_left_out() -> None:
    assert len(hub.squad_en([{**SQUAD, "answers": {"text": []}}, SQUAD])) == 1
    assert len(hub.mkqa_en([MKQA])) == 0


def test_every_task_on_the_hub_says_how_its_rows_are_read() -> None:
    for name in task_names():
        task = read_task(name)
        if "dataset_path" in task.keys:
            config = task.config(next(iter(task.metadata.wordings)))
            assert callable(config["process_docs"]), name
            assert config["test_split"], name
