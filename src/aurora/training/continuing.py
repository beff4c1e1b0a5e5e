"""Where a stage goes on: from which checkpoint of an earlier attempt, or of a finished one that was edited.

One decision: nothing is removed because it does not fit. A checkpoint that was made with other values stops the stage
with the keys that differ, until its user decides (`Wish`); a damaged one is set aside where an earlier one is whole,
and else stops the stage too. What is set aside lies in `STAGE.set-aside` beside the stage's folder, never in it, so
that no finished stage holds anything of an earlier life. A finished stage is gone on from where the values that made it
still hold, as when it is given more tokens.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aurora.errors import AuroraError, UserError
from aurora.files import explained, read_json, sha256, write_json
from aurora.folders import CHECKSUMS, MANIFEST, SET_ASIDE, publish
from aurora.progress import say
from aurora.recipe.made_with import MadeWith, described, differences, json_values
from aurora.recipe.stages import Stage
from aurora.tokens.decisions import DECISIONS
from aurora.training.checkpoint import (
    MODEL,
    OPTIMIZER,
    STATE,
    Checkpoint,
    Damaged,
    State,
    clear_crash_leavings,
    read_checkpoint,
    state_of,
    step_folder,
    step_folders,
    step_of,
)
from aurora.training.job import Job
from aurora.training.left_out import FILE as LEFT_OUT
from aurora.training.metrics import METRICS
from aurora.training.wish import Wish
from aurora.working import FINGERPRINT

# What fixes the numbers of a stage's first so many steps; later ones may be edited.
Deciding = Callable[[int], MadeWith]

RECORDS = (METRICS, LEFT_OUT, DECISIONS)


@dataclass(frozen=True)
class Found:
    """What a stage goes on from, and which `edits` its numbers went through."""

    checkpoint: Checkpoint | None
    edits: list[dict[str, Any]]


class Earlier:
    """The earlier work of the stage called `name`: in its working `folder`, and in the `finished` one it will replace.

    Every rank of `job` asks the same; the first moves things. `made_with` says what the first steps are made with now.
    """

    def __init__(
        self, stage: Stage, name: str, folder: Path, finished: Path | None, made_with: Deciding, job: Job
    ) -> None:
        self._stage = stage
        self._name = name
        self._folder = folder
        self._finished = finished
        self._deciding = made_with
        self._job = job
        place = finished or folder
        self._aside = place.with_name(f"{place.name}{SET_ASIDE}")

    def take_up(self, wish: Wish) -> Found:
        """What to go on from.

        `UserError` where values have changed and `wish` does not say what then, or names a step without a checkpoint;
        `AuroraError` where every checkpoint is damaged.
        """
        self._first(lambda: self._prepare(wish))
        steps = [step for step in self._steps() if wish.step in (None, step)]
        checkpoint, damaged = self._newest_whole(steps)
        if checkpoint is None:
            if damaged and wish.step is not None:
                raise UserError(
                    f"{' '.join(damaged.values())} Put back what it was, or name another; {self._listed()}."
                )
            if damaged:
                raise AuroraError(
                    f"Stage {self._name} cannot go on, as no checkpoint is whole. {' '.join(damaged.values())} Put "
                    "back what they were, or run again with --restart, which begins anew and moves them to "
                    f"{self._aside}."
                )
            if wish.step is not None:
                raise UserError(f"Stage {self._name} has no checkpoint of step {wish.step}; {self._listed()}.")
            return Found(None, [])
        changed = self._changed(checkpoint.state)
        if changed and (wish.step is None or wish.step > self._stage.steps):
            raise UserError(self._refusal(checkpoint.state, changed))
        self._set_damaged_aside(damaged)
        edits = list(checkpoint.state.edits)
        if wish.step is not None:
            self._first(lambda: self._set_later_aside(checkpoint.state.step))
        if changed:
            edits.append({"step": checkpoint.state.step, "changed": {key: list(pair) for key, pair in changed.items()}})
            say(
                f"Stage {self._name} goes on from step {checkpoint.state.step} with other values: {described(changed)}."
            )
        return Found(checkpoint, edits)

    def made_with(self, steps: int) -> dict[str, Any]:
        """What the first so many steps are made with now, as a checkpoint records it."""
        return json_values(self._deciding(steps))

    def go_back(self, step: int, wanted: int, usable: Callable[[int], bool]) -> Checkpoint:
        """The newest whole checkpoint whose step is `usable`, for a stage that goes back from `step` to `wanted`."""
        checkpoint, damaged = self._newest_whole([at for at in self._steps() if usable(at)])
        if checkpoint is None:
            raise AuroraError(
                f"Stage {self._name} cannot go back from step {step}, as no whole checkpoint up to step {wanted} is "
                f"left. {' '.join(damaged.values())} Put back what it was, or run again with --restart."
            )
        self._set_damaged_aside(damaged)
        return checkpoint

    def displace(self) -> None:
        """Set the finished stage aside that this one replaces; it must have ended."""
        if self._finished is None or not self._finished.exists():
            return
        moved = self._set_aside(self._finished, "finished")
        say(f"What stage {self._name} was before is kept in {moved}; delete it when you need it no more.")

    def _prepare(self, wish: Wish) -> None:
        """Clear what a crash left, and bring what there is into the form of checkpoints in the working folder."""
        clear_crash_leavings(self._folder)
        if wish.restart:
            self._begin_anew()
            return
        if (self._folder / STATE).is_file():  # it was at its end, with other values
            self._final_files_as_checkpoint()
        if not step_folders(self._folder) and self._finished is not None and self._finished.exists():
            self._take_from_finished(self._finished, wish)

    def _begin_anew(self) -> None:
        """Set aside all that the working folder holds; its mark says whose folder it is and stays."""
        checkpoints = sorted(step_folders(self._folder), key=step_of)
        if not checkpoints and not (self._folder / STATE).is_file():
            return
        target = self._free("interrupted")
        target.mkdir(parents=True)
        rest = [path for path in sorted(self._folder.iterdir()) if path.name != FINGERPRINT and path not in checkpoints]
        for path in [*rest, *checkpoints]:
            path.rename(target / path.name)
        say(f"Stage {self._name} begins anew; what there was is kept in {target}.")

    def _final_files_as_checkpoint(self) -> None:
        """A stage that was stopped between its end and its manifest, and then edited, as one interrupted at its end."""
        state = state_of(self._folder / STATE)
        if state.weights_of != state.step or self._stage.retention is not None:
            raise UserError(
                f"Stage {self._name} has ended with other values: {described(self._changed(state))}. Undo the change, "
                f"or run again with --restart, which moves what was made to {self._aside} and begins anew."
            )
        if not step_folder(self._folder, state.step).exists():
            sums = {name: sha256(self._folder / name) for name in (MODEL, OPTIMIZER, STATE)}
            self._as_checkpoint(self._folder, state.step, sums)
        (self._folder / STATE).unlink()  # it is in the checkpoint now, and the stage goes on

    def _take_from_finished(self, finished: Path, wish: Wish) -> None:
        """Give the working folder the newest of a finished stage's checkpoints that holds, and its records."""
        outputs = self._undamaged(finished)
        final = state_of(finished / STATE)
        states = {path: state_of(path / STATE) for path in step_folders(finished) if (path / STATE).is_file()}
        if final.weights_of == final.step and self._stage.retention is None:
            states = {finished: final, **states}
        fitting = {
            path: state
            for path, state in states.items()
            if state.step == wish.step or (wish.step is None and not self._changed(state))
        }
        if not fitting:
            if wish.step is not None:
                there = _there(sorted({state.step for state in states.values()}))
                raise UserError(f"Finished stage {self._name} has no checkpoint of step {wish.step}; {there}.")
            say(
                f"Stage {self._name} was made with other values: {described(self._changed(final))}. It is trained "
                f"anew, and what it was is kept in {self._aside}."
            )
            return
        path, state = next(iter(fitting.items()))
        for name in RECORDS:
            if (finished / name).is_file():
                _link(finished / name, self._folder / name)
        for older, other in reversed(states.items()):
            if other.step <= state.step and older != finished:
                self._bring(older, list(read_json(older / CHECKSUMS)), other.step)
        if path == finished and not step_folder(self._folder, state.step).exists():
            self._as_checkpoint(finished, state.step, {name: outputs[name] for name in (MODEL, OPTIMIZER, STATE)})
        say(f"Finished stage {self._name} goes on from its step {state.step}, up to which the values are the same.")

    def _undamaged(self, finished: Path) -> dict[str, str]:
        """The hash of every file of a finished stage; `AuroraError` where one is not there whole."""
        try:
            outputs = read_json(finished / MANIFEST)["outputs"]
            wrong = [
                name
                for name, output in outputs.items()
                if not (finished / name).is_file() or (finished / name).stat().st_size != output["bytes"]
            ]
            sums = {name: str(output["sha256"]) for name, output in outputs.items()}
            wrong += [name for name in (MODEL, OPTIMIZER, STATE) if name not in outputs]
        except (AuroraError, OSError, KeyError, TypeError, AttributeError):
            sums, wrong = {}, [MANIFEST]
        if wrong:
            raise AuroraError(
                f"Finished stage {self._name} is damaged: {', '.join(wrong)} in {finished} is missing or cut. Put it "
                f"back, or run again with --restart, which trains the stage anew and moves this to {self._aside}."
            )
        return sums

    def _as_checkpoint(self, source: Path, step: int, sums: dict[str, str]) -> None:
        """Make the checkpoint of a step from the final files in `source`, whose hashes are `sums`."""
        self._bring(source, list(sums), step, sums)

    def _bring(self, source: Path, names: Iterable[str], step: int, sums: dict[str, str] | None = None) -> None:
        """Make the checkpoint of a step from files of `source`, without copying where the disk can do so."""
        target = step_folder(self._folder, step)
        partial = target.with_name(f".{target.name}.partial")
        with explained(target):
            partial.mkdir()
            for name in names:
                _link(source / name, partial / name)
            if sums is None:
                _link(source / CHECKSUMS, partial / CHECKSUMS)
            else:
                write_json(partial / CHECKSUMS, sums)
        publish(partial, target)

    def _changed(self, state: State) -> dict[str, tuple[Any, Any]]:
        """(old, new) of each value that the steps of a checkpoint were made with and that is another one now."""
        if state.step > self._stage.steps:
            return {f"stages.{self._name}.tokens": (state.tokens, self._stage.tokens_before(self._stage.steps))}
        return differences(state.made_with, self.made_with(state.step))

    def _refusal(self, state: State, changed: dict[str, tuple[Any, Any]]) -> str:
        fitting = []
        for step in self._steps():
            with suppress(AuroraError, OSError):
                if not self._changed(state_of(step_folder(self._folder, step) / STATE)):
                    fitting.append(step)
        hint = ""
        if any(key.endswith(".schedule.warmup") for key in changed) and self._stage.schedule.warmup < 1:
            hint = " A warm-up that is given in tokens does not change with the stage's length."
        if fitting:
            hint += f" The checkpoint of step {fitting[0]} is older than what has changed."
        return (
            f"Stage {self._name} cannot go on from step {state.step}, as what it was made with has changed: "
            f"{described(changed)}.{hint} Undo the change; or run again with --resume-from STEP ({self._listed()}), "
            f"which goes on from there with the new values, or with --restart, which begins anew: both keep what was "
            f"made in {self._aside}."
        )

    def _newest_whole(self, steps: Iterable[int]) -> tuple[Checkpoint | None, dict[Path, str]]:
        """The first of the checkpoints of `steps` that is whole, and what is wrong with those before it."""
        damaged: dict[Path, str] = {}
        for step in steps:
            path = step_folder(self._folder, step)
            try:
                return read_checkpoint(path, self._job), damaged
            except Damaged as error:
                damaged[path] = str(error)
        return None, damaged

    def _set_damaged_aside(self, damaged: dict[Path, str]) -> None:
        def act() -> None:
            for path, problem in damaged.items():
                moved = self._set_aside(path, f"{path.name}.damaged")
                say(f"{problem} The checkpoint before it is used, and this one kept as {moved}.")

        self._first(act)

    def _set_later_aside(self, step: int) -> None:
        """Set aside the checkpoints behind `step`, and the records that go with them."""
        later = [path for path in step_folders(self._folder) if step_of(path) > step]
        if not later:
            return
        target = self._free(f"after-{step_folder(self._folder, step).name}")
        target.mkdir(parents=True)
        for name in RECORDS:
            if (self._folder / name).is_file():
                shutil.copyfile(self._folder / name, target / name)
        for path in later:
            path.rename(target / path.name)
        say(f"Stage {self._name} leaves the steps behind {step}; they are kept in {target}.")

    def _set_aside(self, path: Path, name: str) -> Path:
        """Move `path` to a free name beside the stage's folder."""
        target = self._free(name)
        with explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        return target

    def _free(self, name: str) -> Path:
        names = (self._aside / (f"{name}-{number}" if number > 1 else name) for number in range(1, 10**6))
        return next(path for path in names if not path.exists())

    def _steps(self) -> list[int]:
        """The steps of the checkpoints in the working folder, newest first, as the first rank sees them."""
        return list(
            map(int, self._job.hear(" ".join(str(step_of(path)) for path in step_folders(self._folder))).split())
        )

    def _listed(self) -> str:
        return _there(sorted(step_of(path) for path in step_folders(self._folder)))

    def _first(self, act: Callable[[], None]) -> None:
        """Let the first rank act when all have come here; what it raises is raised on all."""
        self._job.wait()
        user = ""
        with self._job.together():
            if self._job.rank == 0:
                try:
                    act()
                except UserError as error:
                    user = str(error)
        if problem := self._job.hear(user):
            raise UserError(problem)


def _there(steps: list[int]) -> str:
    return f"there are those of {', '.join(map(str, steps))}" if steps else "there is none"


def _link(source: Path, target: Path) -> None:
    """A second name for a file that nobody changes in place; a copy where the disk knows no such thing."""
    with explained(target):
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
