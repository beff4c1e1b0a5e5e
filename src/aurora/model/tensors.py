"""The table of tensors: all that follows from an architecture about each tensor of its network.

One decision: what several modules must agree on about a tensor is one row here: its name on the hub and in our network,
its shape, which stages of a pipeline hold it, how a tensor group shares it, how it is drawn, whether it decays, and
what it costs per token. Initialisation, placement, both kinds of cuts, the check of an import, the footprint and the
FLOPs read the table, which needs no torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from aurora.model.adapters.description import adapter_names, adapters_of, new_deviation
from aurora.model.families import FAMILIES
from aurora.recipe.model import Architecture, Bias
from aurora.recipe.stages.train import ALL, Part, Train

EMBEDDING = "embedding.weight"  # paths in the network
POSITIONS = "positions.weight"
OUTPUT = "output.weight"
XIELU_BETA = 0.5  # the slope at 0, fixed by the activation's paper (arXiv 2411.13010)
XIELU_ALPHA = 0.8  # of both sides in new networks, as the paper begins


@dataclass(frozen=True)
class Cut:
    """How the ranks of a tensor group share a tensor: cut along `dimension`, but all ranks hold its last `common` rows.

    Where it is made of `units`, such as heads, that the ranks cannot share equally, each rank holds all of it.
    """

    dimension: Literal[0, 1]
    common: int = 0
    units: int = 0


@dataclass(frozen=True)
class TensorSpec:
    """A row of the table.

    `name` is the hub's, `path` is that of the parameter in `aurora.model.network`. `block` is the number of the block
    it belongs to, None outside of blocks; `ends` then says which ends of a pipeline hold it. Without a `cut` every rank
    of a tensor group holds all of it. New values are normal with `mean` and `deviation`. `products` are its
    multiplications per token, 0 where rows are looked up or added. `by_entry` says that it has a row for every entry of
    the vocabulary, `adapter` that it is part of a low-rank adapter.
    """

    name: str
    path: str
    shape: tuple[int, ...]
    block: int | None = None
    ends: tuple[Literal["first", "last"], ...] = ()
    cut: Cut | None = None
    mean: float = 0.0
    deviation: float = 0.0
    decays: bool = False
    products: int = 0
    by_entry: bool = False
    adapter: bool = False

    @property
    def size(self) -> int:
        """Its number of elements."""
        return math.prod(self.shape)

    def belongs_to(self, blocks: range, layers: int) -> bool:
        """Whether a segment with `blocks` of the network's `layers` holds it."""
        if self.block is not None:
            return self.block in blocks
        return ("first" in self.ends and blocks.start == 0) or ("last" in self.ends and blocks.stop == layers)


Table = Mapping[str, TensorSpec]


@lru_cache(maxsize=16)  # every part of a stage asks for it; the largest networks have some thousand rows
def tensor_table(architecture: Architecture, vocabulary: int) -> Table:
    """The rows by the hub's name, in the order of the network's parameters."""
    return MappingProxyType({spec.name: spec for spec in _rows(architecture, vocabulary)})


def name_of(architecture: Architecture, path: str) -> str:
    """The hub's name for the parameter `path` of a network, whether this one has it or not."""
    return FAMILIES[architecture.family].tensor(path)


def trained_names(table: Table, layers: int, train: Train) -> frozenset[str]:
    """The tensors that a stage moves, of a network of so many layers that `to_train` gave."""
    if train == ALL:
        return frozenset(table)
    assert isinstance(train, Part)

    def moves(spec: TensorSpec) -> bool:
        if train.lora is not None:
            return spec.adapter
        if train.last_layers is not None:
            return spec.path.startswith("norm.") if spec.block is None else spec.block >= layers - train.last_layers
        return not spec.by_entry and spec.path != POSITIONS

    return frozenset(name for name, spec in table.items() if moves(spec))


def block_products(table: Table) -> int:
    """Multiplications of a block per token."""
    return sum(spec.products for spec in table.values() if spec.block == 0)


def outer_products(table: Table) -> int:
    """Multiplications outside of the blocks per token: the output layer's."""
    return sum(spec.products for spec in table.values() if spec.block is None)


def _rows(architecture: Architecture, vocabulary: int) -> Iterator[TensorSpec]:
    width, tied = architecture.width, architecture.tied

    def matrix(path: str, rows: int, **facts: Any) -> TensorSpec:
        name, deviation = name_of(architecture, path), architecture.initializer_range
        return TensorSpec(name, path, (rows, width), deviation=deviation, decays=True, **facts)

    entries: dict[str, Any] = {"cut": Cut(0), "by_entry": True}
    output = vocabulary * width
    ends = ("first", "last") if tied else ("first",)
    yield matrix(EMBEDDING, vocabulary, ends=ends, products=output if tied else 0, **entries)
    if architecture.rotary is None:
        yield matrix(POSITIONS, architecture.positions, ends=("first",))
    for number in range(architecture.layers):
        yield from _block(architecture, number)
    yield from _norm(architecture, "norm", width, ends=("last",))
    if not tied:
        yield matrix(OUTPUT, vocabulary, ends=("last",), products=output, **entries)


