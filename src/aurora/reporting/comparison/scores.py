"""Scores of every task: bars with intervals, and the radar by language.

One decision: the radar has an axis a language, the mean over its tasks and their forms, of what all checkpoints were
asked; files that name no languages get an axis a task. Chance is on both charts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aurora.reporting.charts.radar import FEWEST_AXES, MOST_AXES, SHAPES, Outline, radar
from aurora.reporting.charts.score_bars import ScoreBar, score_bars
from aurora.reporting.page.components import NUM_SERIES, Row, figure, legend, section, table
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.wording import count, language_title, share

MOST_PANELS = 60  # of bars, a few screens; the table has the others
LEAD = "The mean over the wordings of a form, with its 95 % interval: of documents where items share one."

Row_ = Mapping[str, Any]


def scores(results: Sequence[Row_], rows: Sequence[Row_]) -> Html:
    """Bars of each form of each task, and all of them as a table."""
    names = [one["name"] for one in results]
    units: dict[tuple[str, str], list[Row_]] = {}
    for row in rows:
        units.setdefault((row["task"], row["form"]), []).append(row)
    panels = [
        tag(
            "div",
            tag("h3", task, tag("span", f" {form}", class_="muted")),
            score_bars(f"bars-{task}-{form}", f"{task}, {form}", _bars(of_unit, names), of_unit[0]["chance"]),
            class_="panel",
        )
        for (task, form), of_unit in list(units.items())[:MOST_PANELS]
    ]
    cut = len(units) - len(panels)
    more = tag("p", f"{count(cut)} more are in the table.", class_="note") if cut > 0 else None
    headings = ["task", "form", "checkpoint", "items", "chance", "score", "by wording"]
    data = table("Scores", headings, [_row(row) for row in rows], (0, 1, 2), rest="the results")
    built = figure(
        "Scores by task, with 95 % intervals",
        tag("div", panels, class_="panels"),
        more,
        note="More is better. The dashed line is chance: a whisker that crosses it may be luck.",
        data=data,
    )
    return section("scores", "Scores", _radar(results, rows), built, lead=LEAD)


def series(number: int) -> str:
    """Class of the colour of the checkpoint of this number; the first is grey, as all are compared with it."""
    return "s0" if number == 0 else f"s{(number - 1) % NUM_SERIES + 1}"


def _bars(rows: Sequence[Row_], names: Sequence[str]) -> list[ScoreBar]:
    return [
        ScoreBar(row["model"], row["score"]["mean"], _interval(row["score"]), series(names.index(row["model"])))
        for row in rows
        if row["score"]
    ]


def _interval(score: Row_) -> tuple[float, float] | None:
    return None if None in (score["low"], score["high"]) else (score["low"], score["high"])


def _row(row: Row_) -> Row:
    score = row["score"]
    head: list[Html | str | None] = [row["task"], row["form"], row["model"]]
    if score is None:
        return [*head, "0", share(row["chance"]), "not run", "–"]
    interval = _interval(score)
    written = f" [{share(interval[0])}, {share(interval[1])}]" if interval else ""
    means = list(row["wordings"].values())
    spread = f"{share(min(means))} to {share(max(means))}" if len(means) > 1 else "–"
    return [
        *head, count(score["items"]), share(row["chance"]), join(share(score["mean"]), tag("small", written)), spread,
    ]  # fmt: skip


def _radar(results: Sequence[Row_], rows: Sequence[Row_]) -> Html | None:
    names = [one["name"] for one in results]
    by_language = _axes(rows, names, {task: _group(found) for one in results for task, found in one["tasks"].items()})
    axes = by_language if len(by_language) >= FEWEST_AXES else _axes(rows, names, {})
    if not FEWEST_AXES <= len(axes) <= MOST_AXES:
        return None
    shared = list(axes)
    outlines = [
        Outline(name, [axes[axis][name] for axis in shared], series(number)) for number, name in enumerate(names)
    ]
    chance = [axes[axis][""] for axis in shared]
    title = "Mean score by language" if axes is by_language else "Mean score by task"
    shown: list[Row] = [[name, *(share(axes[axis][name]) for axis in shared)] for name in names]
    keys = [(f"{series(number)} key-{SHAPES[number % len(SHAPES)]} tinted", name) for number, name in enumerate(names)]
    return figure(
        title,
        radar("radar", title, shared, outlines, chance),
        legend([*keys, ("key-bigram", "chance")] if any(chance) else keys),
        note="The middle is 0, the outer ring 100 %. Only tasks that all checkpoints were asked count.",
        data=table(title, ["checkpoint", *shared], shown),
    )


def _axes(rows: Sequence[Row_], names: Sequence[str], groups: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """By axis the mean score of each checkpoint, and chance under the empty name: first over forms, then over tasks."""
    tasks: dict[str, dict[str, list[float]]] = {}
    for task in dict.fromkeys(row["task"] for row in rows):
        of_task = [row for row in rows if row["task"] == task and row["score"]]
        forms = list(dict.fromkeys(row["form"] for row in of_task))
        whole = [form for form in forms if sum(row["form"] == form for row in of_task) == len(names)]
        if not whole:
            continue
        axis = tasks.setdefault(groups.get(task, task), {})
        for name in names:
            means = [row["score"]["mean"] for row in of_task if row["model"] == name and row["form"] in whole]
            axis.setdefault(name, []).append(sum(means) / len(means))
        axis.setdefault("", []).append(of_task[0]["chance"] or 0.0)
    return {
        axis: {name: sum(values) / len(values) for name, values in by_name.items()} for axis, by_name in tasks.items()
    }


def _group(task: Row_) -> str:
    """The axis of a task: its language, but code is one and safety another."""
    if task["kind"] == "safety":
        return "Safety"
    language = task["language"]
    return "Code" if language.startswith("code") else language_title(language) if language else "Other"
