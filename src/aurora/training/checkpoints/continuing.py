"""Where a stage resumes: from which checkpoint of an earlier attempt, or of a finished stage whose recipe was edited.

One decision: nothing is removed because it does not fit. A checkpoint made with other values stops the stage with the
keys that differ, until its user decides (`Wish`); a damaged one is set aside if an earlier one is whole, and stops the
stage otherwise. A finished stage is resumed where the values that made it still hold, as when it is given more tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from aurora.console.progress import say
from aurora.errors import AuroraError, UserError
from aurora.recipe.stages.made_with import MadeWith, described, differences, json_values
from aurora.recipe.stages.stage import Stage
from aurora.training.checkpoints.aside import Aside, copy_records
from aurora.training.checkpoints.checkpoint import (
    Checkpoint,
    Damaged,
    clear_crash_leavings,
    read_checkpoint,
    step_folder,
    step_folders,
    step_of,
)
from aurora.training.checkpoints.taking_over import end_as_checkpoint, hashes_of, states_of, take_over
from aurora.training.process.job import Job
from aurora.training.records.state import STATE, State, state_of
from aurora.training.wish import Wish

# From a number of steps to the values that decide the numbers of a stage's first so many steps; what only later steps
# depend on may be edited.
Deciding = Callable[[int], MadeWith]


@dataclass(frozen=True)
class Resumed:
    """The checkpoint from which a stage resumes, None at its start, and the `edits` of its recipe until then."""

    checkpoint: Checkpoint | None
    edits: list[dict[str, Any]]


class Earlier:
    """The earlier work of a stage: in its working `folder`, and in the `finished` one it will replace.

    Every rank of `job` calls the same methods; rank 0 moves files. `made_with` gives what decides a stage's first steps
    now.
    """

    def __init__(self, stage: Stage, folder: Path, finished: Path | None, made_with: Deciding, job: Job) -> None:
        self._stage = stage
        self._name = stage.name
        self._folder = folder
        self._finished = finished
        self._deciding = made_with
        self.job = job
        self._aside = Aside(finished or folder)
        self._pending: list[Callable[[], None]] = []

    def take_up(self, wish: Wish) -> Resumed:
        """The checkpoint to resume from.

        `UserError` where values have changed and `wish` does not say what to do, or names a step without a checkpoint;
        `AuroraError` where every checkpoint is damaged.
        """
        self._first(lambda: self._prepare(wish))
        steps = [step for step in self._steps() if wish.step in (None, step)]
        checkpoint, damaged = self._newest_whole(steps)
        if checkpoint is None:
            self._without_checkpoint(wish, [*damaged.values()])
            return Resumed(None, [])
        changed = self._changed(checkpoint.state)
        if changed and (wish.step is None or wish.step > self._stage.steps):
            raise UserError(self._refusal(checkpoint.state, changed))
        self._pending = self._damaged_aside(damaged)
        edits = list(checkpoint.state.edits)
        step = checkpoint.state.step
        if wish.step is not None:
            self._pending.append(lambda: self._set_later_aside(step))
        if changed:
            edits.append({"step": step, "changed": {key: list(pair) for key, pair in changed.items()}})
            say(f"Stage {self._name} goes on from step {step} with other values: {described(changed)}.")
        return Resumed(checkpoint, edits)

    def settle(self) -> None:
        """Set aside what the resumed checkpoint does not need; called once the network has taken its weights."""
        for act in self._pending:
            self._first(act)

    def made_with(self, steps: int) -> dict[str, Any]:
        """What decides the first so many steps now, in the form that a checkpoint records."""
        return json_values(self._deciding(steps))

    def go_back(self, step: int, wanted: int, usable: Callable[[int], bool]) -> Checkpoint:
        """The newest whole checkpoint whose step is `usable`, for a stage that goes back from `step` to `wanted`."""
        checkpoint, damaged = self._newest_whole([at for at in self._steps() if usable(at)])
        if checkpoint is None:
            raise AuroraError(
                f"Stage {self._name} cannot go back from step {step}: no undamaged checkpoint up to step {wanted} is "
                f"left. {' '.join(damaged.values())} Restore it, or run again with --restart."
            )
        for act in self._damaged_aside(damaged):
            self._first(act)
        return checkpoint

    def displace(self) -> None:
        """Set aside the finished stage that this one replaces; this one must have ended."""
        if self._finished is None or not self._finished.exists():
            return
        moved = self._aside.move(self._finished, "finished")
        say(f"The earlier stage {self._name} is kept in {moved}; delete it when you no longer need it.")

    def _prepare(self, wish: Wish) -> None:
        """Clear what a crash left, and turn earlier work into checkpoints in the working folder."""
        clear_crash_leavings(self._folder)
        if wish.restart:
            if moved := self._aside.move_all(self._folder):
                say(f"Stage {self._name} begins anew; its earlier work is kept in {moved}.")
            return
        if (self._folder / STATE).is_file():
            self._prepare_end()
        if not step_folders(self._folder) and self._finished is not None and self._finished.exists():
            self._take_from_finished(self._finished, wish)

    def _prepare_end(self) -> None:
        """Treat a stage that was stopped after its end, before its manifest, and then edited, as interrupted there."""
        state = state_of(self._folder / STATE)
        if state.weights_of != state.step or self._stage.decides or self._stage.adapts:
            raise UserError(
                f"Stage {self._name} has ended with other values: {described(self._changed(state))}. Undo the change, "
                f"or run again with --restart, which begins anew and moves the earlier work to {self._aside.folder}."
            )
        end_as_checkpoint(self._folder, state)

    def _take_from_finished(self, finished: Path, wish: Wish) -> None:
        """Give the working folder the newest checkpoint of a finished stage whose values still hold, and its
        records."""
        try:
            hashes = hashes_of(finished)
        except AuroraError as error:
            raise AuroraError(
                f"Finished stage {self._name} is damaged: {error} Restore it, or run again with --restart, which "
                f"trains the stage anew and moves the damaged one to {self._aside.folder}."
            ) from error
        states = states_of(finished)
        # The last decision of a stage ends it; a model that adapters were merged into holds none to train.
        if self._stage.decides or self._stage.adapts:
            states.pop(finished, None)
        steps = [state.step for state in states.values() if wish.step is not None or not self._changed(state)]
        if wish.step is not None and wish.step not in steps:
            raise UserError(
                f"Finished stage {self._name} has no checkpoint of step {wish.step}: name another step "
                f"({_listed(steps)})."
            )
        if not steps:
            changed = described(self._changed(state_of(finished / STATE)))
            say(
                f"Stage {self._name} was made with other values: {changed}. It is trained anew, and the earlier one is "
                f"kept in {self._aside.folder}."
            )
            return
        newest = steps[0] if wish.step is None else wish.step
        copy_records(finished, self._folder)
        for path, state in reversed(states.items()):
            if state.step <= newest:
                take_over(path, self._folder, state.step, hashes)
        say(f"Finished stage {self._name} resumes from its step {newest}.")

    def _changed(self, state: State) -> dict[str, tuple[Any, Any]]:
        """(old, new) of each value that decided the steps of a checkpoint and is different now."""
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
            hint = " A warm-up given in tokens does not change with the stage's length."
        if fitting:
            hint += f" The change does not affect the checkpoint of step {fitting[0]}."
        return (
            f"Stage {self._name} cannot resume from step {state.step}, because the recipe has changed: "
            f"{described(changed)}.{hint} Undo the change; or run again with --resume-from STEP "
            f"({self._steps_here()}), which goes on from there with the new values, or with --restart, which begins "
            f"anew: both keep the earlier work in {self._aside.folder}."
        )

    def _without_checkpoint(self, wish: Wish, damage: list[str]) -> None:
        """Raise where there should have been one."""
        if wish.step is not None:
            problem = damage[0] if damage else f"Stage {self._name} has no checkpoint of step {wish.step}."
            raise UserError(f"{problem} Restore it, or name another step ({self._steps_here()}).")
        if damage:
            raise AuroraError(
                f"Stage {self._name} cannot resume: every checkpoint is damaged. {' '.join(damage)} Restore one, or "
                f"run again with --restart, which begins anew and moves them to {self._aside.folder}."
            )

    def _set_later_aside(self, step: int) -> None:
        if moved := self._aside.move_after(self._folder, step):
            say(f"Stage {self._name} drops its steps after {step}; they are kept in {moved}.")

    def _newest_whole(self, steps: Iterable[int]) -> tuple[Checkpoint | None, dict[Path, str]]:
        """The first undamaged checkpoint of `steps`, and what is wrong with those before it."""
        damaged: dict[Path, str] = {}
        for step in steps:
            path = step_folder(self._folder, step)
            try:
                return read_checkpoint(path, self.job), damaged
            except Damaged as error:
                damaged[path] = str(error)
        return None, damaged

    def _damaged_aside(self, damaged: dict[Path, str]) -> list[Callable[[], None]]:
        """The actions that set them aside."""

        def act(path: Path, problem: str) -> None:
            moved = self._aside.move(path, f"{path.name}.damaged")
            say(f"{problem} The one before it is used instead; the damaged one is kept as {moved}.")

        return [partial(act, path, problem) for path, problem in damaged.items()]

    def _steps(self) -> list[int]:
        """The steps of the checkpoints in the working folder, newest first, as the first rank sees them."""
        steps = " ".join(str(step_of(path)) for path in step_folders(self._folder))
        return [int(step) for step in self.job.hear(steps).split()]

    def _steps_here(self) -> str:
        return _listed(sorted(step_of(path) for path in step_folders(self._folder)))

    def _first(self, act: Callable[[], None]) -> None:
        """Let rank 0 act once all ranks are here; what it raises is raised on all."""
        self.job.wait()
        user = ""
        with self.job.together():
            if self.job.rank == 0:
                try:
                    act()
                except UserError as error:
                    user = str(error)
        if problem := self.job.hear(user):
            raise UserError(problem)


def _listed(steps: list[int]) -> str:
    if not steps:
        return "there is none"
    *others, last = map(str, steps)
    return f"{', '.join(others)} or {last}" if others else f"there is {last} alone"
