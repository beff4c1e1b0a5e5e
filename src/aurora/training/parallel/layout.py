"""How the ranks of a job share one training step: pipeline x replicate x shard x tensor.

One decision: a layout is refused before anything is built, from the recipe's numbers alone, and the refusal names the
nearest layouts that work. Nothing here communicates, so a plan for 512 ranks can be checked by one process.
"""

from __future__ import annotations

from dataclasses import dataclass

from aurora.errors import UserError
from aurora.recipe.execution import Execution, PipelineSchedule, Recompute
from aurora.recipe.model import Architecture
from aurora.recipe.stages.stage import Stage


@dataclass(frozen=True)
class Layout:
    """Numbers of ranks along each dimension; `segments` are per rank of the pipeline.

    `shard` ranks share the parameters, and `replicate` such groups hold copies. All of them see data of their own:
    `data` = shard x replicate.
    """

    pipeline: int = 1
    replicate: int = 1
    shard: int = 1
    tensor: int = 1
    sequence_parallel: bool = False
    schedule: PipelineSchedule = "1f1b"
    segments: int = 1
    recompute: Recompute = "none"

    @property
    def data(self) -> int:
        """Ranks that see different sequences."""
        return self.replicate * self.shard

    @property
    def ranks(self) -> int:
        """Processes of the job."""
        return self.pipeline * self.data * self.tensor

    def __str__(self) -> str:
        shards = f" (shards of {self.shard})" if self.replicate > 1 else ""
        return f"tensor {self.tensor} x pipeline {self.pipeline} x data {self.data}{shards}"


def layout_of(execution: Execution, ranks: int) -> Layout:
    """The layout of `ranks` processes; `UserError` where they cannot be arranged as `execution` says."""
    model = execution.tensor_parallel * execution.pipeline_parallel
    if ranks % model:
        near = sorted({model * max(1, ranks // model), model * (ranks // model + 1)})
        raise UserError(
            f"{ranks} processes cannot be arranged as tensor {execution.tensor_parallel} x pipeline "
            f"{execution.pipeline_parallel} x data: start {' or '.join(map(str, near))}, or change "
            "execution.tensor_parallel or execution.pipeline_parallel."
        )
    data = ranks // model
    shard = execution.shard_parallel or data
    if data % shard:
        raise UserError(
            f"execution.shard_parallel is {shard}, but {data} data-parallel ranks cannot be divided into groups of "
            f"{shard}: set it to {_nearest(shard, _divisors(data))}."
        )
    schedule = execution.pipeline_schedule
    segments = 1
    if execution.pipeline_parallel > 1 and schedule != "1f1b":
        segments = 2 if schedule == "zero-bubble-v" else execution.segments_per_rank  # down the V and up again
        if execution.compile and "zero-bubble" in schedule:
            raise UserError(
                f"execution.compile does not work with pipeline_schedule {schedule}, which computes the gradients of "
                "weights apart: choose 1f1b or interleaved, or leave out execution.compile."
            )
    return Layout(
        pipeline=execution.pipeline_parallel,
        replicate=data // shard,
        shard=shard,
        tensor=execution.tensor_parallel,
        sequence_parallel=execution.sequence_parallel and execution.tensor_parallel > 1,
        schedule=schedule,
        segments=segments,
        recompute=execution.recompute,
    )


def refuse_stage(
    layout: Layout, architecture: Architecture, vocabulary: int, stage: Stage, execution: Execution
) -> None:
    """`UserError` where the network or any step of `stage` cannot be divided by `layout`."""
    rows, length = execution.micro_batch_sequences, stage.sequence_length
    for level in stage.pace.levels:
        refuse_impossible(layout, architecture, vocabulary, level.sequences, length, rows)


def refuse_impossible(
    layout: Layout, architecture: Architecture, vocabulary: int, sequences: int, length: int, micro_batch: int
) -> None:
    """`UserError` where the network or a step of `sequences` of `length` tokens cannot be divided by `layout`."""
    tensor, pipeline = layout.tensor, layout.pipeline
    divided = [("heads", architecture.heads), ("columns of the MLP", architecture.inner)]
    if layout.sequence_parallel:
        divided.append(("tokens of a sequence", length))
    for what, size in divided:
        if size % tensor:
            choices = [n for n in _divisors(size) if all(other % n == 0 for _, other in divided)]
            raise UserError(
                f"execution.tensor_parallel is {tensor}, but {size} {what} cannot be divided among {tensor} ranks: "
                f"set it to {_nearest(tensor, choices)}."
            )
    if (shared := architecture.key_value_heads) % tensor and tensor % shared:
        choices = [n for n in _divisors(architecture.heads) if not shared % n or not n % shared]
        raise UserError(
            f"execution.tensor_parallel is {tensor}, but {shared} key/value heads cannot be divided among {tensor} "
            f"ranks: set it to {_nearest(tensor, choices)}."
        )
    if -(-vocabulary // tensor) * (tensor - 1) >= vocabulary:  # equal parts, rounded up: the last may get nothing
        raise UserError(
            f"execution.tensor_parallel is {tensor}, but a vocabulary of {vocabulary} leaves one of the ranks without "
            "entries: set it lower."
        )
    cuts = pipeline * layout.segments
    if cuts > architecture.layers:
        most = architecture.layers // layout.segments
        raise UserError(
            f"execution.pipeline_parallel is {pipeline} with {layout.segments} segments per rank, but the model has "
            f"{architecture.layers} layers: set it to at most {most}."
        )
    if sequences % layout.data:
        raise UserError(
            f"A step's {sequences} sequences cannot be divided among {layout.data} data-parallel ranks: use "
            f"{_nearest(layout.data, _divisors(sequences))}, or make the stage's batch_tokens and ramp multiples of "
            f"{layout.data * length:,}."
        )
    if pipeline > 1:
        _refuse_micro_batches(layout, sequences // layout.data, micro_batch)


def _refuse_micro_batches(layout: Layout, rows: int, micro_batch: int) -> None:
    """`UserError` where micro-batches are unequal, or too few to fill the pipeline."""
    fitting = [
        size
        for size in _divisors(rows)
        if rows // size >= layout.pipeline and (layout.segments == 1 or rows // size % layout.pipeline == 0)
    ]
    if micro_batch not in fitting:
        if not fitting:
            raise UserError(
                f"A pipeline of {layout.pipeline} ranks needs at least {layout.pipeline} sequences per step and "
                f"data-parallel rank, but has {rows}: raise the stage's batch_tokens or ramp.start, or lower "
                "execution.pipeline_parallel."
            )
        raise UserError(
            f"execution.micro_batch_sequences is {micro_batch}, which does not fill a pipeline of {layout.pipeline} "
            f"({layout.schedule}) with {rows} sequences per data-parallel rank: set it to "
            f"{' or '.join(map(str, fitting))}."
        )


def _divisors(number: int) -> list[int]:
    return [size for size in range(1, number + 1) if number % size == 0]


def _nearest(wanted: int, choices: list[int]) -> str:
    """The next smaller and the next larger choice."""
    near = [max((size for size in choices if size < wanted), default=0), *[s for s in choices if s > wanted][:1]]
    return " or ".join(str(size) for size in near if size)
