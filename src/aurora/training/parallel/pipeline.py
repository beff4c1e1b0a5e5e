"""The passes of a pipeline: micro-batches through segments on several ranks.

One decision: PyTorch's schedules order forward and backward passes and send activations between ranks; evaluation needs
no such order and goes from segment to segment by itself.

Shapes: R rows, B rows of a micro-batch, T tokens, t ranks of a tensor group that share positions, W width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.pipelining import (
    PipelineStage,
    Schedule1F1B,
    ScheduleInterleaved1F1B,
    ScheduleInterleavedZeroBubble,
    ScheduleZBVZeroBubble,
)

from aurora.training.parallel.layout import Layout
from aurora.training.parallel.segment import Segment
from aurora.training.parallel.tensor import TensorGroup

_SCHEDULES: dict[str, Any] = {
    "1f1b": Schedule1F1B,
    "interleaved": ScheduleInterleaved1F1B,
    "interleaved-zero-bubble": ScheduleInterleavedZeroBubble,
    "zero-bubble-v": ScheduleZBVZeroBubble,
}


class Pipeline:
    """This rank's `segments`, by their number in the network, and their exchange with the other `ranks`."""

    def __init__(
        self,
        segments: Mapping[int, Segment],
        layout: Layout,
        ranks: dist.ProcessGroup,
        device: torch.device,
        dtype: torch.dtype,
        width: int,
        group: TensorGroup | None,
    ) -> None:
        self._segments = segments
        self._layout = layout
        self._ranks = ranks
        self._device = device
        self._dtype = dtype
        self._width = width
        self._parts = group.size if group and group.sequence else 1
        self._schedules: dict[tuple[int, ...], Any] = {}
        self._num_counted = 1
        numbers = {rank: segment_numbers(layout, rank) for rank in range(layout.pipeline)}
        self._holders = {number: rank for rank, held in numbers.items() for number in held}

    def train(self, rows: Mapping[str, Tensor], micro_batch: int, num_counted: int) -> Tensor:
        """Compute the gradients of the sum of losses / `num_counted`; returns that sum, 0 without the last segment.

        `rows` [R, T] are those of `aurora.training.parallel.engine`, computed `micro_batch` at a time.
        """
        given = dict(rows)
        tokens = given.pop("tokens")
        schedule = self._schedule(len(tokens) // micro_batch, micro_batch, tokens.shape[1])
        losses: list[Tensor] = []
        self._num_counted = num_counted
        first = any(segment.first for segment in self._segments.values())
        last = any(segment.last for segment in self._segments.values())
        arguments = (tokens,) if first else ()
        schedule.step(
            *arguments, target=tokens if last else None, losses=losses if last else None, return_outputs=False, **given
        )
        total = torch.zeros((), dtype=torch.float64, device=self._device)
        for loss in losses:
            total += loss.detach().double() * num_counted
        return total

    def _schedule(self, num_micro_batches: int, micro_batch: int, length: int) -> Any:
        """PyTorch's schedule for steps of this shape; it must know the shapes that segments exchange beforehand."""
        step_shape = num_micro_batches, micro_batch, length
        if step_shape not in self._schedules:
            meta = torch.device("meta")
            tokens = torch.empty(micro_batch, length, dtype=torch.int64, device=meta)
            shape = micro_batch, length // self._parts, self._width
            hidden = torch.empty(shape, dtype=self._dtype, device=meta, requires_grad=True)
            loss = torch.empty(1, dtype=torch.float32, device=meta, requires_grad=True)
            stages = [
                PipelineStage(
                    segment,
                    number,
                    len(self._holders),
                    self._device,
                    input_args=tokens if segment.first else hidden,
                    output_args=loss if segment.last else hidden,
                    group=self._ranks,
                )
                for number, segment in self._segments.items()
            ]
            kind = _SCHEDULES[self._layout.schedule]
            self._schedules[step_shape] = kind(
                stages[0] if kind is Schedule1F1B else stages,
                num_micro_batches,
                loss_fn=lambda loss, _: loss.sum() / self._num_counted,
                scale_grads=False,
            )
        return self._schedules[step_shape]

    def token_losses(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy of every target in nats, fp32 [B, T], on every rank."""
        losses = torch.zeros(targets.shape, dtype=torch.float32, device=self._device)
        hidden, last = tokens, len(self._holders) - 1
        for number, segment in self._segments.items():
            if number and number - 1 not in self._segments:
                hidden = self._received(tokens.shape, self._holders[number - 1])
            hidden = segment(hidden, targets=targets, losses=True)
            if number == last:
                losses.copy_(hidden)
            elif number + 1 not in self._segments:
                dist.send(hidden.contiguous(), group=self._ranks, group_dst=self._holders[number + 1])
        dist.broadcast(losses, group=self._ranks, group_src=self._holders[last])
        return losses

    def _received(self, shape: torch.Size, source: int) -> Tensor:
        """Hidden states [B, T / t, W] from the rank `source`."""
        local_shape = shape[0], shape[1] // self._parts, self._width
        hidden = torch.empty(local_shape, dtype=self._dtype, device=self._device)
        dist.recv(hidden, group=self._ranks, group_src=source)
        return hidden


def segment_numbers(layout: Layout, rank: int) -> list[int]:
    """The segments of a rank of the pipeline, in the order of the network: dealt in turn, or down and up for the V."""
    if layout.schedule == "zero-bubble-v" and layout.segments == 2:
        return [rank, 2 * layout.pipeline - 1 - rank]
    return [rank + turn * layout.pipeline for turn in range(layout.segments)]
