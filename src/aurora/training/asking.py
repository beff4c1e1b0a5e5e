"""Asking the network of a stage tasks while it is trained.

One decision: a stage with its questions and one without them are the same to the bit. Nothing that is asked reaches the
trainer, random numbers are put back, and what is recorded is read by nobody but reports.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import xxhash
from torch import Tensor

from aurora.console.progress import say
from aurora.model.network import Network
from aurora.recipe.stages.stage import Stage
from aurora.training.process.job import Job
from aurora.training.records.asked import ASKED, Answered, Score, read_asked, write_asked


class Questions(Protocol):
    """Tasks that a network is asked."""

    @property
    def digest(self) -> str:
        """What tells these questions from others."""

    def __call__(self, network: Network, job: Job | None) -> Sequence[Score]:
        """The scores; every rank of a `job` has the whole network and gets all scores."""


class Asking:
    """What a stage with an `ask` table is asked, when, and what it answered."""

    def __init__(self, stage: Stage, questions: Questions) -> None:
        assert stage.ask is not None
        self._stage, self._questions = stage, questions
        self.share = stage.ask.share

    def begin(self, folder: Path, step: int, job: Job) -> None:
        """Read what was answered by step `step`, and what an interrupted attempt answered after it."""
        self._path, self._job = folder / ASKED, job
        found = read_asked(self._path)
        self._seen = [one for one in found if one.step <= step]
        self._ahead = {one.step: one for one in found if one.step > step}
        expected = sum(self._stage.asks(at) for at in range(step + 1)) if step else 0
        if len(self._seen) < expected and job.rank == 0:
            say(
                f"{self._path} lacks answers of the first {step:,} steps of stage {self._stage.name}: its curves begin "
                "later, or have gaps."
            )
        job.wait()  # rank 0 writes the file next: every rank must have read it

    def due(self, step: int, *, ended: bool) -> bool:
        """Whether `after` is to be called after `step` steps, with which the stage has `ended` or not."""
        return ended or self._stage.asks(step)

    def after(self, step: int, weights: str, network: Callable[[], Network | None]) -> dict[str, float]:
        """Ask after `step` steps, which must be `due`, unless these `weights` have answered; returns what goes into the
        step's record.

        All ranks call it. `network()` gives the whole network to those that answer, and is called by all of them.
        """
        answered = next((one for one in [*self._seen, *self._ahead.values()] if one.step == step), None)
        if answered is None or not answered.of(weights, self._questions.digest):
            tokens = self._stage.tokens_before(step)
            answered = Answered(step, tokens, weights, self._questions.digest, self._answers(network()))
        self._ahead.pop(step, None)
        self._seen = [*(one for one in self._seen if one.step != step), answered]
        self._write([*self._seen, *self._ahead.values()])
        return {f"tasks/{one.task}/{one.form}": one.score for one in answered.scores}

    def finish(self) -> None:
        """Leave what the stage has answered: an interrupted attempt may have come further."""
        if self._ahead:
            self._ahead = {}
            self._write(self._seen)

    def _answers(self, network: Network | None) -> list[Score]:
        heard = ""
        with self._job.together():
            if network is not None:
                with _undisturbed():
                    found = self._questions(network, self._job if self.share else None)
                heard = json.dumps([asdict(one) for one in found])
        return [Score(**one) for one in json.loads(self._job.hear(heard))]

    def _write(self, answered: Sequence[Answered]) -> None:
        if self._job.rank == 0:
            write_asked(self._path, answered)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Every generator of random numbers of this process as it was, whatever the block draws."""
    plain, numpy = random.getstate(), np.random.get_state()
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    try:
        with torch.random.fork_rng(devices):
            yield
    finally:
        random.setstate(plain)
        np.random.set_state(numpy)


def digest_of(tensors: Mapping[str, Tensor], job: Job) -> str:
    """A digest of the tensors of all ranks; all of them call it."""
    found = xxhash.xxh3_128()
    for name, tensor in sorted(tensors.items()):
        found.update(name.encode())
        found.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    return xxhash.xxh3_128_hexdigest(" ".join(job.gather(found.hexdigest())).encode())
