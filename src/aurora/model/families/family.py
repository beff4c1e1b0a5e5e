"""What a family is: the names of its tensors, and a two-way mapping of its configuration.

One decision: a configuration is read as `transformers` reads it, and a key that our network would compute differently
is refused by name. An architecture that the family cannot express is found by writing its configuration and reading it
back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aurora.recipe.model import Architecture

Values = Mapping[str, Any]

# Keys that a family need not express: they change nothing in what a trained network computes.
NOT_COMPUTED = ("dropout", "dtype")


def _nothing(_: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Family:
    """Networks of one `model_type`.

    `names` maps our modules to the hub's names, inside a block relative to it. `keys` maps keys of the configuration to
    those of `Architecture` with the same value; `defaults` is what `transformers` assumes for keys that are left out;
    `fixed` is what all networks of the family have in common; `needed` are keys that must have the value given here.
    `read` and `write` translate the rest; `read` raises `ValueError` with a sentence for what it refuses. `prefix`
    starts every name but the output layer's, and is missing where only the network without its head was saved;
    `buffers` is a pattern for tensors of older files that are not parameters; `constants` are tensors that files hold
    for every block and that always have this value.
    """

    name: str
    network: str
    names: Mapping[str, str]
    keys: Mapping[str, str]
    defaults: Values
    fixed: Values = field(default_factory=dict)
    needed: Values = field(default_factory=dict)
    read: Callable[[Values], dict[str, Any]] = _nothing
    write: Callable[[Architecture], dict[str, Any]] = _nothing
    prefix: str = "model."
    buffers: str = ""
    constants: Mapping[str, float] = field(default_factory=dict)

    def architecture(self, configuration: Values) -> Architecture:
        """The architecture of `configuration`; `ValueError` with a sentence where we would compute it differently."""
        values = {**self.defaults, **configuration}
        for key, value in self.needed.items():
            if (stated := values.get(key)) is not None and stated != value:
                raise ValueError(f"{key} is {stated!r}, but this network computes {value!r} only")
        copied = {ours: values[theirs] for theirs, ours in self.keys.items() if values.get(theirs) is not None}
        return Architecture.model_validate({"family": self.name, **self.fixed, **copied, **self.read(values)})

    def configuration(self, architecture: Architecture) -> dict[str, Any]:
        """The keys of a configuration that describe `architecture`."""
        copied = {theirs: getattr(architecture, ours) for theirs, ours in self.keys.items()}
        return {"model_type": self.name, **self.needed, **copied, **self.write(architecture)}

    def refuse(self, architecture: Architecture) -> None:
        """Raise `ValueError` naming the key of `architecture` that no network of this family has."""
        read_back = self.architecture(self.configuration(architecture)).model_dump()
        for key, value in architecture.model_dump().items():
            if key not in NOT_COMPUTED and read_back[key] != value:
                raise ValueError(f"{key} is {value!r}, but a {self.name} network of this shape has {read_back[key]!r}")

    def constant_tensors(self, layers: int) -> dict[str, float]:
        """The `constants` of a network of so many `layers`, by their names in files."""
        blocks = self.names["blocks"]
        return {f"{blocks}.{n}.{name}": value for n in range(layers) for name, value in self.constants.items()}

    def tensor(self, path: str) -> str:
        """The hub's name for a parameter of our network, such as `blocks.3.mlp.up.weight`."""
        module, _, parameter = path.rpartition(".")
        if module.startswith("blocks."):
            _, number, inner = module.split(".", 2)
            return f"{self.names['blocks']}.{number}.{self.names[inner]}.{parameter}"
        return f"{self.names[module]}.{parameter}"
