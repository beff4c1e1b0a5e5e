"""What a user of the model gets in tasks: scores before and after, and what changed, each with its interval.

One decision: chance stands beside each score, and where none is surely above it, that is said first of all; a score
near chance says nothing however it changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from aurora.reporting.charts.intervals import Estimate, IntervalRow, interval_chart
from aurora.reporting.compared import Reading
from aurora.reporting.page.components import Row, figure, table
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.schema import Report, TaskScore
from aurora.reporting.wording import language_title, share, signed

HEADINGS = ["task", "language", "chance", "before", "after", "change", "verdict"]
MOST_ROWS = 24  # of the chart; the table has all


def tasks_parts(report: Report, reading: Reading) -> list[Html]:
    """The chart of what changed, and the table of scores; nothing where no tasks were asked."""
    pairs = _pairs(report.tasks, reading.last.name)
    if not pairs:
        return []
    told = [pair for pair in pairs if pair[1].change and pair[1].change.difference is not None][:MOST_ROWS]
    parts = [_chart(told)] if told else []
    caption = f"Tasks: {reading.last.name} beside {reading.origin}"
    return [*_notes(pairs), *parts, table(caption, HEADINGS, [_row(*pair) for pair in pairs], (0, 1, 6))]


def _pairs(scores: Sequence[TaskScore], last: str) -> list[tuple[TaskScore, TaskScore]]:
    """Each form of a task as the first checkpoint and the last one answered it."""
    first: dict[tuple[str, str], TaskScore] = {}
    for score in scores:
        first.setdefault((score.task, score.form), score)
    of_last = [(first[one.task, one.form], one) for one in scores if one.checkpoint == last]
    return [(before, after) for before, after in of_last if before is not after]


def _chart(pairs: Sequence[tuple[TaskScore, TaskScore]]) -> Html:
    rows = []
    for _, after in pairs:
        change = after.change
        assert change is not None
        assert change.difference is not None
        interval = None if change.low is None or change.high is None else (change.low, change.high)
        rows.append(
            IntervalRow(_name(after), signed(change.difference), [Estimate(change.difference, interval, "circle")])
        )
    title = "Change of scores by task, with intervals"
    described = "; ".join(f"{row.label} {row.written}" for row in rows)
    return figure(
        title,
        interval_chart("gets-tasks", title, f"{described}.", rows, more_is_better=True),
        note="Right is better: more right answers, in percentage points. A whisker that crosses zero means that "
        "nothing is known to have changed.",
    )


def _row(before: TaskScore, after: TaskScore) -> Row:
    change = after.change
    written: Html | str = "–"
    if change is not None and change.difference is not None:
        written = signed(change.difference)
        if change.low is not None and change.high is not None:
            written = join(written, tag("small", f" [{signed(change.low)}, {signed(change.high)}]"))
    chance = share(after.chance) if after.chance is not None else "–"
    verdict = change.verdict if change else "–"
    return [_name(after), language_title(after.language), chance, _score(before), _score(after), written, verdict]


def _score(score: TaskScore) -> Html:
    interval = f" [{share(score.interval[0])}, {share(score.interval[1])}]" if score.interval else ""
    return join(share(score.score), tag("small", interval))


def _notes(pairs: Sequence[tuple[TaskScore, TaskScore]]) -> list[Html]:
    """Of training on kin of a task, wordings that stand out, and models at chance."""
    kin = {after.task: after for _, after in pairs if after.kin}
    notes = [
        f"{task}: {after.checkpoint} learnt from {', '.join(after.kin)}, made from the training set of this task. What "
        "it gains here is not all transfer."
        for task, after in kin.items()
    ]
    notes += [
        f"{_name(one)} in the wording {one.stands_out}: {one.checkpoint} scores far more than in any other wording; it "
        "may have read these items in that form."
        for pair in pairs
        for one in pair
        if one.stands_out
    ]
    known = [pair[1] for pair in pairs if pair[1].chance is not None and pair[1].interval]
    if known and not any(one.interval and one.interval[0] > (one.chance or 0) for one in known):
        notes.append("None of these scores is surely above chance: they say nothing of this model.")
    return [tag("p", note) for note in notes]


def _name(score: TaskScore) -> str:
    return f"{score.task}, {score.form}"
