"""The recipe's `execution` table: where and how a run executes. None of it changes which batches a step sees.

One decision: everything here is layout except `precision`, `compile` and `threads`, which change how the numbers of a
process are rounded: into which parts a sum is split follows from the threads, so weights differ in their last digits.
Ranks and micro-batches split sums as well, but a stage must be able to go on with others where a machine is lost.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aurora.recipe.base import MOST_THREADS, Section, layout
from aurora.recipe.model import MOST_LAYERS

MOST_RANKS = 1 << 20  # ten times the largest jobs that anybody has run
LONGEST_SECONDS = 1e8  # three years: no run takes longer, and timers of the system still count it

PipelineSchedule = Literal["1f1b", "interleaved", "interleaved-zero-bubble", "zero-bubble-v"]
Recompute = Literal["none", "attention", "full"]
TrackerName = Literal["wandb", "mlflow"]


class Execution(Section):
    """Devices, parallel layout and bookkeeping of a training stage."""

    device: Literal["auto", "cpu", "cuda"] = layout(
        "auto", "Where to train; `auto` takes an accelerator where there is one (`cuda` covers ROCm)."
    )
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        description="Arithmetic of forward and backward; weights and moments stay fp32. `auto` is bf16 if the device "
        "has it in hardware.",
    )
    micro_batch_sequences: int = layout(
        8, "Sequences per forward pass; the rest of a global batch is accumulated.", ge=1, le=MOST_RANKS
    )
    tensor_parallel: int = layout(1, "Ranks that share each layer's matrices.", ge=1, le=MOST_RANKS)
    sequence_parallel: bool = layout(
        True, "Ranks that share matrices also share the positions between them (less memory, no more traffic)."
    )
    pipeline_parallel: int = layout(1, "Ranks that share the layers.", ge=1, le=MOST_RANKS)
    pipeline_schedule: PipelineSchedule = layout(
        "1f1b",
        "Order of forward and backward passes in a pipeline. All but `1f1b` give a rank several segments of the "
        "network and idle less.",
    )
    segments_per_rank: int = layout(
        2, "Segments of the network on each rank of a pipeline whose schedule is interleaved.", ge=2, le=MOST_LAYERS
    )
    shard_parallel: int = layout(
        0,
        "Ranks that share weights, gradients and moments among data-parallel ones; groups of so many then hold copies "
        "of each other (hybrid sharding). 0 shares among all.",
        ge=0,
        le=MOST_RANKS,
    )
    recompute: Recompute = layout(
        "none",
        "Activations computed again in the backward pass instead of kept: of `attention` alone (its weights), or the "
        "`full` block.",
    )
    compile: bool = Field(
        False,
        description="Compile the network's blocks with `torch.compile`: takes time at the start, and is cached for "
        "later runs. Rounds differently. Not with zero-bubble schedules.",
    )
    timeout_seconds: float = layout(
        600.0,
        "A rank that is silent for so long, or in one step for twice as long, is named and ends the run.",
        gt=0,
        le=LONGEST_SECONDS,
    )
    threads: int = Field(
        0,
        ge=0,
        le=MOST_THREADS,
        description="CPU threads; 0 takes every core. Another number changes the order of additions, and so the "
        "rounding.",
    )
    checkpoint_seconds: float = layout(
        60.0, "Save a checkpoint after at most this many seconds.", gt=0, le=LONGEST_SECONDS
    )
    keep_checkpoints: int = layout(2, "Newest checkpoints kept while a stage is trained.", ge=1)
    keep_every_steps: int = layout(
        0, "Save every so many steps as well, and keep those checkpoints after the stage's end; 0 keeps none.", ge=0
    )
    evaluate_steps: int = layout(
        0, "Measure held-out bits per byte every so many steps; 0 only at the end of a stage.", ge=0
    )
    trackers: list[TrackerName] = layout(
        [], "Services that get the records of a stage besides metrics.jsonl and TensorBoard, where they are installed."
    )
