"""Going back to earlier weights: before a fault that the guard found, or to the best model that replay measured.

One decision: only weights and moments go back. The step number and the schedule go on, so no batch is read twice.
"""

from __future__ import annotations

from pathlib import Path

from aurora.console.progress import say
from aurora.errors import AuroraError
from aurora.recipe.stages.stage import Stage
from aurora.training.checkpoints.checkpoint import Checkpoint, Damaged, Keep, read_checkpoint, step_folder
from aurora.training.checkpoints.continuing import Earlier
from aurora.training.records.state import State
from aurora.training.trainer import Trainer


class GoingBack:
    """Gives a trainer the weights and moments of one of its stage's checkpoints in `folder`."""

    def __init__(self, stage: Stage, folder: Path, trainer: Trainer, earlier: Earlier, keep: Keep) -> None:
        self._name = stage.name
        self._folder = folder
        self._trainer = trainer
        self._earlier = earlier
        self._keep = keep

    def before_fault(self) -> State:
        """Load the newest checkpoint that a fault in the last step leaves usable; returns its state."""
        step, watch = self._trainer.step, self._trainer.watch
        wanted = watch.back_to(step - 1)

        def usable(at: int) -> bool:  # not one that an earlier fault has undone
            return at <= wanted and self._keep.returnable(at) and watch.back_to(at + self._keep.returns) == at

        checkpoint = self._earlier.go_back(step, wanted, usable)
        self._take_up(checkpoint)
        at = checkpoint.state.step
        say(f"Stage {self._name} goes back to step {at}; all steps from there to {step} are left out.")
        return checkpoint.state

    def to_best(self) -> int:
        """Load the model that the stage ends with, if that is an earlier one; returns its step."""
        best = self._keep.best()
        if best is None or best == self._trainer.step:
            return self._trainer.step
        try:
            self._take_up(read_checkpoint(step_folder(self._folder, best), self._earlier.job))
        except Damaged as error:
            raise AuroraError(
                f"{error} Stage {self._name} must end with this model: restore it, or run again with --restart."
            ) from error
        return best

    def _take_up(self, checkpoint: Checkpoint) -> None:
        self._trainer.engine.fill(checkpoint.model)
        self._trainer.optimizer.load(checkpoint.optimizer, self._trainer.engine.copy)
