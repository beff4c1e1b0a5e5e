"""What is asked of a model: tasks and suites by name, with their items and wordings.

One decision: whatever is missing (a task, its data, lm-eval, a sandbox) is said here, before any model is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aurora.errors import UserError
from aurora.evaluation.tasks.files import Task, read_suite, read_task
from aurora.evaluation.tasks.flat import Items, find_file, read_items
from aurora.evaluation.tasks.plain import is_plain
from aurora.evaluation.tasks.prepared import hub_items
from aurora.evaluation.tasks.writing import ready as ready_to_write
from aurora.redteam.judge import RULES
from aurora.redteam.judging.named import judge_named

DEFAULT = "pronouns"  # comes with Aurora, so it needs no data


@dataclass(frozen=True)
class Wanted:
    """The tasks and suites by name, folders of data, and how they are asked."""

    suites: Sequence[str] = ()
    tasks: Sequence[str] = ()
    data: Sequence[Path] = ()
    limit: int | None = None
    shots: int | None = None
    forms: Sequence[str] = ()
    chat: bool = False
    unsafe_code: bool = False
    samples: int = 1  # tries of each program
    cache: Path | None = None  # a file of answers that are not computed again
    budget: float | None = None  # a share of the score that may be lost: ask until it is decided whether more is
    judge: str = RULES  # of answers to harmful and harmless requests: the rules, or a file


@dataclass(frozen=True)
class Planned:
    """A task with its items, the wordings in which it is asked, and how many items at most."""

    task: Task
    items: Items
    wordings: list[str]
    limit: int | None


class Lacking(UserError):
    """What a task needs is not here; `why` says so in a few words."""

    def __init__(self, sentence: str, why: str) -> None:
        super().__init__(sentence)
        self.why = why


def plan(wanted: Wanted) -> tuple[list[Planned], dict[str, str]]:
    """The tasks to be asked, with their items; and those of a suite that lack what they need, each with the reason.

    A task that is named by itself and lacks something is a mistake.
    """
    if needs_lm_eval(wanted):
        require_lm_eval()
    judge_named(wanted.judge)  # a mistake is told before any model is loaded
    planned: list[Planned] = []
    left_out: dict[str, str] = {}
    for name, limit in _named(wanted).items():
        task = read_task(name)
        wordings = _wordings(task, wanted.forms)
        if not wordings:
            continue
        try:
            _can_run(task, wanted)
            planned.append(Planned(task, _items(task, wanted), wordings, limit))
        except Lacking as lacking:
            if name in wanted.tasks:
                raise
            left_out[name] = lacking.why
    if not planned:
        raise UserError("Nothing is to be asked: no folder of --data has a file of these tasks, or no task this form.")
    return planned, left_out


def examine(wanted: Wanted) -> tuple[list[str], dict[str, str]]:
    """The names of all tasks, and those that lack something, each with the reason: before the hub is asked and any item
    is read. `UserError` without a jail for programs."""
    names = list(_named(wanted))
    lacking: dict[str, str] = {}
    for name in names:
        task = read_task(name)
        try:
            _can_run(task, wanted)
            if _find(task, wanted) is not None:
                _translations(task, wanted)
        except Lacking as error:
            lacking[name] = error.why
    return names, lacking


def _items(task: Task, wanted: Wanted) -> Items:
    path = _find(task, wanted)
    return hub_items(task) if path is None else read_items(task, path, _translations(task, wanted))


def _find(task: Task, wanted: Wanted) -> Path | None:
    """The file of a task's items; None where the hub has them, and `Lacking` where nobody does."""
    path = find_file(task.data_file, wanted.data)
    if path is not None:
        return path
    if wanted.data:
        raise Lacking(
            f"{wanted.data[0]} has no {task.data_file}.jsonl or .jsonl.gz for the task {task.name}: --data names "
            "another folder.",
            "no folder of data has them",
        )
    if not {"dataset_path", "custom_dataset"} & set(task.keys):
        raise Lacking(
            f"The task {task.name} has no data on the hub: give a folder that has it with --data DIR.",
            "the hub does not have them",
        )
    return None


def _translations(task: Task, wanted: Wanted) -> dict[str, Path]:
    """By language the files that have the items of a task in others; `Lacking` where one is not there."""
    found = {}
    for language, name in task.metadata.translations.items():
        path = find_file(name, wanted.data)
        if path is None:
            raise Lacking(
                f"No folder of --data has {name}.jsonl or .jsonl.gz, the items of the task {task.name} in {language}: "
                "add it.",
                f"no folder of data has them in {language}",
            )
        found[language] = path
    return found


def _can_run(task: Task, wanted: Wanted) -> None:
    """`UserError` without a jail for programs; `Lacking` where this machine has no tools for a task's."""
    if task.metadata.kind == "writing":
        try:
            ready_to_write(task.metadata.language)
        except UserError as error:
            raise Lacking(str(error), "MeCab is not installed") from error
    if task.metadata.kind != "program":
        return
    from aurora.evaluation.code import ready

    ready([], unsafe=wanted.unsafe_code)
    try:
        ready([task.metadata.language.removeprefix("code:")], unsafe=wanted.unsafe_code)
    except UserError as error:
        raise Lacking(str(error), str(error).partition(":")[0]) from error


def files_of(wanted: Wanted) -> dict[str, Path | None]:
    """By name of what is asked the files of its items; None where they are on the hub, or nowhere."""
    found: dict[str, Path | None] = {}
    for name in _named(wanted):
        task = read_task(name)
        found[name] = find_file(task.data_file, wanted.data)
        for language, file in task.metadata.translations.items():
            found[f"{name} in {language}"] = find_file(file, wanted.data)
    return found


def _named(wanted: Wanted) -> dict[str, int | None]:
    """The tasks, in order, each with the most items that are asked of it."""
    limits: dict[str, int | None] = {}
    for name in wanted.suites:
        suite = read_suite(name)
        limits |= {task: wanted.limit or suite.limit for task in suite.tasks if task not in limits}
    return limits | (dict.fromkeys(wanted.tasks, wanted.limit) or ({} if limits else {DEFAULT: wanted.limit}))


def _wordings(task: Task, forms: Sequence[str]) -> list[str]:
    return [wording for form, wordings in task.forms().items() if not forms or form in forms for wording in wordings]


def needs_lm_eval(wanted: Wanted) -> bool:
    """Whether any of the tasks can only be asked by lm-eval."""
    return wanted.chat or any(not is_plain(read_task(name)) for name in _named(wanted))


def require_lm_eval() -> None:
    """`UserError` without lm-eval."""
    try:
        import lm_eval  # noqa: F401
    except ImportError as error:
        raise UserError("Tasks need lm-eval, which is not installed: run pip install 'aurora-lm[evaluate]'.") from error
