"""What a family is: names of tensors, and a two-way mapping of its configuration.

One decision: whatever a configuration may say is read as `transformers` reads it, and what our network would compute
otherwise is refused by the key's name. What an architecture may say and the family cannot is found by writing its
configuration and reading it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aurora.recipe.model import Architecture

Values = Mapping[str, Any]

# What a configuration does not have to say, as it changes nothing in what a trained network computes.
UNSAID = ("dropout", "dtype")


def _nothing(_: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Family:
    """Networks of one `model_type`.

    `names` are the hub's for our modules, those of a block relative to it. `keys` gives for keys of the configuration
    those of `Architecture` with the same value; `defaults` is what `transformers` assumes for keys that are left out;
    `fixed` is what all networks of the family have in common; `needed` are keys whose value must be the one given.
    `read` and `write` translate the rest; `read` raises `ValueError` with a sentence for what it refuses. `prefix`
    stands before every name but the output layer's and is missing in files of the network alone; `buffers` is a
    pattern of names in older files that are no parameters; `constants` are tensors of every block that files hold and
    that have this value always.
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
        """What `configuration` describes; `ValueError` with a sentence for what would be computed otherwise."""
        values = {**self.defaults, **configuration}
        for key, value in self.needed.items():
            if (found := values.get(key)) is not None and found != value:
                raise ValueError(f"{key} is {found!r}, but this network computes {value!r} only")
        copied = {ours: values[theirs] for theirs, ours in self.keys.items() if values.get(theirs) is not None}
        return Architecture.model_validate({"family": self.name, **self.fixed, **copied, **self.read(values)})

    def configuration(self, architecture: Architecture) -> dict[str, Any]:
        """The keys of a configuration that say the architecture."""
        copied = {theirs: getattr(architecture, ours) for theirs, ours in self.keys.items()}
        return {"model_type": self.name, **self.needed, **copied, **self.write(architecture)}

    def refuse(self, architecture: Architecture) -> None:
        """`ValueError` naming what no network of this family is."""
        said = self.architecture(self.configuration(architecture)).model_dump()
        for key, value in architecture.model_dump().items():
            if key not in UNSAID and said[key] != value:
                raise ValueError(f"{key} is {value!r}, but a {self.name} network of this shape has {said[key]!r}")

    def constant_tensors(self, layers: int) -> dict[str, float]:
        """The `constants` of so many blocks, by their names in files."""
        blocks = self.names["blocks"]
        return {f"{blocks}.{n}.{name}": value for n in range(layers) for name, value in self.constants.items()}

    def tensor(self, path: str) -> str:
        """The hub's name for a parameter of our network, such as `blocks.3.mlp.up.weight`."""
        module, _, parameter = path.rpartition(".")
        if module.startswith("blocks."):
            _, number, inner = module.split(".", 2)
            return f"{self.names['blocks']}.{number}.{self.names[inner]}.{parameter}"
        return f"{self.names[module]}.{parameter}"
