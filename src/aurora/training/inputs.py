"""What a stage of training is given: what to train, what to read, and where to write.

One decision: everything from another room (batches, measurements, what was read) is a callable, so training knows
neither the recipe as a whole nor the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aurora.model.scorer import Scorer
from aurora.recipe.execution import Execution
from aurora.recipe.stages.stage import Stage
from aurora.training.asking import Asking
from aurora.training.checkpoints.continuing import Deciding
from aurora.training.deciding.early_end import EarlyEnd
from aurora.training.deciding.replay import Replay
from aurora.training.records.left_out import Contents
from aurora.training.records.sources import SourcesRead
from aurora.training.start import NewModel
from aurora.training.trainer import Batches

Evaluate = Callable[[Scorer, int], dict[str, float]]


@dataclass(frozen=True)
class Training:
    """What is trained: a stage, from the model folder or new network `start`.

    `made_with` gives what decides the first steps. `evaluate(network, step)` is called after some steps and after the
    last; what it returns goes into the metrics, and so do the scores of `asking`. `first_new_entry` is the first
    vocabulary entry that the published model did not have. New adapters are drawn from `seed`.
    """

    stage: Stage
    start: Path | NewModel
    execution: Execution
    made_with: Deciding
    evaluate: Evaluate | None = None
    first_new_entry: int | None = None
    seed: int = 0
    asking: Asking | None = None


@dataclass(frozen=True)
class Reading:
    """What a stage reads.

    With `replay` the batches are its own, and its decisions are kept in the stage's folder too; so is what `early_end`
    measures, which may end the stage. `contents` describes
    the sequences of a step, for left_out.jsonl; `sources` what the first so many steps read, for sources.json.
    """

    batches: Batches
    replay: Replay | None = None
    early_end: EarlyEnd | None = None
    contents: Contents = lambda step: []
    sources: SourcesRead = lambda num_steps: {}


@dataclass(frozen=True)
class Places:
    """Where a stage works.

    `folder` is its working folder, and `finished` the one that it will replace, if any; `tensorboard` gets its events.
    `tokenizer_file` and the files beside it are copied next to the weights.
    """

    folder: Path
    tensorboard: Path
    tokenizer_file: Path
    finished: Path | None = None
