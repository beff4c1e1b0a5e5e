"""Checkpoints on tasks and suites.

One decision: all of them answer the same items, so any two compare in pairs; they are loaded one after the other, so
memory is that of one. What is missing (a task, its data, a sandbox) is said before the first model is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.errors import UserError

if TYPE_CHECKING:
    from aurora.evaluation.tasks.files import Task
    from aurora.evaluation.tasks.flat import Items

FORMATS = ("aurora", "lm-eval", "olmo-eval")  # of files of results
DEFAULT = "pronouns"  # comes with Aurora, so it needs no data


@dataclass(frozen=True)
class Wanted:
    """What is asked: the tasks and suites by name, folders of data, and how."""

    suites: Sequence[str] = ()
    tasks: Sequence[str] = ()
    data: Sequence[Path] = ()
    limit: int | None = None
    shots: int | None = None
    forms: Sequence[str] = ()
    chat: bool = False
    unsafe_code: bool = False
    format: str = FORMATS[0]


@dataclass(frozen=True)
class Planned:
    """A task with its items, the wordings in which it is asked, and how many items at most."""

    task: Task
    items: Items
    wordings: list[str]
    limit: int | None


def evaluate(checkpoints: Sequence[Path], wanted: Wanted, output: Path | None = None) -> list[dict[str, Any]]:
    """The results of each checkpoint, in order; as files NAME.json in the folder `output`, where it is given.

    `UserError` names a task, a suite, data or a checkpoint that is not there.
    """
    from aurora.api.checkpoints import check_checkpoint
    from aurora.console.progress import say

    if len({str(path) for path in checkpoints}) < len(checkpoints):
        raise UserError("A checkpoint is given twice: it would be compared with itself.")
    planned, left_out = plan(wanted)
    for path in checkpoints:
        check_checkpoint(path)
    if left_out:
        say(f"  left out, since no folder of --data has them: {', '.join(left_out)}")
    found = []
    for path, name in zip(checkpoints, names(checkpoints), strict=True):
        results = _evaluated(path, planned, wanted, left_out)
        results["name"] = name
        if output is not None:
            say(f"  {_written(results, output, wanted.format)}")
        found.append(results)
    return found


def plan(wanted: Wanted) -> tuple[list[Planned], list[str]]:
    """The tasks to be asked, with their items; and the names of those of a suite that no folder of data has."""
    _needs_lm_eval()
    from aurora.evaluation.tasks.files import read_suite, read_task
    from aurora.evaluation.tasks.flat import find_file, read_items
    from aurora.evaluation.tasks.prepared import hub_items

    limits: dict[str, int | None] = {}
    for name in wanted.suites:
        suite = read_suite(name)
        limits |= {task: wanted.limit or suite.limit for task in suite.tasks if task not in limits}
    chosen = dict.fromkeys(wanted.tasks, wanted.limit) or ({} if limits else {DEFAULT: wanted.limit})
    planned, left_out = [], []
    for name, limit in (limits | chosen).items():
        task = read_task(name)
        wordings = _wordings(task, wanted.forms)
        if not wordings:
            continue
        path = find_file(task.data_file, wanted.data)
        if path is None and wanted.data:
            if name in chosen:
                raise UserError(
                    f"{wanted.data[0]} has no {task.data_file}.jsonl or .jsonl.gz for the task {name}: --data names "
                    "another folder."
                )
            left_out.append(name)
            continue
        planned.append(Planned(task, read_items(task, path) if path else hub_items(task), wordings, limit))
    if not planned:
        raise UserError("Nothing is to be asked: no folder of --data has a file of these tasks, or no task this form.")
    of_programs = {one.task.metadata.language for one in planned if one.task.metadata.kind == "program"}
    programs = sorted(language.removeprefix("code:") for language in of_programs)
    if programs:
        from aurora.evaluation.code import ready

        ready(programs, unsafe=wanted.unsafe_code)
    return planned, left_out


def names(paths: Sequence[Path]) -> list[str]:
    """A name for each path, the shortest end of it that no other one has; without the ending of a file of results."""
    parts = [
        path.resolve().with_suffix("" if path.suffix in (".json", ".jsonl") else path.suffix).parts for path in paths
    ]
    for length in range(1, 1 + max(map(len, parts))):
        found = ["-".join(one[-length:]).strip("/") for one in parts]
        if len(set(found)) == len(found):
            return found
    return [str(path) for path in paths]


def read_all(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Results in files, each under a name of its own."""
    from aurora.evaluation.comparing.others import read_any

    return [{**read_any(path), "name": name} for path, name in zip(paths, names(paths), strict=True)]


def comparison(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each model, task and form, each later model compared with the first."""
    from aurora.evaluation.comparing.compared import answers_of, compared

    return compared([answers_of(one["name"], one) for one in results])


def _wordings(task: Task, forms: Sequence[str]) -> list[str]:
    return [wording for form, wordings in task.forms().items() if not forms or form in forms for wording in wordings]


def _evaluated(path: Path, planned: Sequence[Planned], wanted: Wanted, left_out: list[str]) -> dict[str, Any]:
    from aurora.api.checkpoints import load_checkpoint
    from aurora.evaluation.comparing.results import identity, results_of
    from aurora.evaluation.scorer.lm import AuroraLM
    from aurora.evaluation.tasks.prepared import prepare
    from aurora.evaluation.tasks.running import ask

    checkpoint = load_checkpoint(path)
    lm = AuroraLM(checkpoint.network, checkpoint.text, start_always=True)
    asked = [
        one
        for part in planned
        for one in prepare(
            part.task, part.items, part.wordings, lm, limit=part.limit, shots=wanted.shots, chat=wanted.chat
        )
    ]
    settings = {
        "suites": list(wanted.suites),
        "tasks": list(wanted.tasks),
        "limit": wanted.limit,
        "shots": wanted.shots,
        "chat": wanted.chat,
        "start_token": True,
        "left_out": left_out,
    }
    items = {part.task.name: part.items for part in planned}
    model = identity(checkpoint.path, checkpoint.network, checkpoint.text)
    results = results_of(model, asked, ask(lm, asked, unsafe_code=wanted.unsafe_code), items, settings)
    return results | {"learnt_from": _learnt_from(checkpoint.path)}


def _learnt_from(path: Path) -> dict[str, list[str]]:
    """By benchmark the sources made from its training set that a checkpoint of a run has learnt from."""
    from aurora.recipe.stages.kin import learnt_from
    from aurora.run.opening import recipe_of, run_of

    run = run_of(path)
    return {} if run is None else learnt_from(recipe_of(run), path.name)


def _written(results: dict[str, Any], output: Path, form: str) -> Path:
    """Write results in one of `FORMATS`; the file, or the folder of several."""
    from aurora.evaluation.comparing import others
    from aurora.files import write_json

    folder: Path = output / results["name"]
    if form == FORMATS[0]:
        path: Path = output / f"{results['name']}.json"
        write_json(path, results)
        return path
    (others.write_lm_eval if form == FORMATS[1] else others.write_olmo_eval)(results, folder)
    return folder


def _needs_lm_eval() -> None:
    from importlib.util import find_spec

    if find_spec("lm_eval") is None:
        raise UserError("Tasks need lm-eval, which is not installed: run pip install 'aurora-lm[evaluate]'.")
