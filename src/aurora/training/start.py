"""How a stage begins: its network with weights, and its position.

One decision: from a new network, a model folder or a checkpoint of another layout alike, a rank loads only the boxes
that it holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch

from aurora.console.progress import say
from aurora.errors import UserError
from aurora.model.adapters.description import adapters_of, to_train
from aurora.model.families import FAMILIES
from aurora.model.folder import fitting_text, fitting_weights, read_architecture
from aurora.model.network import Network
from aurora.model.tensors import tensor_table, trained_names
from aurora.recipe.execution import Execution
from aurora.recipe.model import WEIGHTS, Architecture
from aurora.recipe.stages.stage import Stage
from aurora.training.checkpoints.boxed_tensors import Stored
from aurora.training.checkpoints.checkpoint import Checkpoint
from aurora.training.guard import Judged, Watch
from aurora.training.parallel.compiling import compile_blocks
from aurora.training.parallel.engine import Engine, OneProcess
from aurora.training.parallel.layout import layout_of, refuse_stage
from aurora.training.parallel.network import ParallelNetwork
from aurora.training.process.job import started_ranks
from aurora.training.process.runtime import Runtime
from aurora.training.records.state import OPTIMIZER
from aurora.training.trainer import Trainer


@dataclass(frozen=True)
class NewModel:
    """A network with new weights, drawn from `seed`."""

    architecture: Architecture
    vocabulary: int
    seed: int


def build_engine(
    start: Path | NewModel,
    stage: Stage,
    execution: Execution,
    runtime: Runtime,
    checkpoint: Checkpoint | None,
    seed: int = 0,
) -> Engine:
    """The network with its weights: those of the checkpoint, or those that the stage starts from; new adapters are
    drawn from `seed`."""
    if isinstance(start, NewModel):
        architecture, vocabulary = start.architecture, start.vocabulary
    else:
        architecture, vocabulary = read_architecture(start)
    _refuse_other_networks(architecture)
    plain, architecture = architecture, part_to_train(architecture, stage)
    trained = trained_names(tensor_table(architecture, vocabulary), architecture.layers, stage.train)
    layout = layout_of(execution, started_ranks())
    engine: Engine
    if layout.ranks == 1:
        engine = OneProcess(Network(architecture, vocabulary), runtime, trained, stage.prefers)
    else:
        refuse_stage(layout, architecture, vocabulary, stage, execution)
        shape = architecture, vocabulary, layout
        engine = ParallelNetwork(*shape, runtime.device, runtime.precision, trained, stage.prefers)
    if checkpoint is not None:
        engine.fill(checkpoint.model)
    elif isinstance(start, NewModel):
        engine.initialise(torch.Generator().manual_seed(start.seed))
    else:
        new = None if adapters_of(architecture) is None else torch.Generator().manual_seed(seed)
        engine.fill(_fitting(start, plain, vocabulary), new)
    if execution.compile:
        compile_blocks(engine.blocks, runtime.device)
    return engine


def part_to_train(architecture: Architecture, stage: Stage) -> Architecture:
    """The network that the stage trains; `UserError` where its `train` names a part that is not there."""
    try:
        return to_train(architecture, stage.train)
    except ValueError as error:
        raise UserError(f"stages.{stage.name}.train.{error}.") from error


def _refuse_other_networks(architecture: Architecture) -> None:
    """`UserError` for a network that could not be written as one of its family, before it is trained."""
    try:
        FAMILIES[architecture.family].refuse(architecture)
    except ValueError as error:
        raise UserError(f"model.architecture: {error}.") from error


def _fitting(folder: Path, architecture: Architecture, vocabulary: int) -> Stored:
    """The weights of a model folder, checked against its architecture and tokenizer."""
    stored = Stored([folder / WEIGHTS])
    fitting_weights(stored.forms, architecture, vocabulary, folder / WEIGHTS)
    fitting_text(folder, vocabulary)
    return stored


def take_position(
    trainer: Trainer,
    start: Path | NewModel,
    stage: Stage,
    checkpoint: Checkpoint | None,
    runtime: Runtime,
    history: Iterable[Judged],
) -> None:
    """Give `trainer` the step, the moments and the guard's `history` of the checkpoint.

    Without a checkpoint, the moments of the stage before where `optimizer.carry` asks for them.
    """
    if checkpoint is not None:
        trainer.step = checkpoint.state.step
        trainer.watch = Watch(stage.guard, history)
        trainer.optimizer.load(checkpoint.optimizer, trainer.engine.copy)
        before = checkpoint.state
        if before.precision != runtime.precision:
            say(f"This stage was trained in {before.precision} so far and continues in {runtime.precision}.")
        if before.threads != runtime.threads and runtime.device.type == "cpu":
            say(
                f"This stage was trained with {before.threads} CPU threads so far and continues with "
                f"{runtime.threads}, which changes the order of additions: its weights will differ in the last digits."
            )
    elif stage.optimizer.carry:
        if isinstance(start, NewModel):
            raise UserError("optimizer.carry needs an earlier stage as `start`: a new model has no optimizer state.")
        trainer.optimizer.load(Stored([start / OPTIMIZER]), trainer.engine.copy)
