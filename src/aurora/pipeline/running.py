"""Running a recipe: its steps in order, each skipped when it is done.

One decision: whether a step must run follows only from its settings and the hashes of what it reads, so changing one
setting reruns exactly what depends on it, and a step whose inputs are byte-identical after a rerun above it does not
run again.
"""

from __future__ import annotations

import gc
import os
import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aurora.console.progress import say
from aurora.errors import UserError
from aurora.files import below, json_text, sha256
from aurora.folders import MANIFEST, MISSING, clear_replaced, faults, keep_from_loss, refuse_faulty
from aurora.hashes import remembered
from aurora.nearest import nearest
from aurora.pipeline import benchmarks, corpus, evaluation, redteam, tokens, training
from aurora.pipeline.changes import tell_changes
from aurora.pipeline.reporting import write_run_report
from aurora.pipeline.step import Project, Step
from aurora.pipeline.training import Asked
from aurora.recipe import LoadedRecipe
from aurora.run import seal
from aurora.run.folder import HASHES, OWN_FILES, RECIPE, SCRATCH, SEAL, RunFolder
from aurora.run.lock import locked
from aurora.run.manifest import artifact, fingerprint, read_manifest
from aurora.run.working import keep_work_from_loss, working_folder
from aurora.training.process.memory import give_back_memory
from aurora.training.wish import AS_IT_IS, Wish

# Less than the smallest recipe writes: with so little space a run would only fail later, in the middle of a step.
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
    """Run the steps that are not done yet, in order; returns {"run", "ran": [step names], "report"}.

    `until` stops after a step; `only` runs a single step that depends on no other (the red-team set). `wish` says what
    a stage with earlier work is to do.
    """
    loaded.take_languages()  # the languages in force may be those of another recipe read since
    place, asked = RunFolder(run), Asked(wish)
    project = Project(loaded, place)
    steps = _chosen(steps_of(project, asked), until, only)
    if os.environ.get("RANK", "0") != "0":
        return _follow(run, steps)
    if dry_run or seal.read_seal(run) is None:
        refuse_foreign(run, steps)  # before even a lock is written to a folder that may be somebody else's
    if dry_run:
        with remembered(place.hashes, write=False):
            tell_changes(place.recipe, loaded.recipe)
            return {"run": str(run), "would_run": _plan(run, steps)}
    with locked(run), remembered(place.hashes), _leading() as announce:
        _room_on_disk(run)
        refuse_foreign(run, steps)
        _take_up(run, steps)
        text = json_text(loaded.recipe.model_dump(mode="json"))
        tell_changes(place.recipe, loaded.recipe)
        if not place.recipe.is_file() or place.recipe.read_text(encoding="utf-8") != text:
            seal.reopen(run)
        seal.write_sealed(run, RECIPE, text)
        ran = [step.name for step in steps if _carry_out(run, step, announce)]
        if not ran:
            say(f"Nothing to do: every step of {run} is done with these settings.")
        if asked.wish:
            say("No stage that ran had earlier work, so --resume-from or --restart had no effect.")
        report = None
        if until is None and only is None:
            report = str(write_run_report(project, steps))
            say(f"Chat with it: aurora chat {shlex.quote(str(run))}")
            say(f"Give it away: aurora export {shlex.quote(str(run))} DIR")
            say(f"Report: {report}")
    return {"run": str(run), "ran": ran, "report": report}


def steps_of(project: Project, asked: Asked | None = None) -> list[Step]:
    """Every step of a recipe, in the order they run; `asked` is what the user wants of a stage with earlier work."""
    return [
        *corpus.steps(project),
        *redteam.steps(project),
        *_tokens_and_base(project),
        *evaluation.steps_of_base(project),
        *benchmarks.steps_of_base(project),
        *training.steps(project, asked or Asked(AS_IT_IS)),
        *evaluation.steps(project),
        *benchmarks.steps(project),
    ]


def refuse_step(loaded: LoadedRecipe, run: Path, name: str | None) -> None:
    """Raise where a recipe has no step of a name."""
    _chosen(steps_of(Project(loaded, RunFolder(run))), name, None)


def _tokens_and_base(project: Project) -> list[Step]:
    """The token steps and the imported model; one that drafts answers is there before they become tokens."""
    tokenizer, stores = tokens.steps(project)
    base, drafts = training.steps_of_base(project), redteam.steps_of_drafts(project)
    return [tokenizer, *base, *drafts, stores] if drafts else [tokenizer, stores, *base]


