"""What hangs on an edited policy in a run: items, checkpoints that learnt from them, answers, and rows of its report.

One decision: a run says in `redteam/summary.json` under which clauses its items were made, so what it has is told by
the same hashes as everything else; a checkpoint hangs on a clause if it learnt from an item of it, or began as one that
did.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aurora.errors import UserError
from aurora.files import read_json, read_json_lines
from aurora.recipe.names import REDTEAM
from aurora.recipe.recipe import Recipe
from aurora.recipe.stages.stage import checkpoints_of
from aurora.redteam.changes.clauses import Changes
from aurora.redteam.dataset import HELD_OUT, SUMMARY
from aurora.run.folder import RunFolder
from aurora.run.opening import finished_checkpoints, recipe_of
from aurora.tokens.build import PAIRS_FILE

ANSWERS = "answers.jsonl"


@dataclass
class InRun:
    """What a run has that hangs on edited clauses. `items` are ids by file; `report` names rows of report.json."""

    run: str
    categories: list[str]
    items: dict[str, list[str]] = field(default_factory=dict)
    checkpoints: list[str] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    report: list[str] = field(default_factory=list)


def look_into(run: Path, changes: Changes) -> InRun:
    """What of a run hangs on the edit; `UserError` for a run of another policy, or of neither version."""
    recipe, folder = recipe_of(run), RunFolder(run)
    summary = folder.redteam / SUMMARY
    if not summary.is_file():
        raise UserError(f"{run} has no red-team set, so nothing of it hangs on a policy: give another run.")
    categories = _categories(run, read_json(summary), changes)
    found = InRun(str(run), categories)
    if not categories:
        return found
    held_out: list[dict[str, Any]] = []
    for place in (folder.redteam, folder.drafts):
        for path in sorted(place.glob("*.jsonl")):
            rows = [row for row in read_json_lines(path) if row.get("category") in categories]
            found.items[path.relative_to(run).as_posix()] = [row["id"] for row in rows]
            held_out += rows if path.name == HELD_OUT else []
    learnt = any(ids for name, ids in found.items.items() if Path(name).name == PAIRS_FILE or name.startswith("drafts"))
    found.checkpoints = [*_checkpoints(recipe, finished_checkpoints(run))] if learnt else []
    asked = {row["id"] for row in held_out}
    for path in sorted((run / "safety").glob(f"*/{ANSWERS}")):
        found.answers[path.parent.name] = [row["id"] for row in read_json_lines(path) if row["id"] in asked]
    found.report = [*_report(folder, found, changes)]
    return found


def _categories(run: Path, summary: dict[str, Any], changes: Changes) -> list[str]:
    """The edited categories whose items in the run were made under the old clause."""
    name = summary.get("policy", {}).get("name")
    if name != changes.policy:
        raise UserError(f"{run} was made with the policy {name}, not {changes.policy}: give a run of that policy.")
    made = summary.get("clauses")
    if made is None:
        raise UserError(f"{run} does not say which clauses its items were made under: run its recipe again.")
    touched = changes.touched
    if odd := [one for one in touched if made.get(one) not in (touched[one], changes.new.get(one), None)]:
        raise UserError(
            f"{run} was made with another version of {changes.policy}, in which {odd[0]} reads otherwise than in both "
            "of these: give the version that it was made with as OLD."
        )
    return [one for one in touched if made.get(one) == touched[one]]


def _checkpoints(recipe: Recipe, finished: list[str]) -> Iterator[str]:
    """The checkpoints that learnt from the red-team set, and those that began as one of them."""
    hanging: set[str] = set()
    for name, stage in checkpoints_of(recipe.stages).items():
        if stage.start in hanging or any(source.startswith(f"{REDTEAM}/") for source in stage.sources):
            hanging.add(name)
            if name in finished:
                yield name


def _report(folder: RunFolder, found: InRun, changes: Changes) -> Iterator[str]:
    """The rows of the report that count an answer to an item that hangs, or a checkpoint that does."""
    if not folder.report.is_file():
        return
    report = read_json(folder.report)
    known = {stage["name"] for stage in report.get("stages", [])}
    yield from (f"stages.{name}" for name in found.checkpoints if name in known)
    safety = report.get("safety")
    if not safety or not any(found.answers.values()):
        return
    languages = _languages(folder, found)
    for when in ("before", "after"):
        if found.answers.get(safety.get(f"{when}_stage", "")):
            yield f"safety.{when}"
            yield from (f"safety.{when}.by_language.{language}" for language in languages)
    yield from (f"safety.categories.{name}" for name in found.categories if name in safety.get("categories", {}))
    hazards = dict.fromkeys(hazard for name in found.categories for hazard in changes.hazards.get(name, []))
    yield from (f"safety.hazards.{hazard}" for hazard in hazards if hazard in safety.get("hazards", {}))
    for number, example in enumerate(safety.get("examples", [])):
        if example.get("category") in found.categories:
            yield f"safety.examples.{number}"


def _languages(folder: RunFolder, found: InRun) -> list[str]:
    asked = {id for ids in found.answers.values() for id in ids}
    rows = read_json_lines(folder.redteam / HELD_OUT)
    return sorted({row["language"] for row in rows if row["id"] in asked})
