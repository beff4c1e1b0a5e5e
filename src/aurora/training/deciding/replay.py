"""Adaptive replay: batches whose mixture follows what is forgotten, as measured, decided and recorded here.

One decision: a decision is a segment of the mixture that begins at the step after its measurement, and the loader never
reads ahead across a decision that is still open. So the batches of a stage follow from its decisions, and those from
its measurements, however often it was interrupted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from aurora.errors import AuroraError
from aurora.model.scorer import Scorer
from aurora.recipe.stages.retention import Retention
from aurora.recipe.stages.stage import Stage
from aurora.tokens.loader import Batch
from aurora.tokens.replay_decisions import DECISIONS, Decision, Decisions, read_decisions
from aurora.training.deciding.replay_controller import next_weights
from aurora.training.process.job import Job
from aurora.training.trainer import Batches

Measure = Callable[[Scorer], dict[str, float]]


class Replay:
    """The batches of a stage with a `retention` table, and its controller.

    `batches_of(decisions)` gives the stage's batches under these decisions; `measure(network)` the held-out bits per
    byte of each source, called by all ranks together; `base` holds the same figures of the model to compare with, as
    far as an earlier stage has measured them.
    """

    def __init__(
        self,
        stage: Stage,
        batches_of: Callable[[Sequence[Decision]], Batches],
        measure: Measure,
        base: Mapping[str, float],
    ) -> None:
        assert stage.retention is not None
        self._stage = stage
        self._retention = stage.retention
        self._batches_of = batches_of
        self._measure = measure
        self._base = base
        self._made = Decisions({}, {})

    def begin(self, folder: Path, step: int, network: Scorer, job: Job) -> None:
        """Read the decisions that led to `step`, or measure the model that the stage starts from.

        Raises `AuroraError` where a decision is missing.
        """
        self._path, self._job = folder / DECISIONS, job
        if step:
            expected = [at for at in self._due() if at <= step]
            made = None
            with suppress(AuroraError):
                made = read_decisions(self._path).until(step)
            if made is None or [decision.step for decision in made.made] != expected:
                raise AuroraError(
                    f"{self._path} lacks decisions of the first {step} steps: restore it, or run again with --restart, "
                    "which begins the stage anew."
                )
            self._made = made
        else:
            start = self._agreed(network)
            self._made = Decisions({**start, **self._base}, start)
        job.wait()  # rank 0 writes the file next: every rank must have read it
        self._write()

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        """As `Loader.batches`; the batch after a due measurement must be requested after the call of `after`."""
        borders = [at for at in self._due() if first < at < last]
        for start, end in zip([first, *borders], [*borders, last], strict=True):
            yield from self._batches_of(self._made.made).batches(start, end, rank, ranks)

    @property
    def best(self) -> int | None:
        """The step of the best model, if the stage is to end with it and any measurement kept the budget."""
        return None if self._retention.patience is None else best_step(self._retention, self._made)

    @property
    def ended(self) -> bool:
        """Whether the stage has ended, early or not."""
        return self._made.end is not None

    def due(self, step: int) -> bool:
        """Whether `after` is to be called after `step` steps."""
        return step in self._due()

    def after(self, step: int, network: Scorer) -> dict[str, float]:
        """Measure and decide after `step` steps, which must be `due`; returns what goes into the step's record."""
        bits = self._agreed(network)
        weights: dict[str, float] = {}
        if step < self._stage.steps and not self._hopeless(Decision(step, bits, {})):
            last = self._made.made[-1] if self._made.made else Decision(0, self._made.start, self._stage.mixture)
            ahead = min(1.0, (step + self._retention.every_steps) / self._stage.steps)
            rises, earlier = self._rises(bits), self._rises(last.bits_per_byte)
            weights = next_weights(self._retention, last.weights, rises, earlier, ahead)
        self._made.made.append(Decision(step, bits, weights))
        self._write()
        shares = {f"replay/{name}": weights[name] for name in self._retention.budget if name in weights}
        return {f"retention/{name}": value for name, value in bits.items()} | shares

    def _hopeless(self, now: Decision) -> bool:
        """Whether the last measurements up to `now`, as many as the stage's patience, were all no better than the
        best."""
        if self._retention.patience is None:
            return False
        made = [*self._made.made, now]
        best = best_step(self._retention, Decisions(self._made.base, self._made.start, made))
        return best is not None and sum(it.step > best for it in made) >= self._retention.patience

    def _rises(self, bits: Mapping[str, float]) -> dict[str, float]:
        """The rise of bits per byte of each replayed source, relative to the base."""
        base = self._made.base
        return {name: bits[name] / base[name] - 1 for name in self._retention.budget if name in bits}

    def _due(self) -> list[int]:
        """The steps after which to measure."""
        return [*range(self._retention.every_steps, self._stage.steps, self._retention.every_steps), self._stage.steps]

    def _agreed(self, network: Scorer) -> dict[str, float]:
        """The measurement of rank 0, on every rank: sums on other ranks may differ in their last bit.

        Rounded to more digits than a decision needs, so that the file holds exactly what was decided by.
        """
        measured = {name: round(value, 6) for name, value in self._measure(network).items() if math.isfinite(value)}
        agreed: dict[str, float] = json.loads(self._job.hear(json.dumps(measured)))
        return agreed

    def _write(self) -> None:
        if self._job.rank == 0:
            self._made.write(self._path)


def best_step(retention: Retention, decisions: Decisions) -> int | None:
    """The step of the best measurement within the budget: the one with the lowest mean, relative to the base, over
    sources without a budget.

    None where no measurement is within the budget.
    """
    best, lowest = None, math.inf
    for made in decisions.made:
        changes = {name: value / decisions.base[name] for name, value in made.bits_per_byte.items()}
        held = all(changes.get(name, math.inf) <= 1 + budget for name, budget in retention.budget.items())
        others = [change for name, change in changes.items() if name not in retention.budget]
        mean = sum(others) / len(others) if others else math.inf
        if held and mean < lowest:
            best, lowest = made.step, mean
    return best
