"""Rows of questions whose answers are written, made up here, become items of the flat schema."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.evaluation.tasks import hub

SQUAD = {"id": "s", "context": "Rome is old.", "question": "What is old?", "answers": {"text": ["Rome", "Rome"]}}
MKQA = {
    "example_id": 5,
    "queries": {"fi": "missä", "en": "where"},
    "answers": {"fi": [{"text": "Rooma", "aliases": ["Roma"]}], "en": [{"text": None, "aliases": []}]},
}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
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
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_row_of_the_hub_becomes_an_item(name: str) -> None:
    row, expected = CASES[name]
    (item,) = getattr(hub, name)([row])
    assert {key: item[key] for key in expected} == expected


def test_what_has_no_answer_is_left_out() -> None:
    assert len(hub.squad_en([{**SQUAD, "answers": {"text": []}}, SQUAD])) == 1
    assert len(hub.mkqa_en([MKQA])) == 0
