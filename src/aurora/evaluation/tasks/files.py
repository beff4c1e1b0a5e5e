"""Files of tasks and suites: found by name, read with what they include, and checked.

One decision: wordings are differences. A task's own keys ask it in its first wording, and each further one names only
the keys that it changes; so every wording is a whole configuration of lm-eval, made in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aurora.errors import UserError
from aurora.nearest import meant
from aurora.written.yaml_nodes import read_table

LIBRARY = Path(str(resources.files(__package__))) / "library"
SUITES, FAMILIES, ENDING = "suites", "families", ".yaml"
DEEPEST, MOST_INCLUDES = 8, 50  # includes within includes, and all of them together
FUNCTION = "!function"
Kind = Literal["choice", "gap", "reading", "open", "maths", "program", "safety", "writing"]
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_BELOW = r"^[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)*$"  # never out of the folder of data
_WORDING = re.compile(r"(?P<form>[a-z]+)-[a-z0-9]+")
# What a wording may change; all else is the same for a task's wordings, or their scores would not compare.
CHANGED = {
    "doc_to_text", "doc_to_choice", "doc_to_target", "target_delimiter", "description", "gen_prefix",
    "generation_kwargs",
}  # fmt: skip


class Function(str):
    """`!function module.name` of a file: what it names is imported when the task runs."""


class Metadata(BaseModel):
    """What Aurora needs of a task besides what lm-eval does."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: float
    kind: Kind
    language: str
    measures: dict[str, str] = Field(min_length=1, description="The metric that scores each form.")
    wordings: dict[str, dict[str, Any]] = Field(min_length=1, description="By FORM-NAME the keys that it changes.")
    file: str | None = Field(
        None, pattern=_BELOW, description="Its file in a folder of data, without the ending; else its name."
    )
    only: dict[str, str] = Field(default_factory=dict, description="Fields that an item of the file must have.")
    translations: dict[str, Annotated[str, Field(pattern=_BELOW)]] = Field(
        default_factory=dict, description="By language the file that has the same items in it; others are left out."
    )
    examples_by: Literal["subject"] | None = Field(
        None, description="What examples share with their question, where there are enough such ones."
    )


@dataclass(frozen=True)
class Task:
    """A task: the keys of its file that are lm-eval's, and its metadata."""

    name: str
    path: Path
    keys: Mapping[str, Any]
    metadata: Metadata

    @property
    def shots(self) -> int:
        """How many examples stand before a question."""
        return int(self.keys.get("num_fewshot") or 0)

    @property
    def data_file(self) -> str:
        """Its file in a folder of data, without the ending."""
        return self.metadata.file or self.name

    def forms(self) -> dict[str, list[str]]:
        """Its wordings by form."""
        found: dict[str, list[str]] = {}
        for wording in self.metadata.wordings:
            found.setdefault(form_of(wording), []).append(wording)
        return found

    def config(self, wording: str) -> dict[str, Any]:
        """The keys of lm-eval for one wording, functions imported."""
        keys = {**self.keys, **self.metadata.wordings[wording]}
        return {key: _imported(value, self.path) for key, value in keys.items()} | {"task": f"{self.name}.{wording}"}


@dataclass(frozen=True)
class Suite:
    """Tasks under one name; at most `limit` items of each where it has one."""

    name: str
    tasks: tuple[str, ...]
    limit: int | None = None


def form_of(wording: str) -> str:
    """The form of a wording: `cloze` of `cloze-2`."""
    return wording.partition("-")[0]


def task_names() -> list[str]:
    """The tasks that come with Aurora."""
    return list(task_files())


def suite_names() -> list[str]:
    """The suites that come with Aurora."""
    return list(suite_files())


@cache
def task_files() -> dict[str, Path]:
    """The files of the tasks that come with Aurora, by name."""
    apart = (LIBRARY / SUITES, LIBRARY / FAMILIES)
    paths = (path for path in LIBRARY.rglob(f"*{ENDING}") if not any(path.is_relative_to(place) for place in apart))
    return {path.stem: path for path in sorted(paths, key=lambda path: path.stem)}


@cache
def suite_files() -> dict[str, Path]:
    """The files of the suites that come with Aurora, by name."""
    return {path.stem: path for path in sorted((LIBRARY / SUITES).glob(f"*{ENDING}"))}


def description(path: Path) -> str:
    """What the first line of a file of the library says it is."""
    return path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")


def read_suite(name: str) -> Suite:
    """A suite by its name; `UserError` names the nearest where there is none."""
    path = suite_files().get(name)
    if path is None:
        raise UserError(f"There is no suite {name} ({meant(name, suite_names(), 'suites')}).")
    raw = _table(path)
    return Suite(name, tuple(raw["task"]), (raw.get("metadata") or {}).get("limit"))


def read_task(name: str) -> Task:
    """A task by its name, or the one in a file of the user's; `UserError` says what is wrong with it."""
    if name.endswith(ENDING):
        return _task(Path(name))
    path = task_files().get(name)
    if path is None:
        raise UserError(
            f"There is no task {name} ({meant(name, task_names(), 'tasks')}); NAME.yaml is a file of yours."
        )
    return _task(path)


