"""Several models on the same tasks: what changed from the first to each other one, and how sure that is.

One decision: the unit of a verdict is a form of a task (cloze, choice, ...), and its wordings must agree. Only items
that both answered count, and only where both were asked the same. Where a budget decided how many were asked, intervals
and verdicts are those that hold whenever one stops (`stopped`), as no others do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from aurora.evaluation.comparing.results import estimated
from aurora.evaluation.comparing.stopped import Watched, changes_of, checked_budget
from aurora.evaluation.statistics.comparisons import Comparison, compare, holm, smallest_change, verdicts
from aurora.evaluation.statistics.wordings import standout

Unit = tuple[str, str]  # a task and a form


@dataclass(frozen=True)
class Entry:
    """The score of an item, the document it shares with others, and a hash of what was asked."""

    score: float
    cluster: str
    prompt: str = ""


@dataclass(frozen=True)
class Answers:
    """What one model scored: by task and form, wording and item."""

    name: str
    units: Mapping[Unit, Mapping[str, Mapping[str, Entry]]]
    chance: Mapping[str, float | None] = field(default_factory=dict)
    budget: float | None = None  # that decided how many items were asked
    offered: Mapping[str, int] = field(default_factory=dict)  # by task the items that could have been


def answers_of(name: str, results: Mapping[str, Any]) -> Answers:
    """The scores in results of `aurora evaluate`."""
    units: dict[Unit, dict[str, dict[str, Entry]]] = {}
    for task, found in results["tasks"].items():
        for form, asked in found["forms"].items():
            units[task, form] = {
                wording: {
                    item["id"]: Entry(item["score"], item["cluster"], item["prompt"])
                    for item in answered["items"]
                    if "score" in item
                }
                for wording, answered in asked["wordings"].items()
            }
    chance = {task: found["chance"] for task, found in results["tasks"].items()}
    budget = results.get("settings", {}).get("budget")
    if budget is None:
        return Answers(name, units, chance)
    offered = {task: int(found["offered"]) for task, found in results["tasks"].items()}
    return Answers(name, units, chance, checked_budget(budget), offered)


def compared(models: Sequence[Answers]) -> list[dict[str, Any]]:
    """A row for each model, task and form: its score, and what changed from the first model.

    p-values are corrected over all tasks, forms and models together (Holm).
    """
    first = models[0]
    units = list(dict.fromkeys(unit for model in models for unit in model.units))
    of_wordings: dict[tuple[Unit, str], list[Comparison]] = {}
    watched: dict[tuple[Unit, str], Watched] = {}
    rows = []
    for unit in units:
        for model in models:
            if unit not in model.units:
                continue
            row = _scored(model, unit)
            if model is not first and unit in first.units:
                pairs = _pairs(first.units[unit], model.units[unit])
                budgets = [one for one in (model.budget, first.budget) if one is not None]
                if pairs and budgets:
                    offered = (model if model.budget is not None else first).offered[unit[0]]
                    watched[unit, model.name] = Watched(unit[0], budgets[0], offered, _shared(pairs))
                    row["change"] = {"verdict": "cannot tell"}
                elif pairs:
                    by_wording = {name: compare(*_columns(both.values())) for name, both in pairs.items()}
                    of_wordings[unit, model.name] = list(by_wording.values())
                    row["change"] = _change(pairs, by_wording)
                else:
                    row["change"] = {"verdict": "not comparable"}
            rows.append(row)
    said = verdicts(of_wordings)
    corrected = holm({key: max(one.p_value for one in found) for key, found in of_wordings.items()})
    stopped = changes_of(watched)
    for row in rows:
        key = ((row["task"], row["form"]), row["model"])
        if key in stopped:
            row["change"] = stopped[key]
        if key in said:
            row["change"] |= {"verdict": said[key], "holm": corrected[key]}
    return rows


def _scored(model: Answers, unit: Unit) -> dict[str, Any]:
    """A form's mean over its wordings, the range of these, and the wording that stands out where one does."""
    wordings = {name: entries for name, entries in model.units[unit].items() if entries}
    row: dict[str, Any] = {"task": unit[0], "form": unit[1], "model": model.name, "chance": model.chance.get(unit[0])}
    if not wordings:
        return {**row, "score": None, "wordings": {}}
    shared = sorted(set.intersection(*(set(entries) for entries in wordings.values())))
    clusters = [next(iter(wordings.values()))[item].cluster for item in shared]
    scores = {name: [entries[item].score for item in shared] for name, entries in wordings.items()}
    if not shared:
        return {**row, "score": None, "wordings": {}}
    odd = standout(scores, clusters)
    # Answers to one item in several wordings are one piece of evidence.
    score = estimated([one for found in scores.values() for one in found], clusters * len(scores))
    return {
        **row,
        "score": {**score, "items": len(shared)},
        "wordings": {name: sum(found) / len(found) for name, found in scores.items()},
        "stands_out": asdict(odd) if odd else None,
    }


def _pairs(
    before: Mapping[str, Mapping[str, Entry]], after: Mapping[str, Mapping[str, Entry]]
) -> dict[str, dict[str, tuple[Entry, Entry]]]:
    """By wording and item the entries of what both answered; nothing where they were asked something else."""
    pairs = {}
    for wording, entries in before.items():
        theirs = after.get(wording, {})
        both = {item: (entry, theirs[item]) for item, entry in entries.items() if item in theirs}
        if not both or any(one.prompt != other.prompt for one, other in both.values()):
            return {}
        pairs[wording] = both
    return pairs


def _shared(pairs: Mapping[str, Mapping[str, tuple[Entry, Entry]]]) -> dict[str, list[list[float]]]:
    """By document the difference in each wording of every item that all wordings have."""
    found: dict[str, list[list[float]]] = {}
    for item in sorted(set.intersection(*(set(both) for both in pairs.values()))):
        columns = [both[item] for both in pairs.values()]
        found.setdefault(columns[0][0].cluster, []).append([after.score - before.score for before, after in columns])
    return found


def _columns(both: Iterable[tuple[Entry, Entry]]) -> tuple[list[float], list[float], list[str]]:
    found = list(both)
    return [one.score for one, _ in found], [other.score for _, other in found], [one.cluster for one, _ in found]


def _change(
    pairs: Mapping[str, Mapping[str, tuple[Entry, Entry]]], by_wording: Mapping[str, Comparison]
) -> dict[str, Any]:
    """The change of the mean over wordings, item by item: of the items that all wordings have."""
    shared = sorted(set.intersection(*(set(both) for both in pairs.values())))
    if not shared:
        return {"verdict": "not comparable"}
    columns = [_columns(both[item] for item in shared) for both in pairs.values()]
    before, after = (
        [sum(of_item) / len(columns) for of_item in zip(*(column[side] for column in columns), strict=True)]
        for side in (0, 1)
    )
    clusters = columns[0][2]
    found = compare(before, after, clusters)
    return {
        "difference": found.difference,
        "low": _number(found.low),
        "high": _number(found.high),
        "items": found.items,
        "smallest_change": _number(smallest_change(before, after, clusters)),
        "by_wording": {wording: one.difference for wording, one in by_wording.items()},
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None  # of few documents a bootstrap knows no bound
