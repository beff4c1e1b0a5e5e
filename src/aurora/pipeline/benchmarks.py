"""The steps that ask every checkpoint tasks, what a stage is asked in training, and what the report says of both.

One decision: each checkpoint's answers are an artifact of their own, so only a stage that is trained again is asked
again; verdicts are computed when the report is written, from the items.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.evaluation.results import RESULTS
from aurora.files import write_json
from aurora.pipeline.step import Project, Step
from aurora.recipe import Recipe
from aurora.recipe.stages.asking import Ask
from aurora.recipe.stages.kin import is_of, learnt_from
from aurora.recipe.stages.measured import base_of, measured
from aurora.recipe.stages.stage import Stage
from aurora.run.folder import RunFolder

if TYPE_CHECKING:
    from aurora.evaluation.comparing.during import DuringTraining
    from aurora.evaluation.tasks.planned import Wanted

VERSION = 1


def steps_of_base(project: Project) -> list[Step]:
    """The imported model, where there is one, before anything is trained."""
    return [_step(project, name) for name in asked(project.recipe) if name == base_of(project.recipe)]


def steps(project: Project) -> list[Step]:
    """Every stage and control."""
    return [_step(project, name) for name in asked(project.recipe) if name != base_of(project.recipe)]


def asked(recipe: Recipe) -> list[str]:
    """The checkpoints that are asked tasks: all that are measured, where the recipe names any."""
    return measured(recipe) if recipe.evaluation.asks else []


def during_training(project: Project, stage: Stage) -> DuringTraining | None:
    """What a stage is asked while it is trained; `UserError` where that cannot be asked here."""
    if stage.ask is None:
        return None
    from aurora.console.progress import say
    from aurora.evaluation.comparing.during import DuringTraining
    from aurora.evaluation.tasks.planned import plan
    from aurora.tokens.text.text_facts import read_text

    wanted = wanted_during(project.recipe, project.base, stage.ask)
    planned, left_out = plan(wanted)
    for why in dict.fromkeys(left_out.values()):
        say(f"  not asked ({why}): {', '.join(name for name, reason in left_out.items() if reason == why)}")
    return DuringTraining(read_text(project.run.tokenizer), planned, wanted)


def wanted_of(recipe: Recipe, base: Path) -> Wanted:
    """What every checkpoint of a recipe is asked."""
    from aurora.evaluation.tasks.planned import Wanted

    settings = recipe.evaluation
    data = _folders(recipe, base)
    return Wanted(tuple(settings.suites), tuple(settings.tasks), data, limit=settings.task_items)


def wanted_during(recipe: Recipe, base: Path, ask: Ask) -> Wanted:
    """What a stage with this table is asked."""
    from aurora.evaluation.tasks.planned import Wanted

    return Wanted(tuple(ask.suites), tuple(ask.tasks), _folders(recipe, base), limit=ask.items)


def _folders(recipe: Recipe, base: Path) -> tuple[Path, ...]:
    return tuple(base / folder for folder in recipe.evaluation.data)


def collected(run: RunFolder, recipe: Recipe) -> list[dict[str, Any]]:
    """A row for each checkpoint, task and form, each later checkpoint compared with the first."""
    names = asked(recipe)
    if not names:
        return []
    from aurora.evaluation.comparing.compared import answers_of, compared
    from aurora.evaluation.comparing.others import read_any

    results = {name: read_any(run.tasks(name) / RESULTS) for name in names}
    tasks = {task: found for result in results.values() for task, found in result["tasks"].items()}
    rows = compared([answers_of(name, result) for name, result in results.items()])
    learnt = {name: learnt_from(recipe, name) for name in names}
    return [_row(row, tasks[row["task"]]["language"], learnt[row["model"]]) for row in rows if row["score"] is not None]


def _row(row: dict[str, Any], language: str, learnt: dict[str, list[str]]) -> dict[str, Any]:
    score, change = row["score"], row.get("change")
    kept = ("difference", "low", "high", "holm", "verdict")
    return {
        "task": row["task"],
        "form": row["form"],
        "language": language,
        "checkpoint": row["model"],
        "chance": row["chance"],
        "items": score["items"],
        "score": score["mean"],
        "interval": [score["low"], score["high"]] if score["low"] is not None else None,
        "wordings": row["wordings"],
        "stands_out": row["stands_out"]["wording"] if row["stands_out"] else None,
        "kin": [source for benchmark, sources in learnt.items() if is_of(row["task"], benchmark) for source in sources],
        "change": {key: change[key] for key in kept if key in change} if change else None,
    }


def _step(project: Project, name: str) -> Step:
    from aurora.evaluation.tasks.planned import files_of

    run, settings = project.run, project.recipe.evaluation
    wanted = wanted_of(project.recipe, project.base)

    def inputs() -> dict[str, str]:
        from aurora.hashes import digest_of

        files = {f"data/{task}": digest_of(path) if path else "" for task, path in files_of(wanted).items()}
        return {**files, "tasks": _library(), "model": project.weights(name), "tokenizer": project.tokenizer()}

    def measure(folder: Path) -> None:
        from aurora.evaluation.measurements import loaded
        from aurora.evaluation.tasks.planned import plan
        from aurora.tokens.text.text_facts import read_text

        planned, left_out = plan(wanted)
        network, text = loaded(run.checkpoint(name), project.recipe.execution), read_text(run.tokenizer)
        from aurora.evaluation.comparing.asking import asked_model

        write_json(folder / RESULTS, asked_model(run.checkpoint(name), network, text, planned, wanted, left_out))

    return project.step(f"tasks:{name}", run.tasks(name), VERSION, settings.of_tasks(), inputs, measure, "tasks")


def _library() -> str:
    """SHA-256 over the files of tasks: a prompt that changed is another question."""
    from aurora.evaluation.tasks.files import ENDING, LIBRARY

    found = hashlib.sha256()
    for path in sorted(LIBRARY.rglob(f"*{ENDING}")):
        found.update(path.read_bytes())
    return found.hexdigest()