def _task(path: Path) -> Task:
    keys = _with_includes(path, 1, [])
    metadata, name = keys.pop("metadata"), keys.get("task")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UserError(f"{path}: `task` is {name!r}: give a name of lower-case letters, digits, _ and -.")
    keys.pop("tag", None)
    try:
        read = Metadata.model_validate(metadata)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(["metadata", *map(str, first["loc"])])
        raise UserError(f"{path}: {where}: {first['msg'].lower()}: correct it (docs/evaluation.md).") from error
    task = Task(name, path, keys, read)
    _check(task)
    return task


def _check(task: Task) -> None:
    for wording, changed in task.metadata.wordings.items():
        if not _WORDING.fullmatch(wording):
            raise UserError(f"{task.path}: metadata.wordings: {wording!r} is not FORM-NAME, as in cloze-1: rename it.")
        if unknown := set(changed) - CHANGED:
            raise UserError(
                f"{task.path}: metadata.wordings.{wording}: a wording cannot change {sorted(unknown)[0]} "
                f"({meant(sorted(unknown)[0], sorted(CHANGED), 'it can change')})."
            )
        if form_of(wording) not in task.metadata.measures:
            raise UserError(f"{task.path}: metadata.measures: the form {form_of(wording)} has no metric: name one.")
    shots, listed = task.keys.get("num_fewshot") or 0, task.keys.get("metric_list") or []
    if type(shots) is not int or shots < 0:
        raise UserError(f"{task.path}: num_fewshot is {shots!r}: give a whole number of examples.")
    if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
        raise UserError(f"{task.path}: metric_list is no list of tables: write - metric: NAME for each.")
    metrics = {str(row.get("metric")) for row in listed}
    for form, metric in task.metadata.measures.items():
        if metric not in metrics:
            raise UserError(f"{task.path}: metadata.measures.{form}: {metric} is not in metric_list: add it there.")
    if task.shots and task.keys.get("fewshot_split") == task.keys.get("test_split") is not None:
        raise UserError(f"{task.path}: fewshot_split: examples would come from scored items: give another split.")


def _with_includes(path: Path, depth: int, read: list[Path]) -> dict[str, Any]:
    """A file over what it includes; of `metadata`, tables are joined key by key, and wordings one by one.

    `read` are all files that were read so far.
    """
    read.append(path)
    if depth > DEEPEST or len(read) > MOST_INCLUDES:
        raise UserError(
            f"{path}: include: more than {DEEPEST} files include one another, or {MOST_INCLUDES} in all: remove some."
        )
    own = _table(path)
    included = own.pop("include", [])
    included = [included] if isinstance(included, str) else included
    if not isinstance(included, list) or not all(isinstance(name, str) and Path(name).name for name in included):
        raise UserError(f"{path}: include is {included!r}: give the name of a file, or a list of names.")
    merged: dict[str, Any] = {"metadata": {}}
    for name in included:
        place = path.parent / name
        # A file of the user's includes families by their names alone.
        families = (one for one in (LIBRARY / FAMILIES).rglob(f"*{ENDING}") if one.name == Path(name).name)
        found = place if place.is_file() else next(families, place)
        merged = _joined(merged, _with_includes(found, depth + 1, read))
    return _joined(merged, own)


def _joined(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    metadata = {**below["metadata"], **(above.get("metadata") or {})}
    wordings = {**below["metadata"].get("wordings", {}), **((above.get("metadata") or {}).get("wordings") or {})}
    if wordings:
        metadata["wordings"] = {
            name: {**below["metadata"].get("wordings", {}).get(name, {}), **(keys or {})}
            for name, keys in wordings.items()
        }
    return {**below, **above, "metadata": metadata}


def _table(path: Path) -> dict[str, Any]:
    """The keys of a file, within the limits of all YAML that people write."""
    try:
        table, _ = read_table(path, "a task", {FUNCTION: Function})
    except FileNotFoundError as error:
        raise UserError(f"{path} cannot be read (there is no such file): name a file of a task.") from error
    metadata = table.get("metadata") or {}
    wordings = (metadata.get("wordings") or {}) if isinstance(metadata, dict) else None
    if not isinstance(wordings, dict) or not all(isinstance(keys or {}, dict) for keys in wordings.values()):
        raise UserError(f"{path}: metadata is no table of keys with wordings by FORM-NAME: see docs/evaluation.md.")
    return table


def _imported(value: Any, path: Path) -> Any:
    """What a `!function` names: in a module, or in a file beside the task's as lm-eval looks for it."""
    if not isinstance(value, Function):
        return value
    from lm_eval.tasks._yaml_loader import _import_func_in_yml

    try:
        return _import_func_in_yml(str(value), path.parent)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(f"{path}: {FUNCTION} {value}: it cannot be imported ({error}): correct it.") from error


def languages(tasks: Iterable[Task]) -> list[str]:
    """The languages of some tasks."""
    return sorted({task.metadata.language for task in tasks})
