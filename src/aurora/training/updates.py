"""The updates of a stage, one after another, in one process.

One decision: `Trainer` knows nothing of files or time. What an update does follows from the weights, the moments and the
number of the step alone, so an interrupted stage needs nothing else to go on exactly.
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

from aurora.errors import AuroraError, UserError
from aurora.model.gpt_bigcode import GPTBigCode
from aurora.recipe.stages import Stage
from aurora.training.optimizer import Optimizer, Weights
from aurora.training.runtime import Runtime
from aurora.training.schedule import learning_rate


class Batch(Protocol):
    """The sequences of one step: `tokens` [B, L + 1] integers, `loss_mask` [B, L] marks the targets that count."""

    @property
    def tokens(self) -> npt.NDArray[Any]: ...

    @property
    def loss_mask(self) -> npt.NDArray[np.bool_]: ...


class Batches(Protocol):
    """Gives the batch of any step; see `aurora.tokens.loader.Loader`."""

    def batch(self, step: int, rank: int = 0, ranks: int = 1) -> Batch: ...


@dataclass(frozen=True)
class Update:
    """What one step did: mean loss in nats over its `loss_tokens`, gradient norm before clipping."""

    loss: float
    learning_rate: float
    gradient_norm: float
    loss_tokens: int


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
        fingerprint: str,
    ) -> None:
        self.weights = Weights(model.to(runtime.device), runtime.precision)
        self.weights.working.train()
        self.optimizer = Optimizer(dict(model.named_parameters()), stage.optimizer)
        self.step = 0
        self._stage = stage
        self._name = name
        self._batches = batches
        self._device = runtime.device
        self._rows = micro_batch_sequences
        self._fingerprint = fingerprint

    def advance(self) -> Update:
        """Make the next update; `AuroraError` naming the step where loss or gradient is not finite."""
        torch.manual_seed(_seed(self._fingerprint, self.step))  # dropout is a function of the step
        batch = self._batches.batch(self.step)
        num_counted = int(batch.loss_mask.sum())
        if not num_counted:
            raise AuroraError(
                f"Step {self.step + 1} of stage {self._name} has no token with a loss: check its mixture."
            )
        rate = learning_rate(self._stage.schedule, self.step, self._stage.steps)
        loss = self._backward(batch, num_counted)
        norm = self.optimizer.gradient_norm()
        self._check_finite(loss, norm)
        self.optimizer.update(rate, norm)
        self.weights.refresh()
        self.step += 1
        return Update(loss, rate, norm, num_counted)

    def _backward(self, batch: Batch, num_counted: int) -> float:
        """Gradients of the mean loss over the whole batch, gathered over micro-batches; returns that loss."""
        total = torch.zeros((), dtype=torch.float64)
        for tokens, mask in self._micro_batches(batch):
            loss = self.weights.working.loss(tokens[:, :-1], tokens[:, 1:], mask, reduction="sum")
            (loss / num_counted).backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total.item() / num_counted

    def _micro_batches(self, batch: Batch) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
        """Tokens [b, L + 1] and loss mask [b, L] (None where all count) of the rows that have a loss at all."""
        if batch.tokens.max() >= self.weights.master.vocabulary:
            raise UserError(
                f"Stage {self._name} reads token {batch.tokens.max()}, but its model's vocabulary has "
                f"{self.weights.master.vocabulary} entries: use the model's own tokenizer."
            )
        for start in range(0, len(batch.tokens), self._rows):
            mask = batch.loss_mask[start : start + self._rows]
            if mask.any():
                tokens = torch.from_numpy(batch.tokens[start : start + self._rows].astype(np.int64)).to(self._device)
                yield tokens, None if mask.all() else torch.from_numpy(mask).to(self._device)

    def _check_finite(self, loss: float, norm: float) -> None:
        for what, value in (("loss", loss), ("gradient norm", norm)):
            if not math.isfinite(value):
                first = self.step * self._stage.sequences_per_step
                raise AuroraError(
                    f"The {what} is {value} at step {self.step + 1} of stage {self._name} (sequences {first} to "
                    f"{first + self._stage.sequences_per_step - 1}): lower its schedule.peak or optimizer.clip; "
                    "checkpoints made before stay."
                )


def _seed(fingerprint: str, step: int) -> int:
    """A 63-bit seed for the random numbers of a step."""
    return int.from_bytes(hashlib.sha256(f"{fingerprint} {step}".encode()).digest()[:8], "big") >> 1
