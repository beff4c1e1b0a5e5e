"""Checkpoints asked until it is decided whether a later one lost more than a budget against the first.

One decision: the first checkpoint and one later one are in memory together and are asked the same documents of a form
of a task, in all its wordings, in an order that only the documents' names decide; so what the first one answered
for one of the others serves them all. A verdict is recomputed from the items by whoever compares the results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from aurora.console.progress import say
from aurora.errors import UserError
from aurora.evaluation.comparing.asking import prepared_for, settings_of
from aurora.evaluation.comparing.results import identity, results_of
from aurora.evaluation.comparing.stopped import check_shares, mean_of
from aurora.evaluation.scorer.lm import AuroraLM
from aurora.evaluation.statistics.sequential import Watch, go_on, order_of
from aurora.evaluation.tasks.files import form_of
from aurora.evaluation.tasks.planned import Planned, Wanted
from aurora.evaluation.tasks.prepared import Asked
from aurora.evaluation.tasks.running import Scored, ask, cluster_of

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts
    from aurora.training.process.job import Job

AT_A_TIME = 32  # documents; a beginning that they share is computed again for each so many
Unit = tuple[str, str]  # a task and a form
Row = list[float] | None  # of a document the difference in each wording


class Model(NamedTuple):
    """A checkpoint in memory."""

    name: str
    path: Path
    network: Network
    text: TextFacts


@dataclass
class Respondent:
    """A model with what it can be asked, by task and wording, and what it answered so far, by item."""

    model: Model
    lm: AuroraLM
    asked: dict[tuple[str, str], Asked]
    unsafe_code: bool
    job: Job | None = None
    answers: dict[tuple[str, str], dict[int, Scored]] = field(default_factory=dict)

    def answer(self, wordings: Sequence[tuple[str, str]], numbers: Sequence[int]) -> None:
        """Answer the items of these `numbers` in some wordings, unless they are answered already."""
        missing = {key: [one for one in numbers if one not in self.answers.setdefault(key, {})] for key in wordings}
        parts = {key: _part(self.asked[key], wanted) for key, wanted in missing.items() if wanted}
        if not parts:
            return
        found = ask(self.lm, list(parts.values()), unsafe_code=self.unsafe_code, job=self.job)
        for key, scored in zip(parts, found, strict=True):
            self.answers[key].update(zip(missing[key], scored, strict=True))

    def results(self, planned: Sequence[Planned], settings: Mapping[str, Any]) -> dict[str, Any]:
        """Everything that was answered, item by item."""
        given = {key: sorted(by_item) for key, by_item in self.answers.items() if by_item}
        order = [key for key in self.asked if key in given]
        found = results_of(
            identity(self.model.path, self.model.network, self.model.text),
            [_part(self.asked[key], given[key]) for key in order],
            [[self.answers[key][number] for number in given[key]] for key in order],
            {part.task.name: part.items for part in planned},
            settings,
        )
        for name, task in found["tasks"].items():
            task["offered"] = len(next(one.rows for (named, _), one in self.asked.items() if named == name))
        return found


def decided(
    names: Sequence[str],
    load: Callable[[int], Model],
    planned: Sequence[Planned],
    wanted: Wanted,
    left_out: Mapping[str, str],
    job: Job | None = None,
) -> list[dict[str, Any]]:
    """The results of each of several checkpoints, which `load` brings into memory by their number."""
    budget = wanted.budget or 0.0
    units = [(part.task.name, form) for part in planned for form in dict.fromkeys(map(form_of, part.wordings))]
    together = list[Watch]()  # all of whose verdicts hold at once
    settings = {**settings_of(wanted, left_out), "budget": budget}
    first = _respondent(load(0), planned, wanted, job)

    def beside(number: int) -> dict[str, Any]:
        """The results of a later checkpoint, which is out of memory afterwards."""
        later = _respondent(load(number), planned, wanted, job)
        tasks = len(units) * (len(names) - 1)
        watches = {unit: Watch(budget, tasks) for unit in units if _comparable(unit, first, later)}
        if not watches:
            raise UserError(
                f"{later.model.name} and {first.model.name} are asked nothing alike, as their windows take other "
                "examples: give --shots 0, or leave out --budget."
            )
        together.extend(watches.values())
        with later.lm.unchanged():
            ask_both(first, later, watches, together)
        return later.results(planned, settings)

    with first.lm.unchanged():
        results = [beside(number) for number in range(1, len(names))]
    return [first.results(planned, settings), *results]


def documents_of(asked: Asked) -> dict[str, list[int]]:
    """The items of each document, by their number."""
    found: dict[str, list[int]] = {}
    for number, row in enumerate(asked.rows):
        found.setdefault(cluster_of(row), []).append(number)
    return found


def _respondent(model: Model, planned: Sequence[Planned], wanted: Wanted, job: Job | None) -> Respondent:
    lm = AuroraLM(model.network, model.text, start_always=True, cache=wanted.cache, job=job)
    asked = {(one.task.name, one.wording): one for one in prepared_for(lm, planned, wanted)}
    return Respondent(model, lm, asked, wanted.unsafe_code, job)


def ask_both(first: Respondent, later: Respondent, watches: Mapping[Unit, Watch], together: Sequence[Watch]) -> None:
    wordings = {unit: [key for key in later.asked if _unit(later.asked[key]) == unit] for unit in watches}
    documents = {unit: documents_of(later.asked[wordings[unit][0]]) for unit in watches}
    told = set[Unit]()

    def score(unit: Unit, places: list[int]) -> list[Row]:
        parts = list(documents[unit].values())
        numbers = [number for place in places for number in parts[place]]
        for one in (first, later):
            one.answer(wordings[unit], numbers)
        found = [_difference(first, later, wordings[unit], parts[place]) for place in places]
        tell()
        return found

    def tell() -> None:
        for unit, watch in watches.items():
            if unit not in told and (watch.decision != "cannot tell" or watch.asked == len(documents[unit])):
                told.add(unit)
                say(f"  {later.model.name}, {unit[0]} as {unit[1]}: {_said(watch, len(documents[unit]))}")

    orders = {unit: order_of(unit[0], list(documents[unit])) for unit in watches}
    go_on(watches, orders, score, together, AT_A_TIME)
    tell()


def _difference(first: Respondent, later: Respondent, wordings: Sequence[tuple[str, str]], numbers: list[int]) -> Row:
    """Of a document the mean change of its items in each wording; None where an item was not scored in one."""
    changes = []
    for key in wordings:
        pairs = [(first.answers[key][number].score, later.answers[key][number].score) for number in numbers]
        changes.append([None if None in pair else pair[1] - pair[0] for pair in pairs])  # type: ignore[operator]
    whole = [values for values in zip(*changes, strict=True) if None not in values]
    check_shares(wordings[0][0], whole)
    return mean_of(whole)


def _comparable(unit: Unit, first: Respondent, later: Respondent) -> bool:
    """Whether both are asked the same; else that is said."""
    same = all(
        first.asked[key].prompts == one.prompts and first.asked[key].shots == one.shots
        for key, one in later.asked.items()
        if _unit(one) == unit
    )
    if not same:
        say(f"  {later.model.name}, {unit[0]} as {unit[1]}: not comparable, as its window takes other examples")
    return same


def _said(watch: Watch, documents: int) -> str:
    verdict = SAID[watch.decision].format(f"{watch.budget:.3g}")
    low, high = watch.interval
    return f"{verdict} after {watch.asked} of {documents}, {watch.difference:+.3f} ({low:+.3f} to {high:+.3f})"


SAID = {"forgot": "lost more than {}", "kept": "kept", "cannot tell": "cannot tell"}


def _part(asked: Asked, numbers: Sequence[int]) -> Asked:
    """Some of the items."""
    return replace(
        asked,
        rows=[asked.rows[number] for number in numbers],
        requests=[asked.requests[number] for number in numbers],
        prompts=[asked.prompts[number] for number in numbers],
    )


def _unit(asked: Asked) -> Unit:
    return asked.task.name, form_of(asked.wording)