def _block(architecture: Architecture, number: int) -> Iterator[TensorSpec]:
    width, inner = architecture.width, architecture.inner
    of_queries = architecture.heads * architecture.head_width
    of_keys = architecture.key_value_heads * architecture.head_width
    deviation = architecture.initializer_range
    # Projections onto the residual stream start smaller, as 2 x layers of them add up there (GPT-2).
    onto_residual = deviation / math.sqrt(2 * architecture.layers)
    shared = Cut(0, units=architecture.key_value_heads)
    beginning = f"blocks.{number}."
    adapters = adapters_of(architecture)

    def linear(path: str, outputs: int, inputs: int, cut: Cut, deviation: float, bias: Bias) -> Iterator[TensorSpec]:
        def row(name: str, path: str, rows: int, columns: int, **facts: Any) -> TensorSpec:
            return TensorSpec(name, path, (rows, columns), number, decays=True, products=rows * columns, **facts)

        adapted = adapters is not None and path in adapters.modules
        module = f"{beginning}{path}.base" if adapted else f"{beginning}{path}"
        weight, path = f"{beginning}{path}.weight", f"{beginning}{path}.bias"
        yield row(name_of(architecture, weight), f"{module}.weight", outputs, inputs, cut=cut, deviation=deviation)
        of_sum = None if cut.dimension else cut  # what is added once, to the sum of a layer whose inputs are shared
        if bias in architecture.biases:
            yield TensorSpec(name_of(architecture, path), f"{module}.bias", (outputs,), number, cut=of_sum)
        if adapters is not None and adapted:
            rank, module = adapters.rank, module.removesuffix(".base")
            down, up = adapter_names(name_of(architecture, weight))
            shared_in = cut if cut.dimension else Cut(0, common=rank)
            new = new_deviation(inputs)
            yield row(down, f"{module}.down.weight", rank, inputs, cut=shared_in, deviation=new, adapter=True)
            yield row(up, f"{module}.up.weight", outputs, rank, cut=of_sum, adapter=True)

    before, after = architecture.norm_place != "after", architecture.norm_place != "before"
    if before:
        yield from _norm(architecture, f"{beginning}attention_norm", width, block=number)
    if joined(architecture):
        common = 2 * of_keys if architecture.key_value_heads == 1 else 0
        outputs = of_queries + 2 * of_keys
        yield from linear("attention.joined", outputs, width, Cut(0, common), deviation, "query_key_value")
    else:
        yield from linear("attention.query", of_queries, width, Cut(0), deviation, "query_key_value")
        yield from linear("attention.key", of_keys, width, shared, deviation, "query_key_value")
        yield from linear("attention.value", of_keys, width, shared, deviation, "query_key_value")
    if architecture.head_norm == "head":  # each rank norms its own heads with the same weights
        for name in ("attention.query_norm", "attention.key_norm"):
            cut = Cut(0, common=architecture.head_width)
            yield from _norm(architecture, f"{beginning}{name}", architecture.head_width, block=number, cut=cut)
    elif architecture.head_norm == "all":
        yield from _norm(architecture, f"{beginning}attention.query_norm", of_queries, block=number, cut=Cut(0))
        yield from _norm(architecture, f"{beginning}attention.key_norm", of_keys, block=number, cut=shared)
    yield from linear("attention.output", width, of_queries, Cut(1), onto_residual, "attention_output")
    if after:
        yield from _norm(architecture, f"{beginning}attention_after", width, block=number)
    if before:
        yield from _norm(architecture, f"{beginning}mlp_norm", width, block=number)
    if architecture.gated:
        yield from linear("mlp.gate", inner, width, Cut(0), deviation, "mlp")
    yield from linear("mlp.up", inner, width, Cut(0), deviation, "mlp")
    yield from linear("mlp.down", width, inner, Cut(1), onto_residual, "mlp")
    if architecture.activation == "xielu":  # stored as the inverse of softplus, which keeps what is learnt above 0
        for name, value in (("alpha_p", XIELU_ALPHA), ("alpha_n", XIELU_ALPHA - XIELU_BETA)):
            path, mean = f"{beginning}mlp.activation.{name}", math.log(math.expm1(value))
            yield TensorSpec(name_of(architecture, path), path, (1,), number, cut=Cut(0, common=1), mean=mean)
    if after:
        yield from _norm(architecture, f"{beginning}mlp_after", width, block=number)


def _norm(architecture: Architecture, path: str, width: int, **facts: Any) -> Iterator[TensorSpec]:
    mean = 0.0 if architecture.norm == "rms_from_one" else 1.0
    yield TensorSpec(name_of(architecture, f"{path}.weight"), f"{path}.weight", (width,), mean=mean, **facts)
    if architecture.norm == "layer":
        yield TensorSpec(name_of(architecture, f"{path}.bias"), f"{path}.bias", (width,), **facts)


def joined(architecture: Architecture) -> bool:
    """Whether query, key and value are one tensor in checkpoints of the family."""
    return "attention.joined" in FAMILIES[architecture.family].names
