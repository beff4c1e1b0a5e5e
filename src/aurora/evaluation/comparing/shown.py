"""Results of tasks as lines for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aurora.console.tables import table
from aurora.evaluation.tasks.safety import FIGURES
from aurora.redteam.judging.worth import Worth

COLUMNS = ("task", "form", "model", "items", "chance", "score", "95 %", "wordings", "change", "p (Holm)", "verdict")
STOPPED = (*COLUMNS[:-2], "e-value", COLUMNS[-1])
LOST = "lost more"  # than the budget: what is said of *forgot* where there is one
OUTCOMES = ("task", "form", "model", "items", *(figure.replace("_", " ") for figure in FIGURES.values()))


def lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A line for each model, task and form; then whatever wording stands out."""
    budgets = sorted({change["budget"] for row in rows if "budget" in (change := row.get("change", {}))})
    shown = table(STOPPED if budgets else COLUMNS, [_cells(row) for row in rows], 3)
    if budgets:
        shown += ["", *(_explained(budget, rows) for budget in budgets)]
    for row in rows:
        if odd := row.get("stands_out"):
            shown.append(
                f"{row['task']} in {odd['wording']}: {row['model']} scores {odd['above']:.2f} more than in the next "
                f"best wording ({odd['low']:.2f} to {odd['high']:.2f}); it may have read these items in that form."
            )
    return shown


def outcome_lines(name: str, results: Mapping[str, Any]) -> list[str]:
    """Of safety tasks what the answers were: refusals beside answers that nobody can use; nothing without any."""
    rows = []
    for task, found in results["tasks"].items():
        if found["kind"] != "safety":
            continue
        for form, asked in found["forms"].items():
            wordings = list(asked["wordings"].values())
            means = [sum(one["metrics"][figure] for one in wordings) / len(wordings) for figure in FIGURES.values()]
            rows.append([task, form, name, str(len(wordings[0]["items"])), *(f"{mean:.3f}" for mean in means)])
    return [*table(OUTCOMES, rows, 3), *judges_of(results)] if rows else []


def judges_of(results: Mapping[str, Any]) -> list[str]:
    """Who judged refusals, and what that is worth; nothing of results that name nobody."""
    said = [found["judge"] for found in results["tasks"].values() if found.get("judge")]
    return list(dict.fromkeys(f"Judge of refusals: {Worth(**one).words()}." for one in said))


def evidence(change: Mapping[str, Any]) -> float:
    """The e-value of the verdict, or the larger one where there is none."""
    values = {"forgot": change["e_forgot"], "kept": change["e_kept"]}
    return float(values.get(change["verdict"], max(values.values())))


def _explained(budget: float, rows: Sequence[Mapping[str, Any]]) -> str:
    together = max(row["change"]["tasks"] for row in rows if row.get("change", {}).get("budget") == budget)
    return (
        f"Asked until it was decided whether more than {budget:.3g} of the score is lost: the first verdict needs an "
        f"e-value of {20 * together}, the last one 20."
    )


def _cells(row: Mapping[str, Any]) -> list[str]:
    score, change = row["score"], row.get("change") or {}
    chance = "" if row["chance"] is None else f"{row['chance']:.3f}"
    if score is None:
        return [row["task"], row["form"], row["model"], "0", chance, "not run", "", "", "", "", ""]
    means = list(row["wordings"].values())
    spread = f"{min(means):.3f} to {max(means):.3f}" if len(means) > 1 else ""
    cells = [row["task"], row["form"], row["model"], str(score["items"]), chance, f"{score['mean']:.3f}"]
    cells += ["" if score["low"] is None else f"{score['low']:.3f} to {score['high']:.3f}", spread]
    if "difference" not in change:
        return [*cells, "", "", change.get("verdict", "")]
    if "budget" in change:
        cells[3] += f" of {change['offered']}"
        verdict = LOST if change["verdict"] == "forgot" else change["verdict"]
        return [*cells, f"{change['difference']:+.3f}", f"{evidence(change):.3g}", verdict]
    p_value = f"{change['holm']:.3f}" if change["holm"] >= 0.001 else "< 0.001"  # none is 0
    return [*cells, f"{change['difference']:+.3f}", p_value, change["verdict"]]
