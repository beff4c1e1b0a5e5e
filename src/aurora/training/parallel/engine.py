"""What computes the updates of a stage: one process, or one rank of many.

One decision: a trainer sees parameters, the gradient norm and the loss of a step, the same numbers on every rank, and
not how they are computed; so guard, schedule, checkpoints and metrics are written once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from aurora.model.cross_entropy import token_cross_entropy
from aurora.model.network import Block, Network
from aurora.model.scorer import Scorer
from aurora.model.tensors import Table, TensorSpec, tensor_table
from aurora.recipe.model import Architecture
from aurora.recipe.stages.objective import Dpo
from aurora.training.checkpoints.boxed_tensors import Stored
from aurora.training.optimizer import Weights, gradient_norm
from aurora.training.parallel.preferring import at_counted, pairs_of, preferring_loss
from aurora.training.process.runtime import Precision, Runtime

# This rank's rows [R, T] of a step: `tokens` and `targets`, and where needed `loss_mask`, `positions`, `documents` and
# the parts of `PairsOfRows`.
Rows = Mapping[str, Tensor | None]


class Engine(Protocol):
    """A network in training.

    `rank` of `ranks` is this process's share of the sequences of a step; `stream` tells its random numbers from those
    of other ranks.
    """

    device: torch.device
    precision: Precision
    architecture: Architecture
    vocabulary: int
    rank: int
    stream: int
    ranks: int
    whole: bool  # whether this process holds every tensor whole, so that it can write the stage's files alone

    @property
    def named(self) -> Mapping[str, nn.Parameter]:
        """The fp32 parameters that this process holds; it updates those that need a gradient."""

    @property
    def specs(self) -> Mapping[str, TensorSpec]:
        """The row of the table of tensors for each of `named`."""

    @property
    def network(self) -> Scorer:
        """The network for evaluation; all ranks call it together."""

    @property
    def blocks(self) -> list[Block]:
        """The blocks that this process trains."""

    def rows_from(self, entry: int) -> list[Tensor]:
        """Views of the rows of vocabulary entries from `entry` on, as far as this process updates them."""

    def initialise(self, generator: torch.Generator) -> None:
        """Draw new weights, the same in every layout."""

    def fill(self, weights: Stored, new: torch.Generator | None = None) -> None:
        """Take the parameters from `weights`; with `new` those of a plain network, and draw the adapters."""

    def owned(self, tensors: Mapping[str, Tensor], kinds: Sequence[str] = ("",)) -> dict[str, Tensor]:
        """The part of `tensors` that this rank writes; those called KIND + NAME are laid out like the parameter
        NAME."""

    def copy(self, stored: Stored, tensors: Mapping[str, Tensor], kinds: Sequence[str] = ("",)) -> None:
        """Write into `tensors`, called KIND + NAME and laid out like the parameter NAME, this rank's part of `stored`.

        Raises `AuroraError` naming a tensor that is missing or of another network's shape.
        """

    def agree(self, flags: Sequence[bool]) -> list[bool]:
        """Each flag, true where it is true on any rank."""

    def total(self, number: int) -> int:
        """The sum of a number over the ranks' shares of a step."""

    def summed(self, values: Tensor) -> Tensor:
        """The same of each of several numbers."""

    def train_step(self, rows: Rows, micro_batch: int, num_counted: int) -> float:
        """Compute the gradients of the mean loss over `num_counted` targets, `micro_batch` rows at a time; returns
        it."""

    def won(self) -> int:
        """In how many preference pairs of the last step the chosen answer has gained on the rejected one."""

    def gradient_norm(self) -> float:
        """Norm over all gradients of the network together."""

    def refresh(self) -> None:
        """Let updated parameters take effect."""


def freeze(named: Mapping[str, nn.Parameter], trained: Collection[str] | None) -> None:
    """Let only the parameters `trained` have gradients; None are all."""
    for name, parameter in named.items():
        parameter.requires_grad_(trained is None or name in trained)


