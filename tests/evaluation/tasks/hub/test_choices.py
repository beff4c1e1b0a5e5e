"""Rows of questions with choices, made up here, become items of the flat schema."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.evaluation.tasks import hub

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
    "jnli": (
        {"sentence_pair_id": "1", "sentence1": "猫がいる", "sentence2": "犬がいる", "label": "neutral"},
        {"question": "前提：猫がいる\n仮説：犬がいる", "choices": ["含意", "矛盾", "中立"], "answer": 2},
    ),
    "jcola": (
        {"sentence": "猫がいる", "label": 1},
        {"question": "猫がいる", "choices": ["不自然", "自然"], "answer": 1},
    ),
    "finbench": (
        {
            "inputs": "Kysymys: Mikä on suurin?\n  valinta: kissa\n  valinta: talo\nVastaus:",
            "targets": ["talo"],
            "multiple_choice_targets": ["kissa", "talo"],
        },
        {"question": "Mikä on suurin?", "choices": ["kissa", "talo"], "answer": 1, "lang": "fi"},
    ),
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


def test_what_leaves_no_choice_is_no_item() -> None:
    assert len(hub.finbench([{"inputs": "Miksi?", "targets": ["siksi"], "multiple_choice_targets": []}])) == 0


def test_a_question_keeps_what_is_not_a_label() -> None:
    row = {"inputs": "Hän sanoi: tule.\nMitä hän teki?", "targets": ["a"], "multiple_choice_targets": ["a", "b"]}
    assert hub.finbench([row])[0]["question"] == "Hän sanoi: tule.\nMitä hän teki?"


def test_labels_are_names_or_numbers() -> None:
    row = {"sentence_pair_id": "1", "sentence1": "あ", "sentence2": "い"}
    found = hub.jnli([{**row, "label": label} for label in (0, "contradiction", 2)])
    assert [item["answer"] for item in found] == [0, 1, 2]
    assert [item["answer"] for item in hub.jcola([{"sentence": "あ", "label": "unacceptable"}])] == [0]


def test_the_subject_of_a_question_is_kept() -> None:
    row = {"question": "Q", "choices": ["a", "b"], "answer": 1, "subject": "law"}
    assert hub.numbered_choices([row])[0]["subject"] == "law"
