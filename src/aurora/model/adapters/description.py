"""Low-rank adapters as a part of an architecture, and which tensors of a network a stage trains.

One decision: a network with adapters is another architecture with more rows in its table of tensors, so cuts,
checkpoints, resharding and the footprint know of adapters without being told. It exists while a stage trains; what the
stage leaves is of the plain architecture. Nothing here needs torch.
"""

from __future__ import annotations

import math

from aurora.model.families import FAMILIES
from aurora.recipe.base import Section
from aurora.recipe.model import Architecture
from aurora.recipe.stages.train import ALL, Lora, Part, Train

PEFT_PREFIX = "base_model.model."  # before every name of an adapter in peft's files
DOWN, UP = "lora_A", "lora_B"  # what peft calls the matrix to the rank and the one from it

LINEAR = (  # paths in a block
    "attention.joined",
    "attention.query",
    "attention.key",
    "attention.value",
    "attention.output",
    "mlp.gate",
    "mlp.up",
    "mlp.down",
)


class Adapters(Section):
    """Adapters on the linear layers `modules` (paths in a block) of every block."""

    rank: int
    alpha: float
    dropout: float
    modules: tuple[str, ...]

    @property
    def scale(self) -> float:
        """What an adapter's output is multiplied with."""
        return self.alpha / self.rank


class AdaptedArchitecture(Architecture):
    """A network that has adapters beside its matrices, while it is trained."""

    adapters: Adapters

    @property
    def plain(self) -> Architecture:
        """The same network without them."""
        return Architecture.model_validate(self.model_dump(exclude={"adapters"}))


def adapters_of(architecture: Architecture) -> Adapters | None:
    """The adapters of a network, if it has any."""
    return architecture.adapters if isinstance(architecture, AdaptedArchitecture) else None


def to_train(architecture: Architecture, train: Train) -> Architecture:
    """The network that a stage trains for one of the plain `architecture`; `ValueError` where it has no such part."""
    if train == ALL:
        return architecture
    assert isinstance(train, Part)
    if train.last_layers is not None and train.last_layers > architecture.layers:
        raise ValueError(f"last_layers is {train.last_layers}, but the model has {architecture.layers} layers")
    if train.lora is None:
        return architecture
    adapters = Adapters(
        rank=train.lora.rank,
        alpha=train.lora.alpha,
        dropout=train.lora.dropout,
        modules=_modules(architecture, train.lora),
    )
    return AdaptedArchitecture.model_validate({**architecture.model_dump(), "adapters": adapters})


def adapter_names(name: str) -> tuple[str, str]:
    """What peft calls the adapter (to the rank, from it) of the hub's matrix `name`."""
    module = PEFT_PREFIX + name.removesuffix(".weight")
    return f"{module}.{DOWN}.weight", f"{module}.{UP}.weight"


def new_deviation(inputs: int) -> float:
    """Standard deviation of new values of the matrix to the rank: as of peft's uniform ones, 1 / sqrt(3 x inputs)."""
    return 1 / math.sqrt(3 * inputs)


def _modules(architecture: Architecture, lora: Lora) -> tuple[str, ...]:
    """The linear layers of a block that `lora` names."""
    theirs = linear_modules(architecture)
    if lora.targets is None:
        return tuple(theirs)
    for target in lora.targets:
        if not any(_ends(name, target) for name in theirs.values()):
            raise ValueError(
                f"lora.targets names {target}, but the linear layers of this model are {', '.join(theirs.values())}"
            )
    return tuple(ours for ours, name in theirs.items() if any(_ends(name, target) for target in lora.targets))


def linear_modules(architecture: Architecture) -> dict[str, str]:
    """The linear layers of a block: their paths in our network, and the hub's names."""
    names = FAMILIES[architecture.family].names
    return {path: names[path] for path in LINEAR if path in names and (architecture.gated or path != "mlp.gate")}


def _ends(name: str, target: str) -> bool:
    return f".{name}".endswith(f".{target}")
