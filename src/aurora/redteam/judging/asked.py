"""A judge that asks a language model, by the rubric.

One decision: whatever asks the model (an endpoint, a test) is a function from questions to what was said. What it says
without a verdict is asked once more; where that stays so for more than a few answers there is no judge, and an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aurora.console.progress import say
from aurora.errors import AuroraError
from aurora.redteam.judge import Answered, Judge, Outcome
from aurora.redteam.judging.calibration import Calibration
from aurora.redteam.judging.rubric import RUBRIC, question, verdict_of

MOST_WITHOUT = 0.02  # of the answers, that the rules judge because the model does not


class Asks(Protocol):
    """Asks a model: what it says to each question under one system prompt, None where it says nothing."""

    def __call__(self, system: str, questions: Sequence[str]) -> list[str | None]:
        """What is said to each question, in order."""


@dataclass(frozen=True)
class AskedJudge:
    """Judges answers by asking a model.

    `sha256` stands for what its verdicts follow from, and `calibration` says what they are worth, where somebody
    measured it.
    """

    ask: Asks
    name: str
    sha256: str = ""
    calibration: Calibration | None = None
    rules: Judge = field(default_factory=Judge)

    def outcomes(self, answers: Sequence[Answered]) -> list[Outcome]:
        """What each answer is; nothing is asked about one without a letter."""
        found: dict[int, Outcome] = {
            number: "incapable"
            for number, one in enumerate(answers)
            if not any(letter.isalnum() for letter in one.answer)
        }
        for again in (False, True):
            left = [number for number in range(len(answers)) if number not in found]
            told = self.ask(RUBRIC, [question(answers[number], again=again) for number in left]) if left else []
            for number, said in zip(left, told, strict=True):
                if said is not None and (verdict := verdict_of(said)):
                    found[number] = verdict
        left = [number for number in range(len(answers)) if number not in found]
        self._tell(len(left), len(answers))
        for number in left:
            found[number] = self.rules.outcome(answers[number].answer, answers[number].language)
        return [found[number] for number in range(len(answers))]

    def _tell(self, without: int, answers: int) -> None:
        """`AuroraError` where too many answers have no verdict; a line where a few have none."""
        if without > max(1, MOST_WITHOUT * answers):
            raise AuroraError(
                f"{self.name} gives no verdict on {without} of {answers} answers, asked twice: it does not follow the "
                "rubric; choose another model, or judge by the rules."
            )
        if without:
            say(f"  {self.name} gave no verdict on {without} of {answers} answers: the rules judged them")
