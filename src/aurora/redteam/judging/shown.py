"""Judges and verdicts as lines for a terminal.

One decision: a figure of a judge never stands alone. Agreement is shown with its interval and the answers it counts,
and what answers are with what the judge is worth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from aurora.console.tables import table
from aurora.redteam.judge import OUTCOMES, AnyJudge
from aurora.redteam.judging.calibration import Calibration, Measured
from aurora.redteam.judging.labelled import LABELS
from aurora.redteam.judging.named import worth_of
from aurora.redteam.judging.worth import two_digits

AGREEMENT = ("by", "", "answers", "prompts", "kappa", "95 %", "agreed")
CONFUSION = ("by", "", "people say", *(outcome.replace("_", " ") for outcome in OUTCOMES))
COUNTS = ("language", "kind", "answers", *(outcome.replace("_", " ") for outcome in OUTCOMES))


def lines(worth: Calibration, by: Sequence[str]) -> list[str]:
    """Agreement of all and by `by`, then what people and the judge call the answers."""
    parts = [("all", "", worth.whole)]
    parts += [(name, value, found) for name in by if name in worth.by for value, found in worth.by[name].items()]
    shown = [f"{worth.judge} beside people on {worth.data}, full refusals:", ""]
    shown += table(AGREEMENT, [_agreement(*part) for part in parts], 2)
    shown += ["", *table(CONFUSION, [row for part in parts for row in _confusion(*part)], 3)]
    return [*shown, *(["", f"{worth.note}."] if worth.note else [])]


def counts(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """How many judged answers of each language and kind are what."""
    kinds = Counter((_said(row, "language", "lang"), _said(row, "kind"), row["outcome"]) for row in rows)
    groups = sorted({key[:2] for key in kinds})
    return [
        {"language": language, "kind": kind, "outcomes": {one: kinds[language, kind, one] for one in OUTCOMES}}
        for language, kind in groups
    ]


def outcome_lines(rows: Sequence[Mapping[str, Any]], known: AnyJudge) -> list[str]:
    """What judged answers are, in shares, and what their judge is worth."""
    shown = []
    for group in counts(rows):
        total = sum(group["outcomes"].values())
        shares = (f"{number / total:.3f}" for number in group["outcomes"].values())
        shown.append([group["language"], group["kind"], str(total), *shares])
    return [*table(COUNTS, shown, 2), "", f"Judge: {worth_of(known).words()}."]


def _agreement(name: str, value: str, found: Measured) -> list[str]:
    interval = "" if found.interval is None else " to ".join(map(two_digits, found.interval))
    cells = [name, value, f"{found.answers:,}", f"{found.prompts:,}", two_digits(found.kappa), interval]
    return [*cells, two_digits(found.agreed)]


def _confusion(name: str, value: str, found: Measured) -> list[list[str]]:
    return [
        [name, value, label, *(f"{found.confusion[label][outcome]:,}" for outcome in OUTCOMES)]
        for label in LABELS
        if sum(found.confusion[label].values())
    ]


def _said(row: Mapping[str, Any], *keys: str) -> str:
    return next((str(row[key]) for key in keys if row.get(key)), "")
