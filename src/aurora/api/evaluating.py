"""Checkpoints on tasks and suites.

One decision: all of them answer the same items, so any two compare in pairs; they are loaded one after the other, so
memory is that of one.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.errors import AuroraError, UserError

if TYPE_CHECKING:
    from aurora.evaluation.self_test.running import SelfTest
    from aurora.evaluation.tasks.planned import Planned, Wanted
    from aurora.training.process.job import Job

FORMATS = ("aurora", "lm-eval", "olmo-eval")  # of files of results


def evaluate(
    checkpoints: Sequence[Path], wanted: Wanted, output: Path | None = None, form: str = FORMATS[0]
) -> list[dict[str, Any]]:
    """The results of each checkpoint, in order; as files of `form` in the folder `output`, if any.

    With a budget, items are asked until it is decided of each later checkpoint whether it lost more than that against
    the first. Processes that torchrun started share the items, and each returns all results; only the first writes.
    Stopped and called again, it goes on. `UserError` names a task, a suite, data or a checkpoint that is not there.
    """
    from aurora.api.checkpoints import check_checkpoint
    from aurora.console.progress import say
    from aurora.evaluation.tasks.planned import plan
    from aurora.evaluation.tasks.safety import judging_by
    from aurora.redteam.judging.named import judge_named

    if len({path.resolve() for path in checkpoints}) < len(checkpoints):
        raise UserError("A checkpoint is given twice: it would be compared with itself.")
    if wanted.budget is not None and len(checkpoints) < 2:
        raise UserError("--budget asks what a later checkpoint lost against the first: give two checkpoints or more.")
    if wanted.budget is not None and output is not None and form != FORMATS[0]:
        raise UserError(f"Files of {form} cannot say that a budget decided what was asked: leave out --format.")
    planned, left_out = plan(wanted)
    for path in checkpoints:
        check_checkpoint(path)
    if output is not None:
        _keep_what_is_there(output, names(checkpoints), planned, form)
    for why in dict.fromkeys(left_out.values()):
        say(f"  left out ({why}): {', '.join(name for name, reason in left_out.items() if reason == why)}")
    with _sharing() as job, _kept(checkpoints, wanted) as kept, judging_by(judge_named(wanted.judge)):
        found = []
        for results in _each(checkpoints, planned, kept, left_out, job):
            if output is not None and (job is None or job.rank == 0):
                say(f"  {_written(results, output, form)}")
            found.append(results)
        return found


@contextmanager
def _kept(checkpoints: Sequence[Path], wanted: Wanted) -> Iterator[Wanted]:
    """What is wanted with a file for its answers: the user's, or one that is there only until all are given."""
    from aurora.evaluation.scorer.resuming import resuming

    if wanted.cache is not None:
        yield wanted
        return
    asked = {key: _plain(value) for key, value in asdict(wanted).items()}
    with resuming([[str(path.resolve()) for path in checkpoints], asked]) as cache:
        yield replace(wanted, cache=cache)


def _plain(value: Any) -> Any:
    """As JSON holds it: paths as texts."""
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return str(value.resolve()) if isinstance(value, Path) else value


def _each(
    checkpoints: Sequence[Path], planned: Sequence[Planned], wanted: Wanted, left_out: dict[str, str], job: Job | None
) -> Iterator[dict[str, Any]]:
    """The results of each checkpoint under its name: as soon as they are there, or with a budget all at the end."""
    called = names(checkpoints)
    if wanted.budget is None:
        for path, name in zip(checkpoints, called, strict=True):
            yield {**_evaluated(path, planned, wanted, left_out, job), "name": name}
        return
    from aurora.api.checkpoints import load_checkpoint
    from aurora.evaluation.comparing.deciding import Model, decided

    def load(number: int) -> Model:
        checkpoint = load_checkpoint(checkpoints[number], device=_device() if job else None)
        return Model(called[number], checkpoint.path, checkpoint.network, checkpoint.text)

    for name, found in zip(called, decided(called, load, planned, wanted, left_out, job), strict=True):
        yield {**found, "learnt_from": _learnt_from(Path(found["model"]["path"])), "name": name}


@contextmanager
def _sharing() -> Iterator[Job | None]:
    """The processes that torchrun started, if it did."""
    if os.environ.get("WORLD_SIZE", "1") == "1":
        yield None
        return
    from aurora.training.process.job import join, leave

    try:
        yield join()
    finally:
        leave()


