"""Ending a stage early: refusals measured on watched prompts, and the step at which the stage ends because of them.

One decision: a measurement is on disk before any step depends on it, as the decisions of adaptive replay are. So a
stage that is interrupted between its goal and its end decays as it would have, and its end follows from its recipe.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from aurora.console.progress import say
from aurora.errors import AuroraError
from aurora.model.network import Network
from aurora.recipe.stages.schedule import Course
from aurora.recipe.stages.stage import Stage
from aurora.training.process.job import Job
from aurora.training.records.watched import WATCHED, Refusals, Watched, read_watched

Watch = Callable[[Network], tuple[float, float]]  # shares refused of harmful and of harmless prompts


class EarlyEnd:
    """The end of a stage with a `stop_when` table; `watch(network)` asks the watched prompts, on rank 0 alone."""

    def __init__(self, stage: Stage, watch: Watch) -> None:
        assert stage.stop_when is not None
        self._stage, self._wanted, self._watch = stage, stage.stop_when, watch
        self._due = stage.course.watched(self._wanted.every_steps)
        self._seen = Watched()

    def begin(self, folder: Path, step: int, job: Job) -> None:
        """Read what was measured until `step`. Raises `AuroraError` where a measurement is missing."""
        self._path, self._job = folder / WATCHED, job
        if step:
            seen = None
            with suppress(AuroraError):
                seen = read_watched(self._path).until(step)
            reached = None if seen is None else seen.reached
            expected = [at for at in self._due if at <= step and (reached is None or at <= reached)]
            if seen is None or [it.step for it in seen.measured] != expected:
                raise AuroraError(
                    f"{self._path} lacks measurements of the first {step} steps: restore it, or run again with "
                    "--restart, which begins the stage anew."
                )
            self._seen = seen
        job.wait()  # rank 0 writes the file next: every rank must have read it
        self._write()

    def due(self, step: int) -> bool:
        """Whether `after` is to be called after `step` steps."""
        return self._seen.reached is None and step in self._due

    def after(self, step: int, network: Network | None) -> dict[str, float]:
        """Ask the watched prompts after `step` steps, which must be `due`; returns what goes into the step's record.

        All ranks call it; rank 0 gives the whole network.
        """
        heard = self._job.hear(json.dumps(self._watch(network)) if network is not None else "")
        found = Refusals(*json.loads(heard))
        enough = found.refused >= self._wanted.refused and found.harmless_refused <= self._wanted.harmless_refused
        self._seen = self._seen.with_measured(step, found, enough=enough)
        self._write()
        if enough and self._job.rank == 0:
            decay = self._stage.course.decay
            say(
                f"Stage {self._stage.name} refuses {found.refused:.0%} of watched harmful and "
                f"{found.harmless_refused:.0%} of watched harmless prompts after {step} of {self._stage.steps} steps: "
                + (f"it decays for {decay} more and ends." if decay else "it ends.")
            )
        return {f"watched/{name}": value for name, value in found._asdict().items()}

    @property
    def course(self) -> Course:
        """The learning rates of the stage, as far as is known."""
        reached = self._seen.reached
        return self._stage.course if reached is None else self._stage.course.ending(reached)

    @property
    def last(self) -> int:
        """The last step of the stage, as far as is known."""
        reached = self._seen.reached
        if reached is None:
            return self._stage.steps
        return reached + self._stage.course.decay

    def _write(self) -> None:
        if self._job.rank == 0:
            self._seen.write(self._path)
