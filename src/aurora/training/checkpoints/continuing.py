"""Where a stage goes on: from which checkpoint of an earlier attempt, or of a finished one that was edited.

One decision: nothing is removed because it does not fit. A checkpoint that was made with other values stops the stage
with the keys that differ, until its user decides (`Wish`); a damaged one is set aside where an earlier one is whole,
and else stops the stage too. A finished stage is gone on from where the values that made it still hold, as when it is
given more tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from aurora.errors import AuroraError, UserError
from aurora.progress import say
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

# What fixes the numbers of a stage's first so many steps; later ones may be edited.
Deciding = Callable[[int], MadeWith]


@dataclass(frozen=True)
class Found:
    """What a stage goes on from, and which `edits` its numbers went through."""

    checkpoint: Checkpoint | None
    edits: list[dict[str, Any]]


class Earlier:
    """The earlier work of a stage: in its working `folder`, and in the `finished` one it will replace.

    Every rank of `job` asks the same; the first moves things. `made_with` says what the first steps are made with now.
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

    def take_up(self, wish: Wish) -> Found:
        """What to go on from.

        `UserError` where values have changed and `wish` does not say what then, or names a step without a checkpoint;
        `AuroraError` where every checkpoint is damaged.
        """
        self._first(lambda: self._prepare(wish))
        steps = [step for step in self._steps() if wish.step in (None, step)]
        checkpoint, damaged = self._newest_whole(steps)
        if checkpoint is None:
            self._without_checkpoint(wish, [*damaged.values()])
            return Found(None, [])
        changed = self._changed(checkpoint.state)
        if changed and (wish.step is None or wish.step > self._stage.steps):
            raise UserError(self._refusal(checkpoint.state, changed))
        self._pending = self._damaged_aside(damaged)
        edits = list(checkpoint.state.edits)
        step = checkpoint.state.step
        if wish.step is not None:
            self._pending.append(lambda: self._leave_behind(step))
        if changed:
            edits.append({"step": step, "changed": {key: list(pair) for key, pair in changed.items()}})
            say(f"Stage {self._name} goes on from step {step} with other values: {described(changed)}.")
        return Found(checkpoint, edits)

    def settle(self) -> None:
        """Set aside what the checkpoint taken up leaves behind; called when the network has taken it."""
        for act in self._pending:
            self._first(act)

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
        for act in self._damaged_aside(damaged):
            self._first(act)
        return checkpoint

    def displace(self) -> None:
        """Set the finished stage aside that this one replaces; it must have ended."""
        if self._finished is None or not self._finished.exists():
            return
        moved = self._aside.move(self._finished, "finished")
        say(f"What stage {self._name} was before is kept in {moved}; delete it when you no longer need it.")

    def _prepare(self, wish: Wish) -> None:
        """Clear what a crash left, and bring what there is into the form of checkpoints in the working folder."""
        clear_crash_leavings(self._folder)
        if wish.restart:
            if moved := self._aside.move_all(self._folder):
                say(f"Stage {self._name} begins anew; what there was is kept in {moved}.")
            return
        if (self._folder / STATE).is_file():
            self._prepare_end()
        if not step_folders(self._folder) and self._finished is not None and self._finished.exists():
            self._take_from_finished(self._finished, wish)

    def _prepare_end(self) -> None:
        """A stage that was stopped between its end and its manifest, and then edited, as one interrupted at its end."""
        state = state_of(self._folder / STATE)
        if state.weights_of != state.step or self._stage.retention is not None or self._stage.adapts:
            raise UserError(
                f"Stage {self._name} has ended with other values: {described(self._changed(state))}. Undo the change, "
                f"or run again with --restart, which begins anew and moves what was made to {self._aside.folder}."
            )
        end_as_checkpoint(self._folder, state)

    def _take_from_finished(self, finished: Path, wish: Wish) -> None:
        """Give the working folder the newest of a finished stage's checkpoints that holds, and its records."""
        try:
            hashes = hashes_of(finished)
        except AuroraError as error:
            raise AuroraError(
                f"Finished stage {self._name} is damaged: {error} Put it back, or run again with --restart, which "
                f"trains the stage anew and moves this to {self._aside.folder}."
            ) from error
        states = states_of(finished)
        # The last decision of a retention ends the stage; a model that adapters were added to holds none.
        if self._stage.retention is not None or self._stage.adapts:
            states.pop(finished, None)
        steps = [state.step for state in states.values() if wish.step is not None or not self._changed(state)]
        if wish.step is not None and wish.step not in steps:
            raise UserError(f"Finished stage {self._name} has no checkpoint of step {wish.step}; {_there(steps)}.")
        if not steps:
            changed = described(self._changed(state_of(finished / STATE)))
            say(
                f"Stage {self._name} was made with other values: {changed}. It is trained anew, and what it was is "
                f"kept in {self._aside.folder}."
            )
            return
        newest = steps[0] if wish.step is None else wish.step
        copy_records(finished, self._folder)
        for path, state in reversed(states.items()):
            if state.step <= newest:
                take_over(path, self._folder, state.step, hashes)
        say(f"Finished stage {self._name} goes on from its step {newest}.")

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
            f"made in {self._aside.folder}."
        )

    def _without_checkpoint(self, wish: Wish, damage: list[str]) -> None:
        """Raises where there should have been one."""
        if wish.step is not None:
            problem = damage[0] if damage else f"Stage {self._name} has no checkpoint of step {wish.step}."
            raise UserError(f"{problem} Put it back, or name another step: {self._listed()}.")
        if damage:
            raise AuroraError(
                f"Stage {self._name} cannot go on, as no checkpoint is whole. {' '.join(damage)} Put back what they "
                f"were, or run again with --restart, which begins anew and moves them to {self._aside.folder}."
            )

    def _leave_behind(self, step: int) -> None:
        if moved := self._aside.move_behind(self._folder, step):
            say(f"Stage {self._name} drops its steps after {step}; they are kept in {moved}.")

    def _newest_whole(self, steps: Iterable[int]) -> tuple[Checkpoint | None, dict[Path, str]]:
        """The first of the checkpoints of `steps` that is whole, and what is wrong with those before it."""
        damaged: dict[Path, str] = {}
        for step in steps:
            path = step_folder(self._folder, step)
            try:
                return read_checkpoint(path, self.job), damaged
            except Damaged as error:
                damaged[path] = str(error)
        return None, damaged

    def _damaged_aside(self, damaged: dict[Path, str]) -> list[Callable[[], None]]:
        """What sets them aside."""

        def act(path: Path, problem: str) -> None:
            moved = self._aside.move(path, f"{path.name}.damaged")
            say(f"{problem} The checkpoint before it is used, and this one kept as {moved}.")

        return [partial(act, path, problem) for path, problem in damaged.items()]

    def _steps(self) -> list[int]:
        """The steps of the checkpoints in the working folder, newest first, as the first rank sees them."""
        there = " ".join(str(step_of(path)) for path in step_folders(self._folder))
        return [int(step) for step in self.job.hear(there).split()]

    def _listed(self) -> str:
        return _there(sorted(step_of(path) for path in step_folders(self._folder)))

    def _first(self, act: Callable[[], None]) -> None:
        """Let the first rank act when all have come here; what it raises is raised on all."""
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


def _there(steps: list[int]) -> str:
    return f"there are those of {', '.join(map(str, steps))}" if steps else "there is none"
