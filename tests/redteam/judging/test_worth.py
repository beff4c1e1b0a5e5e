from __future__ import annotations

import json

import pytest

from aurora.redteam.judging.worth import Worth, two_digits


def test_a_judge_that_nobody_measured_says_so() -> None:
    assert Worth("learned mine").words() == "learned mine, agreement with people not measured"
    assert Worth("rules 9", None, None, "things", 8).words() == "rules 9, kappa undefined on things, 8 answers"


def test_files_of_figures_hold_it() -> None:
    worth = Worth("rules 9", 0.834, (0.8, 0.86), "things", 2250, ["en"])
    assert worth.words() == "rules 9, kappa .83 on things, 2,250 answers"
    assert Worth(**json.loads(json.dumps(worth.table()))).words() == worth.words()


@pytest.mark.parametrize(
    ("value", "text"), [(0.834, ".83"), (1.0, "1.00"), (-0.25, "-.25"), (0.0, ".00"), (None, "undefined")]
)
def test_two_digits(value: float | None, text: str) -> None:
    assert two_digits(value) == text
