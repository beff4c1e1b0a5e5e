"""What a stage of training is given: what is trained, what it reads, and where it lies.

One decision: all that reads another room (batches, measurements, what was read) is a callable, so training knows
neither the recipe nor the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aurora.model.scorer import Scorer
from aurora.recipe.execution import Execution
from aurora.recipe.stages.stage import Stage
from aurora.training.checkpoints.continuing import Deciding
from aurora.training.records.left_out import Contents
from aurora.training.records.sources import SourcesRead
from aurora.training.replay import Replay
from aurora.training.start import NewModel
from aurora.training.trainer import Batches

Evaluate = Callable[[Scorer, int], dict[str, float]]


@dataclass(frozen=True)
class Training:
    """What is trained: a stage, from the model folder or new network `start`.

    `made_with` says what the first steps follow from. `evaluate(network, step)` is called after some steps and after
    the last; what it returns goes into the metrics. `first_new_entry` is the first of the vocabulary that the published
    model did not have. What is new in it, adapters, is drawn from `seed`.
    """

    stage: Stage
    start: Path | NewModel
    execution: Execution
    made_with: Deciding
    evaluate: Evaluate | None = None
    first_new_entry: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class Reading:
    """What a stage reads.

    With `replay` the batches are its own, and its decisions lie in the stage's folder too. `contents` tells what the
    sequences of a step are, for left_out.jsonl; `sources` what so many first steps read, for sources.json.
    """

    batches: Batches
    replay: Replay | None = None
    contents: Contents = lambda step: []
    sources: SourcesRead = lambda num_steps: {}


@dataclass(frozen=True)
class Places:
    """Where a stage works.

    `folder` is its working folder, and `finished` the one that it will replace, if any; `tensorboard` gets its events.
    `tokenizer_file` is copied beside the weights, with what lies beside it.
    """

    folder: Path
    tensorboard: Path
    tokenizer_file: Path
    finished: Path | None = None
