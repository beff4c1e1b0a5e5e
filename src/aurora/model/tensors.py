"""The table of tensors: all that follows from an architecture about each tensor of its network.

One decision: what many must agree on about a tensor stands in one row here: its name on the hub, its shape, who of a
pipeline holds it, how a tensor group shares it, how it is drawn, whether it decays, and what it costs a token. Initial
values, placement, both cuts, the check of an import, the footprint and the FLOPs read the table, and it needs no torch.

Shapes: W width, V vocabulary, P positions, F width of the MLP, D width of a head, K key/value heads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from aurora.recipe.model import Architecture

EMBEDDING = "transformer.wte.weight"
POSITIONS = "transformer.wpe.weight"
OUTPUT = "lm_head.weight"  # absent where the output layer is the embedding itself


@dataclass(frozen=True)
class Cut:
    """How the ranks of a tensor group share a tensor: in parts of `dimension`, of which all hold the last `common`."""

    dimension: Literal[0, 1]
    common: int = 0


@dataclass(frozen=True)
class TensorSpec:
    """A row of the table.

    `block` is the number of the block it belongs to, None outside of them; `ends` are the ends of a pipeline that hold
    it then. Without a `cut` every rank of a tensor group holds all of it. New values are normal, `mean` everywhere
    where `deviation` is 0. `products` are its multiplications for a token, none where rows are looked up or added.
    `by_entry` says that it has a row for every entry of the vocabulary.
    """

    name: str
    shape: tuple[int, ...]
    block: int | None = None
    ends: tuple[Literal["first", "last"], ...] = ()
    cut: Cut | None = None
    mean: float = 0.0
    deviation: float = 0.0
    decays: bool = False
    products: int = 0
    by_entry: bool = False

    @property
    def size(self) -> int:
        """Its number of elements."""
        return math.prod(self.shape)

    def belongs_to(self, blocks: range, layers: int) -> bool:
        """Whether the segment that has `blocks` of the network's `layers` holds it."""
        if self.block is not None:
            return self.block in blocks
        return ("first" in self.ends and blocks.start == 0) or ("last" in self.ends and blocks.stop == layers)


Table = Mapping[str, TensorSpec]


@lru_cache(maxsize=16)  # read by every part of a stage; the largest networks have some thousand rows
def tensor_table(architecture: Architecture, vocabulary: int) -> Table:
    """The rows by name, in the order of the network's parameters."""
    return MappingProxyType({spec.name: spec for spec in _rows(architecture, vocabulary)})


def block_products(table: Table) -> int:
    """Multiplications of a block for a token."""
    return sum(spec.products for spec in table.values() if spec.block == 0)


def outer_products(table: Table) -> int:
    """Multiplications outside of the blocks for a token: the output layer's."""
    return sum(spec.products for spec in table.values() if spec.block is None)


def _rows(architecture: Architecture, vocabulary: int) -> Iterator[TensorSpec]:
    width, deviation = architecture.width, architecture.initializer_range
    entries = vocabulary, width
    yield TensorSpec(
        EMBEDDING,
        entries,
        ends=("first", "last") if architecture.tied else ("first",),
        cut=Cut(0),
        deviation=deviation,
        decays=True,
        products=vocabulary * width if architecture.tied else 0,
        by_entry=True,
    )
    yield TensorSpec(POSITIONS, (architecture.positions, width), ends=("first",), deviation=deviation, decays=True)
    for number in range(architecture.layers):
        yield from _block(architecture, number)
    yield TensorSpec("transformer.ln_f.weight", (width,), ends=("last",), mean=1.0)
    yield TensorSpec("transformer.ln_f.bias", (width,), ends=("last",))
    if not architecture.tied:
        yield TensorSpec(
            OUTPUT,
            entries,
            ends=("last",),
            cut=Cut(0),
            deviation=deviation,
            decays=True,
            products=vocabulary * width,
            by_entry=True,
        )


def _block(architecture: Architecture, number: int) -> Iterator[TensorSpec]:
    width, inner = architecture.width, architecture.mlp_width
    deviation = architecture.initializer_range
    # Projections onto the residual stream start smaller, as 2 x layers of them add up there (GPT-2).
    onto_residual = deviation / math.sqrt(2 * architecture.layers)
    keys = 2 * architecture.key_value_heads * architecture.head_width
    shared = keys if architecture.multi_query else 0  # the one key/value head is needed by all query heads
    beginning = f"transformer.h.{number}."

    def norm(name: str) -> Iterator[TensorSpec]:
        yield TensorSpec(f"{beginning}{name}.weight", (width,), number, mean=1.0)
        yield TensorSpec(f"{beginning}{name}.bias", (width,), number)

    def linear(name: str, outputs: int, inputs: int, cut: Cut, deviation: float) -> Iterator[TensorSpec]:
        yield TensorSpec(
            f"{beginning}{name}.weight",
            (outputs, inputs),
            number,
            cut=cut,
            deviation=deviation,
            decays=True,
            products=outputs * inputs,
        )
        # The bias of a layer whose inputs are shared is added once, to the sum.
        yield TensorSpec(f"{beginning}{name}.bias", (outputs,), number, cut=None if cut.dimension else cut)

    yield from norm("ln_1")
    yield from linear("attn.c_attn", width + keys, width, Cut(0, shared), deviation)
    yield from linear("attn.c_proj", width, width, Cut(1), onto_residual)
    yield from norm("ln_2")
    yield from linear("mlp.c_fc", inner, width, Cut(0), deviation)
    yield from linear("mlp.c_proj", width, inner, Cut(1), onto_residual)
