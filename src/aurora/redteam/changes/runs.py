"""What hangs on an edited policy in a run: items, checkpoints that learnt from them, answers, and rows of its report.

One decision: a run says in `redteam/summary.json` under which clauses its items were made (of reviewed ones in
`clauses.json`, for each item), so what it has is told by the same hashes as everything else. A checkpoint hangs on a
clause if it learnt from an item of it, or began as one that did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aurora.errors import UserError
from aurora.files import read_json, read_json_lines
from aurora.recipe.names import REDTEAM
from aurora.recipe.recipe import Recipe
from aurora.recipe.stages.stage import checkpoints_of
from aurora.redteam.changes.clauses import Changes
from aurora.redteam.dataset import CLAUSES, HELD_OUT, SUMMARY
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
    if not (folder.redteam / SUMMARY).is_file():
        raise UserError(f"{run} has no red-team set, so nothing of it hangs on a policy: give another run.")
    made = _made_under(run, changes)
    rows: dict[str, list[dict[str, Any]]] = {}
    for place in (folder.redteam, folder.drafts):
        for path in sorted(place.glob("*.jsonl")):
            rows[path.relative_to(run).as_posix()] = [row for row in read_json_lines(path) if made.hangs(row, changes)]
    hanging = {row["category"] for its in rows.values() for row in its}
    found = InRun(str(run), [name for name in changes.touched if name in hanging])
    if not hanging:
        return found
    found.items = {name: [row["id"] for row in its] for name, its in rows.items()}
    learnt = any(its for name, its in rows.items() if Path(name).name == PAIRS_FILE or name.startswith("drafts"))
    found.checkpoints = [*_checkpoints(recipe, finished_checkpoints(run))] if learnt else []
    asked = {row["id"]: row["language"] for row in rows.get(f"{folder.redteam.name}/{HELD_OUT}", [])}
    for path in sorted((run / "safety").glob(f"*/{ANSWERS}")):
        found.answers[path.parent.name] = [row["id"] for row in read_json_lines(path) if row["id"] in asked]
    found.report = [*_report(folder, found, changes, asked)]
    return found


@dataclass(frozen=True)
class _Made:
    """The clauses that a run's items were made under: of reviewed ones by item, of a policy's own by category."""

    categories: dict[str, str]
    items: dict[str, str]

    def hangs(self, row: dict[str, Any], changes: Changes) -> bool:
        """Whether a row was made under a clause that reads otherwise now, or is gone."""
        if row.get("policy", changes.policy) != changes.policy:
            return False
        category = row["category"]
        clause = self.items.get(row.get("item", row["id"]), self.categories.get(category))
        return category in changes.touched and clause == changes.touched[category]


def _made_under(run: Path, changes: Changes) -> _Made:
    folder = RunFolder(run).redteam
    summary = read_json(folder / SUMMARY)
    if (folder / CLAUSES).is_file():
        return _Made(summary["clauses"], read_json(folder / CLAUSES))
    name, made = summary.get("policy", {}).get("name"), summary.get("clauses")
    if name != changes.policy:
        raise UserError(f"{run} was made with the policy {name}, not {changes.policy}: give a run of that policy.")
    if made is None:
        raise UserError(f"{run} does not say which clauses its items were made under: run its recipe again.")
    touched = changes.touched
    if odd := [one for one in touched if made.get(one) not in (touched[one], changes.new.get(one), None)]:
        raise UserError(
            f"{run} was made with another version of {changes.policy}, in which {odd[0]} reads otherwise than in both "
            "of these: give the version that it was made with as OLD."
        )
    return _Made(made, {})


def _checkpoints(recipe: Recipe, finished: list[str]) -> Iterator[str]:
    """The checkpoints that learnt from the red-team set, and those that began as one of them."""
    hanging: set[str] = set()
    for name, stage in checkpoints_of(recipe.stages).items():
        if stage.start in hanging or any(source.startswith(f"{REDTEAM}/") for source in stage.sources):
            hanging.add(name)
            if name in finished:
                yield name


def _report(folder: RunFolder, found: InRun, changes: Changes, asked: Mapping[str, str]) -> Iterator[str]:
    """The rows of the report that count an answer to an item that hangs, or a checkpoint that does."""
    if not folder.report.is_file():
        return
    report = read_json(folder.report)
    known = {stage["name"] for stage in report.get("stages", [])}
    yield from (f"stages.{name}" for name in found.checkpoints if name in known)
    safety = report.get("safety")
    if not safety or not any(found.answers.values()):
        return
    languages = sorted({asked[id] for ids in found.answers.values() for id in ids})
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
