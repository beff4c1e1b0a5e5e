"""The updates of a stage, one after another.

One decision: `Trainer` knows neither files nor time. An update follows only from the weights, the moments and the step
number, so an interrupted stage needs nothing else to resume exactly.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aurora.console.progress import say
from aurora.errors import AuroraError, UserError
from aurora.files import canonical_json
from aurora.recipe.stages.made_with import MadeWith
from aurora.recipe.stages.stage import Stage
from aurora.tokens.loader import Batch
from aurora.tokens.packing import positions
from aurora.training.checkpoints.continuing import Deciding
from aurora.training.guard import Fault, Watch
from aurora.training.optimizer import Optimizer
from aurora.training.parallel.engine import Engine
from aurora.training.parallel.preferring import PairsOfRows, as_rows
from aurora.training.schedule import learning_rate


class Batches(Protocol):
    """Gives the batches of any steps in order, as `aurora.tokens.loader.Loader` does."""

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]: ...


@dataclass(frozen=True)
class Update:
    """One step: mean loss in nats over its `loss_tokens`, gradient norm before clipping; nan where no token has a loss.

    `left_out` says what was wrong with a step that did not change the weights; `preferred` is the share of its
    preference pairs in which the chosen answer has gained on the rejected one since the stage's start, nan without any.
    """

    loss: float
    learning_rate: float
    gradient_norm: float
    loss_tokens: int
    left_out: Fault | None = None
    preferred: float = math.nan


class Trainer:
    """The engine of a stage, its optimizer and its position; `advance` makes one update at the rate of `course`."""

    def __init__(
        self,
        engine: Engine,
        stage: Stage,
        batches: Batches,
        micro_batch_sequences: int,
        made_with: Deciding,
        first_new_entry: int | None = None,
    ) -> None:
        self.engine = engine
        new_rows = [] if first_new_entry is None else engine.rows_from(first_new_entry)
        decaying = {name for name, spec in engine.specs.items() if spec.decays}
        self.optimizer = Optimizer(engine.named, decaying, stage.optimizer, new_rows)
        self.step = 0
        self.watch = Watch(stage.guard)
        self._stage = stage
        self.course = stage.course
        self._batches = batches
        self._coming: Iterator[Batch] | None = None  # made at the first update, when `step` is known
        self._rows = micro_batch_sequences
        self._made_with = made_with

    def advance(self) -> Update:
        """Make the next update, or leave it out; `AuroraError` naming the step where too many in a row were left
        out."""
        engine = self.engine
        torch.manual_seed(_seed(self._made_with(self.step + 1), self.step) + engine.stream)  # dropout, by step
        self._coming = self._coming or self._batches.batches(self.step, self._stage.steps, engine.rank, engine.ranks)
        batch = next(self._coming)
        num_counted = engine.total(int(batch.loss_mask.sum()))
        rate = learning_rate(self.course, self.step)
        if not num_counted:
            self.watch.pass_over()
            say(f"{self._sequences()} did not change the weights: none of its tokens counts in the loss.")
            self.step += 1
            return Update(math.nan, rate, math.nan, 0)
        num_pairs = 0 if batch.slots is None else engine.total(int(pairs_of_rows(batch.slots).sum()))
        loss = engine.train_step(self._placed(batch, num_pairs), self._rows, num_counted)
        preferred = engine.won() / num_pairs if num_pairs else math.nan
        norm = engine.gradient_norm()
        left_out = self.watch.judge(loss, norm)
        if self.watch.exhausted:
            raise AuroraError(
                f"{self._sequences()} did not change the weights, like the {self.watch.left_out - 1} before"
                f"{self._returns()}: {left_out}. "
                "Lower the stage's schedule.peak or optimizer.clip; earlier checkpoints stay."
            )
        if left_out is None:
            self.optimizer.update(rate, norm)
            engine.refresh()
        else:
            self.optimizer.forget()
            say(f"{self._sequences()} is left out: {left_out}.")
        self.step += 1
        return Update(loss, rate, norm, num_counted, left_out, preferred)

    def _placed(self, batch: Batch, num_pairs: int) -> dict[str, Tensor | None]:
        """The rows of a batch on the device, with positions and documents where the stage uses them."""
        if (largest := max(batch.inputs.max(), batch.targets.max())) >= self.engine.vocabulary:
            raise UserError(
                f"Stage {self._stage.name} reads token {largest}, but its model's vocabulary has only "
                f"{self.engine.vocabulary} entries: use the model's own tokenizer."
            )
        rows: dict[str, npt.NDArray[Any] | None] = {
            "tokens": batch.inputs,
            "targets": batch.targets,
            "loss_mask": batch.loss_mask,
        }
        if batch.documents is not None:
            rows["positions"] = positions(batch.documents) if self._stage.position_resets else None
            rows["documents"] = batch.documents if self._stage.document_masks else None
        placed = {name: None if values is None else torch.from_numpy(values) for name, values in rows.items()}
        if batch.slots is not None and batch.margins is not None:
            parts = batch.slots, batch.margins, self._weights_of_pairs(batch.slots, batch.margins.shape, num_pairs)
            placed |= as_rows(PairsOfRows(*map(torch.from_numpy, parts)))
        return {name: None if values is None else values.to(self.engine.device) for name, values in placed.items()}

    def _weights_of_pairs(
        self, slots: npt.NDArray[np.int64], shape: tuple[int, ...], num_pairs: int
    ) -> npt.NDArray[np.float64]:
        """How much each pair counts, [B, P]: as much as the tokens of a pair's answers do on average in this step.

        So the loss of a step is the mean over pairs and the mean over the tokens of all else, each by its share of
        the tokens that count: the shares that the mixture states.
        """
        num_tokens = self.engine.total(int(np.count_nonzero(slots)))
        exist = np.arange(shape[1]) < pairs_of_rows(slots)[:, None]
        return np.where(exist, num_tokens / max(1, num_pairs), 0.0)

    def _returns(self) -> str:
        if not self.watch.rolls_back:
            return ""
        return f", each of which went back to step {self.watch.back_to(self.step)}"

    def _sequences(self) -> str:
        """The step and the numbers of its sequences, which `aurora tokens inspect --at` takes."""
        first, next_first = (self._stage.pace.before(step) for step in (self.step, self.step + 1))
        return f"Step {self.step + 1} of stage {self._stage.name} (sequences {first} to {next_first - 1})"


def pairs_of_rows(slots: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many preference pairs each row holds, [B]."""
    most: npt.NDArray[np.int64] = slots.max(axis=1)
    return (most + 1) // 2


def _seed(made_with: MadeWith, step: int) -> int:
    """A 63-bit seed for the random numbers of a step; torch takes seeds as signed 64-bit numbers."""
    return int.from_bytes(hashlib.sha256(canonical_json([made_with, step])).digest()[:8], "big") >> 1
