"""A network shared by many processes: pipeline x replicate x shard x tensor on one device mesh.

One decision: data parallelism and pipelining are PyTorch's own (`fully_shard`, `torch.distributed.pipelining`).
Whatever else joins gradients happens once a step in one place, `complete_gradients`: the gradients of what a tensor
group's ranks hold in common are summed, and those of the two copies of a tied embedding are added. A step's loss,
gradients and norm are those of one process, up to the order of additions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor
from torch.distributed.tensor._utils import compute_local_shape_and_global_offset

from aurora.model.network import Block, draw
from aurora.model.tensors import EMBEDDING, TensorSpec, name_of, tensor_table
from aurora.recipe.model import Architecture
from aurora.recipe.stages.objective import Dpo
from aurora.training.checkpoints.boxed_tensors import Stored, boxed_name
from aurora.training.checkpoints.placement import Box, Placement
from aurora.training.parallel.engine import Rows, freeze
from aurora.training.parallel.layout import Layout
from aurora.training.parallel.pipeline import Pipeline, segment_numbers
from aurora.training.parallel.segment import Segment, cut_layers
from aurora.training.parallel.tensor import TensorGroup
from aurora.training.process.runtime import Precision

DTYPES: dict[Precision, torch.dtype] = {"bf16": torch.bfloat16, "fp32": torch.float32}


class ParallelNetwork(nn.Module):
    """This rank's segments of a network, and the passes through all of them together.

    `parameters` are fp32 and sharded over data-parallel ranks; forward and backward are in `precision`, reductions in
    fp32. Weights are unset until `initialise` or `fill`.
    """

    whole = False  # this rank has a share

    def __init__(
        self,
        architecture: Architecture,
        vocabulary: int,
        layout: Layout,
        device: torch.device,
        precision: Precision,
        trained: Collection[str] | None = None,
        prefers: Dpo | None = None,
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.vocabulary = vocabulary
        self.layout = layout
        self.device = device
        self.precision = precision
        self.mesh = build_mesh(layout, device)
        self._dtype = DTYPES[precision]
        self._group = self._tensor_group()
        cuts = cut_layers(architecture, vocabulary, layout.pipeline * layout.segments)
        self.numbers = segment_numbers(layout, self._coordinate("pipeline"))
        self.segments: list[Segment] = [
            Segment(architecture, vocabulary, cuts[number], self._group, layout.recompute) for number in self.numbers
        ]
        self.children_by_number = nn.ModuleDict(dict(zip(map(str, self.numbers), self.segments, strict=True)))
        for segment in self.segments:
            freeze(segment.network.named, trained)
            segment.prefers = prefers
            segment.answers_backward = layout.pipeline * layout.segments > 1
            self._shard(segment)
            segment.to_empty(device=device)
        self._ties = self._tie_group()
        by_number = dict(zip(self.numbers, self.segments, strict=True))
        self._pipeline = Pipeline(
            by_number, layout, self.mesh.get_group("pipeline"), device, self._dtype, architecture.width, self._group
        )
        self.rank = self._coordinate("replicate") * layout.shard + self._coordinate("shard")
        self.ranks = layout.data
        # With sequence parallelism the ranks of a tensor group have different positions and draw differently; without,
        # they have the same ones and must draw the same dropout.
        own_stream = self._group.rank if self._group and self._group.sequence else 0
        self.stream = (self.rank * layout.pipeline + self._coordinate("pipeline")) * layout.tensor + own_stream

    @property
    def network(self) -> ParallelNetwork:
        """As in `aurora.training.parallel.engine.Engine`; measures in the precision it trains in."""
        return self

    @property
    def named(self) -> dict[str, nn.Parameter]:
        """This rank's parameters; the second copy of a tied embedding is called `output:NAME`."""
        return {name: parameter for name, parameter, _ in self._placed()}

    @property
    def specs(self) -> dict[str, TensorSpec]:
        """As in `Engine`."""
        table = tensor_table(self.architecture, self.vocabulary)
        return {name: table[placement.name] for name, _, placement in self._placed()}

    @property
    def blocks(self) -> list[Block]:
        """As in `Engine`."""
        return [block for segment in self.segments for block in segment.network.own_blocks]

    def boxes(self) -> Iterator[tuple[str, Box, bool]]:
        """(name of a parameter, a box of it that this rank holds, whether this rank owns the box)."""
        replica = self._coordinate("replicate")
        for name, parameter, placement in self._placed():
            for box in placement.boxes(_rows(parameter)):
                mine = placement.first and not replica and not (box.shared and self._group and self._group.rank)
                yield name, box, mine

    def rows_from(self, entry: int) -> list[Tensor]:
        """As in `Engine`; also of a tied embedding's second copy."""
        parameters, specs, views = self.named, self.specs, []
        for name, box, _ in self.boxes():
            if specs[name].by_entry and parameters[name].requires_grad and box.whole[0].stop > entry:
                older = max(0, entry - box.whole[0].start)
                rows = slice(box.local[0].start + older, box.local[0].stop)
                views.append(local(parameters[name].detach())[rows, *box.local[1:]])
        return views

    @torch.no_grad()
    def initialise(self, generator: torch.Generator, *, adapters: bool = False) -> None:
        """Draw the weights that one process would draw, or only the `adapters`; one whole tensor exists at a time."""
        seed = int(torch.randint(2**62, (), generator=generator))  # the same draw as in `Network.initialise`
        drawn: tuple[str, Tensor] | None = None
        parameters, specs = self.named, self.specs
        for name, box, _ in self.boxes():
            if adapters and not specs[name].adapter:
                continue
            if drawn is None or drawn[0] != box.name:
                drawn = box.name, draw(specs[name], seed)
            local(parameters[name])[box.local] = drawn[1][box.whole].to(self.device)

    @torch.no_grad()
    def fill(self, stored: Stored, new: torch.Generator | None = None) -> None:
        """As in `Engine`; only this rank's part of the files is read."""
        if new is not None:
            self.initialise(new, adapters=True)
        specs = self.specs
        self.copy(stored, {name: p for name, p in self.named.items() if new is None or not specs[name].adapter})

    def owned(self, tensors: Mapping[str, Tensor], kinds: Sequence[str] = ("",)) -> dict[str, Tensor]:
        """As in `Engine`, by boxed name; tensors that are not laid out like a parameter are rank 0's."""
        shapes = {name: placement.shape for name, _, placement in self._placed()}
        boxed = {}
        for name, box, mine in self.boxes():
            for kind in kinds if mine else ():
                if (whole := tensors.get(kind + name)) is not None:
                    boxed[boxed_name(kind + box.name, box.whole, shapes[name])] = local(whole)[box.local]
        laid_out = {kind + name for kind in kinds for name in shapes}
        others = tensors.keys() - laid_out if dist.get_rank() == 0 else ()
        return boxed | {name: tensors[name] for name in others}

    @torch.no_grad()
    def copy(self, stored: Stored, tensors: Mapping[str, Tensor], kinds: Sequence[str] = ("",)) -> None:
        """As in `Engine`."""
        shapes = {name: placement.shape for name, _, placement in self._placed()}
        for name, box, _ in self.boxes():
            for kind in kinds:
                if kind + name in tensors:
                    stored.check(kind + box.name, shapes[name])
                    stored.copy(kind + box.name, local(tensors[kind + name])[box.local], box.whole)

    def agree(self, flags: Sequence[bool]) -> list[bool]:
        """As in `Engine`."""
        numbers = torch.tensor(flags, dtype=torch.int32, device=self.device)
        dist.all_reduce(numbers, dist.ReduceOp.MAX)
        return [bool(number) for number in numbers.tolist()]

    def total(self, number: int) -> int:
        """As in `Engine`."""
        return int(self.summed(torch.tensor(number)))

    def summed(self, values: Tensor) -> Tensor:
        """As in `Engine`."""
        total = values.to(self.device, copy=True)
        for dimension in ("shard", "replicate"):
            dist.all_reduce(total, group=self.mesh.get_group(dimension))
        return total

    def refresh(self) -> None:
        """As in `Engine`: nothing to do, as FSDP rounds and gathers the fp32 parameters when a block is next
        computed."""

    def train_step(self, rows: Rows, micro_batch: int, num_counted: int) -> float:
        """As in `Engine`."""
        given = {name: values for name, values in rows.items() if values is not None}
        for segment in self.segments:
            segment.won = 0
        if self.layout.pipeline > 1:
            total = self._pipeline.train(given, micro_batch, num_counted)
        else:
            total = self._accumulated(given, micro_batch, num_counted)
        self.complete_gradients()
        if self._group is not None and self._group.rank:
            total.zero_()  # every rank of the group has the same sum, which must count once
        dist.all_reduce(total)
        return total.item() / num_counted

    def won(self) -> int:
        """As in `Engine`."""
        counts = not (self._group and self._group.rank)  # every rank of the group has counted the same pairs
        total = torch.tensor(sum(segment.won for segment in self.segments) if counts else 0, device=self.device)
        dist.all_reduce(total)
        return int(total)

    def _accumulated(self, batch: Mapping[str, Tensor], micro_batch: int, num_counted: int) -> Tensor:
        (segment,) = self.segments
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        rows = len(batch["tokens"])
        for start in range(0, rows, micro_batch):
            part = {name: values[start : start + micro_batch] for name, values in batch.items()}
            _synchronise(segment, last=start + micro_batch >= rows)
            loss = segment(part.pop("tokens"), **part)
            (loss / num_counted).backward()
            total += loss.detach().double().sum()
        return total

    @torch.no_grad()
    def complete_gradients(self) -> None:
        """Sum the gradients of what a tensor group's ranks hold in common, then those of a tied embedding's copies."""
        if self._group is not None:
            for _, parameter, placement in self._placed():
                if parameter.grad is not None:
                    self._sum_shared(local(parameter.grad), placement, _rows(parameter))
        embedding = name_of(self.architecture, EMBEDDING)
        copies = [
            parameter
            for _, parameter, placement in self._placed()
            if placement.name == embedding and parameter.requires_grad
        ]
        if len(copies) == 2:  # both ends of the pipeline are here
            total = local(_gradient(copies[0])) + local(_gradient(copies[1]))
            for parameter in copies:
                local(_gradient(parameter)).copy_(total)
        elif copies and self._ties is not None:
            dist.all_reduce(local(_gradient(copies[0])), group=self._ties)

    def _sum_shared(self, gradient: Tensor, placement: Placement, rows: slice) -> None:
        """Sum over the group the gradients of rows that all ranks hold but each used for its own heads or positions."""
        assert self._group is not None
        for box in placement.boxes(rows):
            if box.shared and placement.partial:
                part = gradient[box.local].contiguous()
                dist.all_reduce(part, group=self._group.group)
                gradient[box.local] = part

    @torch.no_grad()
    def gradient_norm(self) -> float:
        """Norm of all gradients of the network, each element counted on the rank that owns it."""
        parameters = self.named
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        for name, box, mine in self.boxes():
            gradient = parameters[name].grad
            if mine and gradient is not None:
                total += torch.linalg.vector_norm(local(gradient)[box.local], dtype=torch.float64).square()
        dist.all_reduce(total)
        return total.sqrt().item()

    @torch.no_grad()
    def token_losses(self, tokens: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy of every target in nats, fp32 [B, T], the same on every rank; all ranks call it together."""
        losses = self._pipeline.token_losses(tokens, targets)
        for module in self.modules():
            if isinstance(module, FSDPModule):
                module.reshard()  # the backward pass would do this, but there is none here
        return losses

    def _placed(self) -> Iterator[tuple[str, nn.Parameter, Placement]]:
        for segment in self.segments:
            for name, parameter in segment.network.named.items():
                placement = segment.placements[name]
                yield name if placement.first else f"output:{name}", parameter, placement

    def _coordinate(self, dimension: str) -> int:
        return int(self.mesh.get_local_rank(dimension))

    def _tensor_group(self) -> TensorGroup | None:
        if self.layout.tensor == 1:
            return None
        rank = self._coordinate("tensor")
        return TensorGroup(self.mesh.get_group("tensor"), rank, self.layout.tensor, self.layout.sequence_parallel)

    def _tie_group(self) -> dist.ProcessGroup | None:
        """The ranks that hold this rank's part of the embedding in the first and in the last segment."""
        if self.layout.pipeline == 1 or not self.architecture.tied or self.layout.schedule == "zero-bubble-v":
            return None
        columns = self.mesh.mesh.view(self.layout.pipeline, -1)
        mine = None
        for first, last in zip(columns[0].tolist(), columns[-1].tolist(), strict=True):
            group = dist.new_group([first, last])  # a collective call: every rank makes every group
            if dist.get_rank() in (first, last):
                mine = group
        return mine

    def _shard(self, segment: Segment) -> None:
        """Cut the parameters among data-parallel ranks, block by block."""
        policy = MixedPrecisionPolicy(param_dtype=self._dtype, reduce_dtype=torch.float32)
        mesh = self.mesh["replicate", "shard"] if self.layout.replicate > 1 else self.mesh["shard"]
        settings: dict[str, Any] = {
            "mesh": mesh,
            "mp_policy": policy,
            # In a pipeline a block runs for many micro-batches: gathering it each time would cost more than it saves.
            "reshard_after_forward": self.layout.pipeline == 1,
        }
        for block in segment.network.own_blocks:
            fully_shard(block, **settings)
        fully_shard(segment, **settings)
        for module in segment.modules():
            if isinstance(module, FSDPModule):
                module.set_gradient_divide_factor(1.0)  # losses are already shares of the whole step's mean
                module.set_force_sum_reduction_for_comms(True)  # gloo cannot scale while it adds


def build_mesh(layout: Layout, device: torch.device) -> DeviceMesh:
    """All ranks of the job; the ranks of a tensor group are neighbours, because they communicate most."""
    sizes = layout.pipeline, layout.replicate, layout.shard, layout.tensor
    return init_device_mesh(device.type, sizes, mesh_dim_names=("pipeline", "replicate", "shard", "tensor"))


def local(tensor: Tensor) -> Tensor:
    """This rank's part of a tensor that may be sharded."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def _rows(parameter: Tensor) -> slice:
    """The rows of a parameter that data parallelism gave to this rank."""
    if not isinstance(parameter, DTensor):
        return slice(0, parameter.shape[0])
    shape, offset = compute_local_shape_and_global_offset(parameter.shape, parameter.device_mesh, parameter.placements)
    return slice(offset[0], offset[0] + shape[0])


def _gradient(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad


def _synchronise(segment: Segment, *, last: bool) -> None:
    """Reduce gradients among data-parallel ranks with the last micro-batch only."""
    assert isinstance(segment, FSDPModule)
    segment.set_requires_gradient_sync(last)
    segment.set_is_last_backward(last)