def self_test(checkpoints: Sequence[Path]) -> dict[str, SelfTest]:
    """The scorer tested on each checkpoint, by name: bugs are put in, and each must be found."""
    from aurora.api.checkpoints import load_checkpoint
    from aurora.evaluation.tasks.planned import require_lm_eval

    require_lm_eval()
    from aurora.evaluation.self_test.running import self_test as tested

    found = {}
    for path, name in zip(checkpoints, names(checkpoints), strict=True):
        checkpoint = load_checkpoint(path)
        found[name] = tested(checkpoint.network, checkpoint.text)
    return found


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


@contextmanager
def _all_stays() -> Iterator[None]:
    """No search for garbage among millions of entries that all stay: it would take more time than the work."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@_all_stays()
def read_all(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Results in files, each under a name of its own."""
    from aurora.evaluation.comparing.compared import answers_of
    from aurora.evaluation.comparing.others import read_any
    from aurora.evaluation.comparing.results import warnings
    from aurora.evaluation.comparing.shown import outcome_lines
    from aurora.evaluation.comparing.translations import attack_lines
    from aurora.files import as_written
    from aurora.reporting.comparison.items import items_of

    if len({path.resolve() for path in paths}) < len(paths):
        raise UserError("A file of results is given twice: it would be compared with itself.")
    found = []
    for path, name in zip(paths, names(paths), strict=True):
        results = {**read_any(path), "name": name}
        with as_written(path):  # all that is read of it later
            answers_of(name, results)
            outcome_lines(name, results)
            attack_lines(name, results)
            warnings(results)
            items_of([results])
        found.append(results)
    return found


@_all_stays()
def comparison(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each model, task and form, each later model compared with the first."""
    from aurora.evaluation.comparing.compared import answers_of, compared

    return compared([answers_of(one["name"], one) for one in results])


def check_page(page: Path) -> None:
    """`UserError` where `page` is a file that Aurora did not write: before hours of work are spent on it."""
    from aurora.reporting.comparison.page import check_comparison_page

    check_comparison_page(page)


def write_page(results: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]], page: Path) -> None:
    """Write the page of results and of the rows of their `comparison`."""
    from aurora.reporting.comparison.page import write_comparison_page

    try:
        write_comparison_page(results, rows, page)
    except (
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:  # anybody may have edited files
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise AuroraError(
            f"{page} cannot be made: one of the results is not as it was written ({said}): restore it."
        ) from error


def _evaluated(
    path: Path, planned: Sequence[Planned], wanted: Wanted, left_out: dict[str, str], job: Job | None
) -> dict[str, Any]:
    from aurora.api.checkpoints import load_checkpoint
    from aurora.evaluation.comparing.asking import asked_model

    checkpoint = load_checkpoint(path, device=_device() if job else None)
    found = asked_model(checkpoint.path, checkpoint.network, checkpoint.text, planned, wanted, left_out, job)
    return found | {"learnt_from": _learnt_from(checkpoint.path)}


def _device() -> str | None:
    """The accelerator of this process among those of its machine."""
    import torch

    return f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if torch.cuda.is_available() else None


def _learnt_from(path: Path) -> dict[str, list[str]]:
    """By benchmark the sources made from its training set that a checkpoint of a run has learnt from."""
    from aurora.recipe.stages.kin import learnt_from
    from aurora.run.opening import recipe_of, run_of

    run = run_of(path)
    return {} if run is None else learnt_from(recipe_of(run), path.name)


def _keep_what_is_there(output: Path, named: Sequence[str], planned: Sequence[Planned], form: str) -> None:
    """`UserError` before any work where a file of the user's stands in the place of results."""
    from aurora.evaluation.comparing.others import keep, written

    asked = [(part.task.name, wording) for part in planned for wording in part.wordings]
    for path in (path for name in named for path in written(output, name, form, asked)):
        for folder in (path.parent, output):
            if folder.exists() and not folder.is_dir():
                raise UserError(f"{folder} is a file: give --output a folder.")
        keep(path)


def _written(results: dict[str, Any], output: Path, form: str) -> Path:
    """Write results in one of `FORMATS`; the file, or the folder of several."""
    from aurora.evaluation.comparing import others

    folder: Path = output / results["name"]
    if form == FORMATS[0]:
        path: Path = output / f"{results['name']}.json"
        others.write_own(results, path)
        return path
    (others.write_lm_eval if form == FORMATS[1] else others.write_olmo_eval)(results, folder)
    return folder