def refuse_foreign(run: Path, steps: list[Step]) -> None:
    """Raise, before anything is written, where a run would overwrite files that it has not written itself."""
    if run.exists() and not run.is_dir():
        raise UserError(f"{run} is a file: give a folder as --output.")
    sealed = seal.read_seal(run)
    for part in OWN_FILES:
        seal.keep_sealed(run, part, sealed)
    for step in steps:
        place, part = below(run, step.folder), f"{step.folder}/{MANIFEST}"
        if sealed is not None and sealed.expected(part):
            seal.keep_sealed(run, part, sealed)
        else:
            keep_from_loss(place)
        keep_work_from_loss(place)
    for name in SCRATCH:
        if below(run, name).exists() and sealed is None:
            raise UserError(f"{run / name} was not written by this run: move it away, or choose another --output.")


def _take_up(run: Path, steps: list[Step]) -> None:
    """Complete or clear what a killed process left in this run."""
    for name in (SEAL, HASHES, *OWN_FILES):
        for remnant in run.glob(f".{name}.*.partial"):
            remnant.unlink()
    for step in steps:
        clear_replaced(run / step.folder)
    seal.begin(run)


@contextmanager
def _leading() -> Iterator[Callable[[str], object]]:
    """Yield a function that tells torchrun's other processes which shared step begins; release them at the end."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield str
        return
    from aurora.training.process.job import join, leave

    job = join()
    yield job.hear
    job.hear("")  # no further step: the end of the others' loop in `_follow`
    leave()


def _follow(run: Path, steps: list[Step]) -> dict[str, Any]:
    """Take part in the shared steps that rank 0 announces, until it announces none."""
    from aurora.training.process.job import join, leave

    job = join()
    shared = {step.name: step for step in steps if step.shared}
    ran = []
    while name := job.hear():
        shared[name].run(working_folder(run / shared[name].folder))
        ran.append(name)
    leave()
    return {"run": str(run), "ran": ran, "report": None}


def _carry_out(run: Path, step: Step, announce: Callable[[str], object] = str) -> bool:
    """Run one step unless it is finished; True where it ran. `announce` tells other processes about a shared step."""
    inputs = step.inputs()
    part = f"{step.folder}/{MANIFEST}"
    if _finished(run, step, inputs):
        seal.settle(run, part)
        return False
    start = time.perf_counter()
    say(f"▸ {step.name}: {step.purpose}")
    with artifact(
        below(run, step.folder),
        step.name,
        step.version,
        step.settings,
        inputs,
        keep_edited=step.takes_up_edited_work,
        announce=lambda manifest: seal.announce(run, part, sha256(manifest)),
    ) as folder:
        seal.reopen(run)
        if step.shared:
            announce(step.name)
        step.run(folder)
        if step.shared:  # a trained network and its hooks hold each other, and would live on beside the next one
            gc.collect()
    give_back_memory()
    seal.settle(run, part)
    say(f"  done in {time.perf_counter() - start:.0f} s: {run / step.folder}")
    return True


def _finished(run: Path, step: Step, inputs: dict[str, str]) -> bool:
    """Whether a step is done with these settings and inputs and no file is missing; `AuroraError` for damage."""
    folder = run / step.folder
    manifest = read_manifest(folder)
    if manifest is None or manifest.fingerprint != fingerprint(step.name, step.version, step.settings, inputs):
        return False
    damage = faults(folder, manifest.hashes)
    refuse_faulty(folder, {name: fault for name, fault in damage.items() if fault != MISSING})
    if damage:
        say(f"{folder / next(iter(damage))} {MISSING}, so {step.name} runs again.")
    return not damage


def _plan(run: Path, steps: list[Step]) -> list[str]:
    """Names of the steps that would run: the first that is not finished, and all after it, which may depend on it."""
    for index, step in enumerate(steps):
        if not _finished(run, step, step.inputs()):
            say(f"{step.name} would run: {step.purpose}")
            for later in steps[index + 1 :]:
                say(f"{later.name} would run, unless its inputs stay the same")
            return [later.name for later in steps[index:]]
    say(f"Nothing to do: every step of {run} is done with these settings.")
    return []


def _chosen(steps: list[Step], until: str | None, only: str | None) -> list[Step]:
    names = [step.name for step in steps]
    for name in (until, only):
        if name is not None and name not in names:
            close = _close(name, names)
            hint = f" (did you mean {close}?)" if close else ""
            raise UserError(f"This recipe has no step {name!r}{hint}: choose from {', '.join(names)}.")
    if only is not None:
        return [steps[names.index(only)]]
    return steps if until is None else steps[: names.index(until) + 1]


def _close(name: str, names: list[str]) -> str | None:
    """The step that is meant: `cap` is `train:cap`, and slips of the keyboard are the nearest."""
    parts = {step.partition(":")[2]: step for step in reversed(names) if ":" in step}
    return nearest(name, names) or parts.get(nearest(name, parts) or "")


def _room_on_disk(run: Path) -> None:
    free = shutil.disk_usage(run).free
    if free < LEAST_FREE_BYTES:
        raise UserError(f"Only {free / 1e6:.0f} MB are free for {run}: free some space, or choose another --output.")
