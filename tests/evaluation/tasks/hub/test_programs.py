"""Rows of programs to be written, made up here, become items of the flat schema."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.evaluation.tasks import hub

PROGRAM = {"task_id": "p", "prompt": "def f():", "test": "f()", "canonical_solution": " pass", "entry_point": "f"}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "humaneval": (PROGRAM, {"prompt": "def f():", "lang": "code:python"}),
    "humanevalpack_go": ({**PROGRAM, "buggy_solution": " fail"}, {"buggy_solution": " fail", "lang": "code:go"}),
    "mbpp": (
        {
            "task_id": 11,
            "text": "Write a function that adds one.",
            "code": "import math\r\ndef up(x):\r\n  return x + 1",
            "test_list": ["assert up(1) == 2", "assert up(2) == 3"],
            "test_setup_code": "",
        },
        {
            "id": "11",
            "prompt": '"""\nWrite a function that adds one.\nassert up(1) == 2\n"""\n',
            "test": "assert up(1) == 2\nassert up(2) == 3",
            "canonical_solution": "import math\ndef up(x):\n  return x + 1",
            "entry_point": "",
        },
    ),
    "multiple_rust": (
        {"name": "made_0_up", "language": "rs", "prompt": "fn up() {\n", "tests": "}\n\nfn main() {\n}\n"},
        {"id": "made_0_up", "prompt": "fn up() {\n", "test": "}\n\nfn main() {\n}\n", "lang": "code:rust"},
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_row_of_the_hub_becomes_an_item(name: str) -> None:
    row, expected = CASES[name]
    (item,) = getattr(hub, name)([row])
    assert {key: item[key] for key in expected} == expected


def test_what_stands_before_tests_stands_before_them() -> None:
    row = {**CASES["mbpp"][0], "test_setup_code": "LIMIT = 3"}
    assert hub.mbpp([row])[0]["test"].startswith("LIMIT = 3\nassert up(1)")
