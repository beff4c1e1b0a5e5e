"""What disturbs a stage: signals, batches that are changed on the way, and losses that are spoilt."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aurora.tokens.loader import Batch, Loader
from aurora.training.parallel.engine import Rows
from aurora.training.trainer import Batches, Trainer, Update


class Interrupting:
    """A loader that sends this process a signal when it gives out the batch of `step`."""

    def __init__(self, loader: Loader, step: int, number: signal.Signals) -> None:
        self.loader, self.step, self.number = loader, step, number

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        for step, batch in enumerate(self.loader.batches(first, last, rank, ranks), start=first):
            if step == self.step:
                os.kill(os.getpid(), self.number)
            yield batch


class Altered:
    """A loader whose batches are changed on the way."""

    def __init__(self, loader: Loader, **changes: Any) -> None:
        self.loader, self.changes = loader, changes

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        for batch in self.loader.batches(first, last, rank, ranks):
            yield replace(batch, **self.changes)


class PartlySilent:
    """Batches of which nothing counts in the loss in some steps."""

    def __init__(self, batches: Batches, steps: set[int]) -> None:
        self._batches, self._steps = batches, steps

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        for step, batch in enumerate(self._batches.batches(first, last, rank, ranks), start=first):
            mask = np.zeros_like(batch.loss_mask) if step in self._steps else batch.loss_mask
            yield replace(batch, loss_mask=mask)


def spoil(monkeypatch: pytest.MonkeyPatch, spoiled: dict[int, float]) -> None:
    """The loss of these steps (from 0) is multiplied, after gradients a thousand times too large."""
    honest = Trainer.advance

    def advance(self: Trainer) -> Update:
        engine, step = self.engine, self.step
        compute = engine.train_step

        def train_step(rows: Rows, micro_batch: int, num_counted: int) -> float:
            loss = compute(rows, micro_batch, num_counted)
            for parameter in engine.named.values():
                if step in spoiled and parameter.grad is not None:
                    parameter.grad.mul_(1000)
            return loss * spoiled.get(step, 1.0)

        engine.train_step = train_step  # type: ignore[method-assign]
        try:
            return honest(self)
        finally:
            engine.train_step = compute  # type: ignore[method-assign]

    monkeypatch.setattr(Trainer, "advance", advance)
