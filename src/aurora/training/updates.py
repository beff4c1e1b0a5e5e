"""The updates of a stage, one after another, in one process.

One decision: `Trainer` knows nothing of files or time. What an update does follows from the weights, the moments and
the number of the step alone, so an interrupted stage needs nothing else to go on exactly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt
import torch
from torch import Tensor

from aurora.errors import AuroraError, UserError
from aurora.model.gpt_bigcode import GPTBigCode
from aurora.progress import say
from aurora.recipe.stages import Stage
from aurora.tokens.loader import Batch
from aurora.tokens.packing import positions
from aurora.training.checkpoint import Fingerprint
from aurora.training.guard import Watch
from aurora.training.optimizer import Optimizer, Weights
from aurora.training.runtime import Runtime
from aurora.training.schedule import learning_rate


class Batches(Protocol):
    """Gives the batches of any steps in order, as `aurora.tokens.loader.Loader` does."""

    def batches(self, first: int, last: int) -> Iterator[Batch]: ...


@dataclass(frozen=True)
class Update:
    """What one step did: mean loss in nats over its `loss_tokens`, gradient norm before clipping.

    `left_out` says what was wrong with a step that moved nothing.
    """

    loss: float
    learning_rate: float
    gradient_norm: float
    loss_tokens: int
    left_out: str | None = None


@dataclass(frozen=True)
class _MicroBatch:
    """Tokens [b, L + 1], loss mask [b, L] (None where all count), and positions and documents [b, L] where wanted."""

    tokens: Tensor
    loss_mask: Tensor | None
    positions: Tensor | None
    documents: Tensor | None


class Trainer:
    """The network of a stage, its optimizer and its position; `advance` makes one update."""

    def __init__(
        self,
        model: GPTBigCode,
        stage: Stage,
        name: str,
        batches: Batches,
        runtime: Runtime,
        micro_batch_sequences: int,
        fingerprint: Fingerprint,
    ) -> None:
        self.weights = Weights(model.to(runtime.device), runtime.precision)
        self.weights.working.train()
        self.optimizer = Optimizer(dict(model.named_parameters()), stage.optimizer)
        self.step = 0
        self.watch = Watch(stage.guard)
        self._stage = stage
        self._name = name
        self._batches = batches
        self._coming: Iterator[Batch] | None = None  # made at the first update, when `step` is known
        self._device = runtime.device
        self._rows = micro_batch_sequences
        self._fingerprint = fingerprint

    def advance(self) -> Update:
        """Make the next update, or leave it out; `AuroraError` naming the step where too many were in a row."""
        torch.manual_seed(_seed(self._fingerprint(self.step + 1), self.step))  # dropout is a function of the step
        self._coming = self._coming or self._batches.batches(self.step, self._stage.steps)
        batch = next(self._coming)
        num_counted = int(batch.loss_mask.sum())
        if not num_counted:
            raise AuroraError(
                f"Step {self.step + 1} of stage {self._name} has no token with a loss: check its mixture."
            )
        rate = learning_rate(self._stage.schedule, self.step, self._stage.steps)
        loss = self._backward(batch, num_counted)
        norm = self.optimizer.gradient_norm()
        left_out = self.watch.judge(loss, norm)
        if self.watch.exhausted:
            raise AuroraError(
                f"{self._sequences()} moves nothing, as {self.watch.left_out - 1} before: {left_out}. Lower the "
                "stage's schedule.peak or optimizer.clip; checkpoints made before stay."
            )
        if left_out is None:
            self.optimizer.update(rate, norm)
            self.weights.refresh()
        else:
            self.optimizer.forget()
            say(f"{self._sequences()} is left out: {left_out}.")
        self.step += 1
        return Update(loss, rate, norm, num_counted, left_out)

    def _backward(self, batch: Batch, num_counted: int) -> float:
        """Gradients of the mean loss over the whole batch, gathered over micro-batches; returns that loss."""
        total = torch.zeros((), dtype=torch.float64, device=self._device)
        for part in self._micro_batches(batch):
            loss = self.weights.working.loss(
                part.tokens[:, :-1],
                part.tokens[:, 1:],
                part.loss_mask,
                reduction="sum",
                positions=part.positions,
                documents=part.documents,
            )
            (loss / num_counted).backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total.item() / num_counted

    def _micro_batches(self, batch: Batch) -> Iterator[_MicroBatch]:
        """The rows of a batch a few at a time, those without a loss left out."""
        vocabulary = self.weights.master.vocabulary
        if batch.tokens.max() >= vocabulary:
            raise UserError(
                f"Stage {self._name} reads token {batch.tokens.max()}, but its model's vocabulary has {vocabulary} "
                "entries: use the model's own tokenizer."
            )
        for start in range(0, len(batch.tokens), self._rows):
            rows = slice(start, start + self._rows)
            mask = batch.loss_mask[rows]
            if mask.any():
                reset, masked = None, None
                if batch.documents is not None:
                    documents = batch.documents[rows]
                    reset = self._placed(positions(documents)) if self._stage.position_resets else None
                    masked = self._placed(documents) if self._stage.document_masks else None
                counted = None if mask.all() else self._placed(mask)
                yield _MicroBatch(self._placed(batch.tokens[rows]), counted, reset, masked)

    def _placed(self, values: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(values).to(self._device)

    def _sequences(self) -> str:
        """The step and the numbers of its sequences, as `aurora tokens inspect --at` takes them."""
        first = self.step * self._stage.sequences_per_step
        last = first + self._stage.sequences_per_step - 1
        return f"Step {self.step + 1} of stage {self._name} (sequences {first} to {last})"


def _seed(fingerprint: str, step: int) -> int:
    """A 63-bit seed for the random numbers of a step."""
    return int.from_bytes(hashlib.sha256(f"{fingerprint} {step}".encode()).digest()[:8], "big") >> 1