class OneProcess:
    """The engine of a single process, which holds the whole network."""

    rank = 0
    stream = 0
    ranks = 1
    whole = True

    def __init__(
        self, model: Network, runtime: Runtime, trained: Collection[str] | None = None, prefers: Dpo | None = None
    ) -> None:
        """With `trained` only the parameters of these names are moved; `prefers` says how pairs are learnt."""
        freeze(model.named, trained)
        self._prefers, self._won = prefers, 0
        self.device = runtime.device
        self.precision = runtime.precision
        self.architecture = model.architecture
        self.vocabulary = model.vocabulary
        self.weights = Weights(model.to(runtime.device), runtime.precision)
        self.weights.working.train()

    @property
    def named(self) -> Mapping[str, nn.Parameter]:
        """As in `Engine`."""
        return self.weights.master.named

    @property
    def specs(self) -> Table:
        """As in `Engine`."""
        return tensor_table(self.architecture, self.vocabulary)

    @property
    def network(self) -> Network:
        """As in `Engine`; in fp32."""
        return self.weights.master

    @property
    def blocks(self) -> list[Block]:
        """As in `Engine`."""
        return self.weights.working.own_blocks

    def rows_from(self, entry: int) -> list[Tensor]:
        """As in `Engine`."""
        rows = [parameter for name, parameter in self.named.items() if self.specs[name].by_entry]
        return [parameter.detach()[entry:] for parameter in rows if parameter.requires_grad]

    def initialise(self, generator: torch.Generator) -> None:
        """As in `Engine`."""
        self.weights.master.initialise(generator)
        self.weights.refresh(frozen=True)

    @torch.no_grad()
    def fill(self, weights: Stored, new: torch.Generator | None = None) -> None:
        """As in `Engine`."""
        if new is not None:
            self.weights.master.initialise(new, {name for name, spec in self.specs.items() if spec.adapter})
        self.copy(weights, {name: p for name, p in self.named.items() if new is None or not self.specs[name].adapter})
        self.weights.refresh(frozen=True)

    def owned(self, tensors: Mapping[str, Tensor], kinds: Sequence[str] = ("",)) -> dict[str, Tensor]:
        """As in `Engine`: all."""
        return dict(tensors)

    @torch.no_grad()
    def copy(self, stored: Stored, tensors: Mapping[str, Tensor], kinds: Sequence[str] = ("",)) -> None:
        """As in `Engine`: all."""
        for kind in kinds:
            for name in self.named:
                if kind + name in tensors:
                    stored.check(kind + name, tensors[kind + name].shape)
                    stored.copy(kind + name, tensors[kind + name])

    def agree(self, flags: Sequence[bool]) -> list[bool]:
        """As in `Engine`."""
        return list(flags)

    def total(self, number: int) -> int:
        """As in `Engine`."""
        return number

    def summed(self, values: Tensor) -> Tensor:
        """As in `Engine`."""
        return values

    def train_step(self, rows: Rows, micro_batch: int, num_counted: int) -> float:
        """As in `Engine`; micro-batches without a loss are not computed."""
        given = {name: values for name, values in rows.items() if values is not None}
        self._won = 0
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        for start in range(0, len(given["tokens"]), micro_batch):
            part = {name: values[start : start + micro_batch] for name, values in given.items()}
            loss = self._loss(part)
            if loss is not None:
                (loss / num_counted).backward()  # type: ignore[no-untyped-call]
                total += loss.detach()
        return total.item() / num_counted

    def _loss(self, part: dict[str, Tensor]) -> Tensor | None:
        """The sum of a micro-batch's losses; None where nothing counts."""
        tokens, targets, mask = part.pop("tokens"), part.pop("targets"), part.pop("loss_mask", None)
        if mask is not None and not mask.any():
            return None
        pairs = pairs_of(part)
        network = self.weights.working
        if pairs is not None and mask is not None and self._prefers is not None:
            hidden = network.hidden(tokens, part.get("positions"), documents=part.get("documents"))
            losses = token_cross_entropy(hidden[mask], network.output_weight, targets[mask])
            loss, won = preferring_loss(at_counted(losses, mask), pairs, self._prefers)
            self._won += int(won)
            return loss
        if mask is not None and mask.all():
            mask = None  # selecting every row would copy the hidden states
        return network.loss(tokens, targets, mask, reduction="sum", **part)

    def won(self) -> int:
        """As in `Engine`."""
        return self._won

    def gradient_norm(self) -> float:
        """As in `Engine`."""
        return gradient_norm(self.weights.master.parameters())

    def refresh(self) -> None:
        """As in `Engine`."""
        self.weights.refresh()
