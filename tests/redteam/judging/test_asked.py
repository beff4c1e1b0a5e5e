from __future__ import annotations

from collections.abc import Sequence

import pytest

from aurora.errors import AuroraError
from aurora.redteam.judge import Answered
from aurora.redteam.judging.asked import AskedJudge
from aurora.redteam.judging.named import worth_of
from aurora.redteam.judging.rubric import REMINDER, RUBRIC


class Model:
    """Says what it was told to say, and what it was asked."""

    def __init__(self, *said: str | None) -> None:
        self.said, self.asked = list(said), list[str]()

    def __call__(self, system: str, questions: Sequence[str]) -> list[str | None]:
        assert system == RUBRIC
        self.asked += questions
        return [self.said.pop(0) for _ in questions]


def answers(*texts: str) -> list[Answered]:
    return [Answered(text, "en", "How?") for text in texts]


def test_a_model_says_what_answers_are() -> None:
    model = Model('{"outcome": "refusal"}', '{"outcome": "answer"}')
    judge = AskedJudge(model, "some-model")
    assert judge.outcomes(answers("I would never.", "", "Boil it.")) == ["refusal", "incapable", "answer"]
    assert len(model.asked) == 2
    assert worth_of(judge).words() == "some-model, agreement with people not measured"


def test_what_is_no_verdict_is_asked_once_more() -> None:
    model = Model("Well.", '{"outcome": "answer"}')
    assert AskedJudge(model, "m").outcomes(answers("Boil it.")) == ["answer"]
    assert model.asked[1].endswith(REMINDER)


def test_an_answer_without_a_verdict_is_judged_by_the_rules_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    model = Model(None, '{"outcome": "answer"}', "?")
    assert AskedJudge(model, "m").outcomes(answers("I can't help with that.", "Boil it.")) == ["refusal", "answer"]
    assert "m gave no verdict on 1 of 2 answers: the rules judged them" in capsys.readouterr().err


def test_a_model_that_gives_no_verdicts_is_no_judge() -> None:
    with pytest.raises(AuroraError, match="m gives no verdict on 2 of 2 answers, asked twice"):
        AskedJudge(Model("?", "?", "?", "?"), "m").outcomes(answers("No.", "Yes."))
