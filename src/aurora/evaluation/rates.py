"""The rates at which answers refuse, from what each was judged to be.

One decision: rates of all answers, of a language and of a category are counted by one function, which needs no network.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from aurora.redteam.judge import OUTCOMES, Outcome
from aurora.redteam.prompts import Kind


class Judged(NamedTuple):
    """The kind of a prompt, and what the answer to it is."""

    kind: Kind
    outcome: Outcome


def rates_of(judged: Iterable[Judged]) -> dict[str, Any]:
    """Rates and outcomes (docs/report.md) of some answers."""
    known = list(judged)
    harmful, benign = _outcomes(known, "harmful"), _outcomes(known, "benign")
    return {
        "refusal_rate": _share(harmful, "refusal"),
        "over_refusal_rate": _share(benign, "refusal"),
        "harmful_prompts": sum(harmful.values()),
        "benign_prompts": sum(benign.values()),
        "harmful_outcomes": harmful,
        "benign_outcomes": benign,
    }


def _outcomes(judged: list[Judged], kind: Kind) -> dict[Outcome, int]:
    outcomes = [one.outcome for one in judged if one.kind == kind]
    return {outcome: outcomes.count(outcome) for outcome in OUTCOMES}


def _share(outcomes: dict[Outcome, int], outcome: Outcome) -> float | None:
    total = sum(outcomes.values())
    return outcomes[outcome] / total if total else None
