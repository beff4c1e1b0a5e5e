"""The top of a comparison: what was gained and forgotten, where nothing can be told, and what a reader has to know.

One decision: what was forgotten is told as loudly as what was gained, and a change counts only where the verdict over
all wordings, corrected over all tasks and checkpoints, says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aurora.evaluation.comparing.results import warnings
from aurora.evaluation.comparing.shown import evidence, judges_of
from aurora.reporting.page.components import Cell, Row, facts, section, table
from aurora.reporting.page.markup import Html, join, tag
from aurora.reporting.wording import compact, count, listing, share, signed

Rows = Sequence[Mapping[str, Any]]
NAMED = 6  # tasks that a finding names
SIGNS = {"forgot": ("!", "bad"), "gained": ("✓", "good"), "kept": ("✓", "good")}
STOPPED_HEADINGS = ["task", "form", "checkpoint", "items", "change", "e-value", "verdict"]
STOPPED_LEAD = (
    "Each checkpoint beside {first}, asked item by item until it was decided whether more than {budget} of the score "
    "was lost. Intervals and verdicts hold whenever one stops, 95 times in 100 for all tasks, forms and checkpoints "
    "together: the first verdict needs an e-value of {first_needs}, the last one 20. Changes are in percentage points, "
    "of the mean over wordings, on items that both were asked; scores are those of all that each was."
)
HEADINGS = ["task", "form", "checkpoint", "items", "change", "p (Holm)", "smallest change seen", "verdict"]
LEAD = (
    "Each checkpoint beside {first}, item by item. A change is told only where the paired 95 % interval of every "
    "wording and the p-value, corrected (Holm) over all tasks, forms and checkpoints, say so. Changes are in "
    "percentage points, of the mean over wordings."
)


def headline(rows: Rows, names: Sequence[str]) -> str:
    """The verdict in one line."""
    if len(names) == 1:
        return f"Scores of {names[0]}"
    said = [row["change"]["verdict"] for row in rows if "change" in row]
    gained, forgot, rest = said.count("gained"), said.count("forgot"), said.count("cannot tell")
    if not said:
        return f"Nothing is comparable with {names[0]}"
    budget = budget_of(rows)
    if budget is not None:
        kept = said.count("kept")
        return (
            f"Against {names[0]}: {count(forgot)} lost more than {share(budget)}, {count(kept)} kept, {count(rest)} "
            "cannot be told"
        )
    return f"Against {names[0]}: {count(gained)} gained, {count(forgot)} forgotten, {count(rest)} cannot be told"


def top(results: Sequence[Mapping[str, Any]], rows: Rows) -> Html:
    """Title, figures, and a finding for each verdict of each later checkpoint."""
    names = [one["name"] for one in results]
    findings = [_finding(name, verdict, rows) for verdict in SIGNS for name in names[1:]] + [_untold(rows, names)]
    tasks = {row["task"] for row in rows}
    items = sum(row["score"]["items"] for row in rows if row["model"] == names[0] and row["score"])
    return tag(
        "header",
        tag("p", "Aurora comparison", class_="overline"),
        tag("h1", headline(rows, names)),
        facts([("checkpoints", listing(names)), ("tasks", count(len(tasks))), ("items, in all forms", count(items))]),
        tag("ul", findings, class_="findings") if any(findings) else None,
        class_="top",
    )


def changes(rows: Rows, names: Sequence[str]) -> Html | None:
    """The table of changes, those that are sure first."""
    changed = [row for row in rows if "change" in row]
    if not changed:
        return None
    order = ["forgot", "gained", "kept", "cannot tell", "not comparable"]
    changed.sort(key=lambda row: order.index(row["change"]["verdict"]))
    budget = budget_of(rows)
    if budget is not None:
        tasks = max(row["change"].get("tasks", 0) for row in changed)
        lead = STOPPED_LEAD.format(first=names[0], budget=share(budget), first_needs=count(20 * tasks))
        built = table("Changes", STOPPED_HEADINGS, [_stopped(row) for row in changed], (0, 1, 2, 6), rest="the results")
        return section("changes", "What was lost", built, lead=lead)
    built = table("Changes", HEADINGS, [_row(row) for row in changed], (0, 1, 2, 7), rest="the results")
    return section("changes", "What changed", built, lead=LEAD.format(first=names[0]))


def notes(results: Sequence[Mapping[str, Any]], rows: Rows) -> Html | None:
    """What limits these figures: chance, wordings that stand out, warnings of each checkpoint's results."""
    told = []
    known = [row for row in rows if row["score"] and row["chance"] is not None and row["score"]["low"] is not None]
    if known and not any(row["score"]["low"] > row["chance"] for row in known):
        told.append("No score of a task with choices is surely above chance: such scores say nothing of these models.")
    told += [
        f"{_unit(row)} in the wording {odd['wording']}: {row['model']} scores {signed(odd['above'])} more than in the "
        f"next best one ({signed(odd['low'])} to {signed(odd['high'])}); it may have read these items in that form."
        for row in rows
        if (odd := row.get("stands_out"))
    ]
    by_warning: dict[str, list[str]] = {}
    for one in results:
        for warning in [*warnings(one), *judges_of(one)]:
            by_warning.setdefault(warning, []).append(one["name"])
    told += [f"{listing(names)}: {warning}" for warning, names in by_warning.items()]
    if not told:
        return None
    return section("notes", "What to know of these figures", tag("ul", [tag("li", note) for note in told]))


