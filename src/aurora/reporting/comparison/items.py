"""Items as every checkpoint answered them, and a bounded choice of them for the page.

One decision: an item is right where the mean of its scores over the wordings of a form is at least a half, as the form
is the unit of every verdict. Items that flipped come first, then every task its share; the rest is in the results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST_ITEMS = 2000  # a page of some megabytes, which a phone still opens
RIGHT, WRONG, UNKNOWN = "1", "0", "-"
HALF = 0.5

Results = Mapping[str, Any]


@dataclass(frozen=True)
class Item:
    """An item in one form of a task: what was asked, and by wording what each checkpoint answered, if it did."""

    task: str
    form: str
    id: str
    language: str
    prompt: str | None
    choices: Sequence[str]
    target: Any
    answers: Mapping[str, Sequence[Mapping[str, Any] | None]]
    states: str  # a letter for each checkpoint: `RIGHT`, `WRONG` or `UNKNOWN`

    @property
    def flipped(self) -> bool:
        """Whether a later checkpoint is right where the first is wrong, or the other way round."""
        return self.states[0] != UNKNOWN and bool(set(self.states[1:]) - {self.states[0], UNKNOWN})


def items_of(results: Sequence[Results]) -> list[Item]:
    """Every item of every task and form that any of the results has, in their order."""
    found: dict[tuple[str, str], dict[str, dict[str, list[Mapping[str, Any] | None]]]] = {}
    tasks: dict[str, Results] = {}
    for number, one in enumerate(results):
        for name, task in one["tasks"].items():
            tasks.setdefault(name, task)
            for form, asked in task["forms"].items():
                unit = found.setdefault((name, form), {})
                for wording, answered in asked["wordings"].items():
                    for item in answered["items"]:
                        by_wording = unit.setdefault(item["id"], {})
                        by_wording.setdefault(wording, [None] * len(results))[number] = item
    return [
        _item(task, form, identity, tasks[task], answers, len(results))
        for (task, form), unit in found.items()
        for identity, answers in unit.items()
    ]


def chosen(items: Sequence[Item], most: int = MOST_ITEMS) -> list[Item]:
    """At most `most` items: those that flipped, then the others, in both of each task and form the first ones."""
    seen: dict[tuple[str, str, bool], int] = {}
    ranked = []
    for place, item in enumerate(items):
        key = (item.task, item.form, item.flipped)
        seen[key] = seen.get(key, 0) + 1
        ranked.append((not item.flipped, seen[key], place))
    places = [(stays, place) for stays, _, place in sorted(ranked)[:most]]
    return [items[place] for _, place in sorted(places)]


def became(items: Sequence[Item], number: int) -> dict[str, int]:
    """How many items have each pair of states in the first checkpoint and in the one of this number."""
    counts = {before + after: 0 for before in (RIGHT, WRONG) for after in (RIGHT, WRONG)}
    for item in items:
        pair = item.states[0] + item.states[number]
        if pair in counts:
            counts[pair] += 1
    return counts


def _item(
    task: str,
    form: str,
    identity: str,
    described: Results,
    answers: Mapping[str, Sequence[Mapping[str, Any] | None]],
    models: int,
) -> Item:
    text = described.get("texts", {}).get(identity, {})
    given = next(item for by_model in answers.values() for item in by_model if item is not None)
    states = "".join(_state([by_model[number] for by_model in answers.values()]) for number in range(models))
    language = described.get("language") or "und"
    return Item(
        task,
        form,
        identity,
        "code" if language.startswith("code") else language,
        None if text.get("prompt") is None else str(text["prompt"]),
        [str(choice) for choice in text.get("choices", ())],
        given.get("target"),
        answers,
        states,
    )


def _state(answers: Sequence[Mapping[str, Any] | None]) -> str:
    scores = [answer["score"] for answer in answers if answer is not None and "score" in answer]
    if not scores:
        return UNKNOWN
    return RIGHT if sum(scores) / len(scores) >= HALF else WRONG
