"""Running a recipe: its steps in order, each skipped when it is done.

One decision: whether a step must run follows from its settings and the hashes of what it reads alone, so changing one
setting reruns exactly what depends on it, and a step whose inputs come out byte-identical after a rerun above it is
not run again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aurora.errors import UserError
from aurora.files import explained, write_json
from aurora.manifest import artifact, fingerprint, read_manifest, working_folder
from aurora.progress import say
from aurora.recipe import LoadedRecipe
from aurora.runs import RECIPE
from aurora.steps import Step, Steps
from aurora.training.wish import AS_IT_IS, Wish

# What a run may write at most: below this a step would only fail later, in the middle of something.
LEAST_FREE_BYTES = 50_000_000


def run_recipe(
    loaded: LoadedRecipe,
    run: Path,
    *,
    until: str | None = None,
    only: str | None = None,
    dry_run: bool = False,
    wish: Wish = AS_IT_IS,
) -> dict[str, Any]:
    """Carry out what is not done yet, in order; returns {"run", "ran": [step names], "report"}.

    `until` stops after a step; `only` carries out a single step that reads no other (the red-team set). `wish` is what
    a stage with earlier work shall do.
    """
    made = Steps(loaded, run, wish)
    steps = _chosen(made.all(), until, only)
    if dry_run:
        return {"run": str(run), "would_run": _plan(run, steps)}
    if os.environ.get("RANK", "0") != "0":
        return _follow(run, steps)
    with _locked(run), _leading() as announce:
        _room_on_disk(run)
        write_json(run / RECIPE, loaded.recipe.model_dump(mode="json"))
        ran = [step.name for step in steps if _carry_out(run, step, announce)]
        if not ran:
            say(f"Nothing to do: every step of {run} is done with these settings.")
        if made.wish:
            say("No stage had earlier work to go on with or to begin anew, so --resume-from or --restart did nothing.")
        report = None
        if until is None and only is None:
            from aurora.reporting.collect import write_run_report

            report = str(write_run_report(loaded, run))
            say(f"Report: {report}")
    return {"run": str(run), "ran": ran, "report": report}


@contextmanager
def _leading() -> Iterator[Callable[[str], object]]:
    """Gives what tells the other processes of torchrun which shared step begins; at the end they are let go."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield str
        return
    from aurora.training.job import join, leave

    job = join()
    yield job.hear
    job.hear("")
    leave()


def _follow(run: Path, steps: list[Step]) -> dict[str, Any]:
    """Take part in the shared steps that the first process announces, until it announces none."""
    from aurora.training.job import join, leave

    job = join()
    shared = {step.name: step for step in steps if step.shared}
    ran = []
    while name := job.hear():
        shared[name].run(working_folder(run / shared[name].folder))
        ran.append(name)
    leave()
    return {"run": str(run), "ran": ran, "report": None}


def _carry_out(run: Path, step: Step, announce: Callable[[str], object] = str) -> bool:
    """Run one step unless it is finished; True where it ran. `announce` tells other processes of a shared one."""
    inputs = step.inputs()
    if _finished(run, step, inputs):
        return False
    start = time.perf_counter()
    say(f"▸ {step.name}: {step.purpose}")
    with artifact(
        run / step.folder, step.name, step.version, step.settings, inputs, keep_edited=step.takes_up_edited_work
    ) as folder:
        if step.shared:
            announce(step.name)
        step.run(folder)
    say(f"  done in {time.perf_counter() - start:.0f} s: {run / step.folder}")
    return True


def _finished(run: Path, step: Step, inputs: dict[str, str]) -> bool:
    manifest = read_manifest(run / step.folder)
    return manifest is not None and manifest.fingerprint == fingerprint(step.name, step.version, step.settings, inputs)


def _plan(run: Path, steps: list[Step]) -> list[str]:
    """Names of the steps that would run: those that are not finished, and all that may read what these write."""
    for index, step in enumerate(steps):
        if not _finished(run, step, step.inputs()):
            say(f"{step.name} would run: {step.purpose}")
            for later in steps[index + 1 :]:
                say(f"{later.name} would run, unless what it reads comes out the same")
            return [later.name for later in steps[index:]]
    say(f"Nothing to do: every step of {run} is done with these settings.")
    return []


def _chosen(steps: list[Step], until: str | None, only: str | None) -> list[Step]:
    names = [step.name for step in steps]
    for name in (until, only):
        if name is not None and name not in names:
            raise UserError(f"This recipe has no step {name!r}; its steps are {', '.join(names)}.")
    if only is not None:
        return [steps[names.index(only)]]
    return steps if until is None else steps[: names.index(until) + 1]


def _room_on_disk(run: Path) -> None:
    free = shutil.disk_usage(run).free
    if free < LEAST_FREE_BYTES:
        raise UserError(f"Only {free / 1e6:.0f} MB are free for {run}: free some space or choose another --output.")


@contextmanager
def _locked(run: Path) -> Iterator[None]:
    """Only one process works on a run at a time; the lock dies with its process, however it ends."""
    with explained(run):
        run.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(run / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(f"Another process is working on {run}: wait for it, or choose another --output.") from error
        yield
    finally:
        os.close(descriptor)
