"""What is measured of a network while it is trained: what is forgotten, what is refused, held-out text and tasks.

One decision: all of it happens after an update, in one order on every rank, and each part that communicates is entered
by all of them. What decides how the stage goes on comes first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from aurora.model.network import Network
from aurora.training.asking import digest_of
from aurora.training.checkpoints.saving import Saver
from aurora.training.checkpoints.whole import whole_network
from aurora.training.inputs import Reading, Training
from aurora.training.parallel.engine import Engine, OneProcess
from aurora.training.process.job import Job
from aurora.training.process.memory import give_back_memory
from aurora.training.trainer import Trainer


class Measuring:
    """The measurements of a stage that is trained in `folder`; `note` tells the other ranks what begins."""

    def __init__(
        self,
        training: Training,
        reading: Reading,
        folder: Path,
        trainer: Trainer,
        job: Job,
        note: Callable[[str], None],
    ) -> None:
        self._stage, self._execution, self._evaluate = training.stage, training.execution, training.evaluate
        self._replay, self._early_end, self._asking = reading.replay, reading.early_end, training.asking
        self._folder, self._trainer, self._job, self._note = folder, trainer, job, note
        step = trainer.step
        if self._replay is not None:
            self._replay.begin(folder, step, trainer.engine.network, job)
        if self._early_end is not None:
            self._early_end.begin(folder, step, job)
            trainer.course = self._early_end.course
        if self._asking is not None:
            self._asking.begin(folder, step, job)

    @property
    def ended(self) -> bool:
        """Whether the stage has ended, early or not."""
        last = self._stage.steps if self._early_end is None else self._early_end.last
        return self._trainer.step == last or (self._replay is not None and self._replay.ended)

    def before(self, saver: Saver) -> None:
        """What is measured of the network that the stage starts from."""
        self._ask_tasks(saver)

    def after(self, saver: Saver) -> dict[str, float]:
        """What is measured after the step that was made; returns what goes into its record.

        `saver` may be writing a checkpoint: its thread uses the process group over which the ranks communicate.
        """
        return {
            **self._decide(saver),
            **self._ask_watched(saver),
            **self._measure(),
            **self._ask_tasks(saver),
        }

    def finish(self) -> None:
        """Leave the records of a stage that has ended."""
        if self._asking is not None:
            self._asking.finish()

    def _decide(self, saver: Saver) -> dict[str, float]:
        """What adaptive replay measured and decided after this step."""
        step, engine = self._trainer.step, self._trainer.engine
        if self._replay is None or not self._replay.due(step):
            return {}
        self._note("measuring what is forgotten")
        saver.wait()
        return self._replay.after(step, engine.network)

    def _ask_watched(self, saver: Saver) -> dict[str, float]:
        """What is refused after this step, where the stage may end by that."""
        step = self._trainer.step
        if self._early_end is None or not self._early_end.due(step):
            return {}
        self._note("asking watched prompts")
        give_back_memory()
        found = self._early_end.after(step, self._whole_network(saver))
        self._trainer.course = self._early_end.course
        return found

    def _measure(self) -> dict[str, float]:
        """The measurements due after this step; a domain without text has none."""
        step, every = self._trainer.step, self._execution.evaluate_steps
        if self._evaluate is None or not (self.ended or (every and step % every == 0)):
            return {}
        self._note("measuring")
        give_back_memory()
        measured = self._evaluate(self._trainer.engine.network, step)
        return {name: value for name, value in measured.items() if math.isfinite(value)}

    def _ask_tasks(self, saver: Saver) -> dict[str, float]:
        """The scores in tasks after this step, where the stage is asked any."""
        asking, step = self._asking, self._trainer.step
        if asking is None or not asking.due(step, ended=self.ended):
            return {}
        self._note("asking tasks")
        give_back_memory()
        saver.wait()
        weights = digest_of(weights_of(self._trainer.engine), self._job)
        return asking.after(step, weights, lambda: self._whole_network(saver, everywhere=asking.share))

    def _whole_network(self, saver: Saver, *, everywhere: bool = False) -> Network | None:
        """On rank 0, or `everywhere`, the network with all its weights."""
        engine, step = self._trainer.engine, self._trainer.step
        if isinstance(engine, OneProcess):
            return engine.network
        saver.wait()
        shape = (engine.architecture, engine.vocabulary)
        place = (self._folder, step)
        return whole_network(*place, weights_of(engine), shape, engine.device, self._job, everywhere=everywhere)


def weights_of(engine: Engine) -> dict[str, Tensor]:
    """What this rank writes of the weights."""
    return engine.owned({name: parameter.detach() for name, parameter in engine.named.items()})