def models(results: Sequence[Mapping[str, Any]]) -> Html | None:
    """What each checkpoint is; nothing of files that do not say."""
    rows: list[Row] = []
    for one in results:
        if model := one.get("model"):
            hashes = [
                tag("span", str(model[key])[:16], class_="hash") for key in ("weights_sha256", "tokenizer_sha256")
            ]
            rows.append(
                [
                    one["name"], compact(model["parameters"]), model["dtype"], model["device"], *hashes,
                    one.get("software", {}).get("aurora", "–"), Cell(model["path"], "words"),
                ]
            )  # fmt: skip
    if not rows:
        return None
    headings = ["checkpoint", "parameters", "precision", "device", "weights", "tokenizer", "Aurora", "path"]
    built = table("SHA-256, the first 16 digits", headings, rows, (0, 2, 3, 4, 5, 6, 7))
    return section("models", "What was compared", built)


def _finding(name: str, verdict: str, rows: Rows) -> Html | None:
    of_model = [row for row in rows if row["model"] == name and "change" in row]
    found = [row for row in of_model if row["change"]["verdict"] == verdict]
    if not found:
        return None
    found.sort(key=lambda row: -abs(row["change"]["difference"]))
    named = [f"{_unit(row)} {_written(row['change'])}" for row in found[:NAMED]]
    if len(found) > NAMED:
        named.append(f"{count(len(found) - NAMED)} more")
    what = (
        f"{name} {_lost(found[0])} in "
        if verdict == "forgot" and budget_of(found) is not None
        else f"{name} {verdict} "
    )
    head = tag("h2", what, tag("b", f"{count(len(found))} of {count(len(of_model))}"))
    return _point(*SIGNS[verdict], head, f"{listing(named)}.")


def _untold(rows: Rows, names: Sequence[str]) -> Html | None:
    """Where nothing can be told, by checkpoint, and how large a change would have had to be."""
    found = [row for row in rows if row.get("change", {}).get("verdict") == "cannot tell"]
    if not found:
        return None
    counts = {name: sum(row["model"] == name for row in found) for name in names[1:]}
    said = f"{listing([f'{name} {count(number)}' for name, number in counts.items() if number])}: "
    budget = budget_of(found)
    said += "the items ended before it was sure" if budget is not None else "the intervals include zero"
    said += ", or the wordings disagree."
    seen = [row["change"]["smallest_change"] for row in found if row["change"]["smallest_change"]]
    if seen:
        sizes = list(dict.fromkeys((share(min(seen)), share(max(seen)))))
        said += f" These items show a change four times in five only if it is {' to '.join(sizes)} or more"
        said += ", by task." if len(sizes) > 1 else "."
    head = tag("h2", "cannot tell ", tag("b", f"{count(len(found))}"))
    return _point("·", "plain", head, said)


def _point(sign: str, tone: str, head: Html, text: str) -> Html:
    return tag(
        "li",
        tag("span", sign, class_="sign", aria_hidden="true"),
        tag("div", head, tag("p", text)),
        class_=f"finding {tone}",
    )


def _unit(row: Mapping[str, Any]) -> str:
    return f"{row['task']}, {row['form']}"


def _written(change: Mapping[str, Any]) -> str:
    return signed(change["difference"]) + _interval(change)


def _interval(change: Mapping[str, Any]) -> str:
    """Nothing where too few documents leave it unknown."""
    ends = (change["low"], change["high"])
    return "" if None in ends else f" [{signed(ends[0])}, {signed(ends[1])}]"


def budget_of(rows: Rows) -> float | None:
    """The budget that decided how many items were asked, if one did: of several the largest."""
    return max((change["budget"] for row in rows if "budget" in (change := row.get("change", {}))), default=None)


def _lost(row: Mapping[str, Any]) -> str:
    return f"lost more than {share(row['change']['budget'])}"


def _stopped(row: Mapping[str, Any]) -> Row:
    change = row["change"]
    head: list[Html | str | None] = [row["task"], row["form"], row["model"]]
    if "budget" not in change:
        return [*head, "–", "–", "–", change["verdict"]]
    return [
        *head,
        f"{count(change['items'])} of {count(change['offered'])}",
        join(signed(change["difference"]), tag("small", _interval(change))),
        f"{evidence(change):.3g}",
        _lost(row) if change["verdict"] == "forgot" else change["verdict"],
    ]


def _row(row: Mapping[str, Any]) -> Row:
    change = row["change"]
    head: list[Html | str | None] = [row["task"], row["form"], row["model"]]
    if "difference" not in change:
        return [*head, "–", "–", "–", "–", change["verdict"]]
    p_value = f"{change['holm']:.3f}" if change["holm"] >= 0.001 else "< 0.001"  # none is 0
    return [
        *head,
        count(change["items"]),
        join(signed(change["difference"]), tag("small", _interval(change))),
        p_value,
        share(change["smallest_change"]),
        change["verdict"],
    ]
