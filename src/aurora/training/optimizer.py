"""The weights of a stage in training, and their update by AdamW (Loshchilov and Hutter, arXiv 1711.05101).

One decision: master weights are fp32. In bf16 a second network holds rounded weights for forward and backward; its
gradients move into the fp32 masters as soon as they are complete, and each update rounds it from the masters again.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from aurora.recipe.stages.stage import Optimizer as OptimizerSettings
from aurora.training.checkpoints.boxed_tensors import Stored
from aurora.training.process.runtime import Precision

Network = TypeVar("Network", bound=nn.Module)

# `Engine.copy` of training/parallel/engine.py: copies this rank's part of stored tensors into its own.
Copy = Callable[[Stored, Mapping[str, Tensor], Sequence[str]], None]

MOMENTS = ("exp_avg", "exp_avg_sq")
MOMENT_KINDS = tuple(f"{moment}." for moment in MOMENTS)  # prefixes of a parameter's name that give its moments' names
UPDATES = "updates"


class Weights(Generic[Network]):
    """`master` (fp32: saved, evaluated, updated) and `working` (forward and backward; in fp32 the same network)."""

    def __init__(self, model: Network, precision: Precision) -> None:
        self.precision = precision
        self.master = model
        self.working = model
        self._pairs: list[tuple[nn.Parameter, nn.Parameter]] = []
        if precision == "bf16":
            self.working = copy.deepcopy(model).to(torch.bfloat16)
            self._pairs = list(zip(self.master.parameters(), self.working.parameters(), strict=True))
            for master, working in self._moving:
                working.register_post_accumulate_grad_hook(_mover(master))  # type: ignore[no-untyped-call]

    @property
    def _moving(self) -> list[tuple[nn.Parameter, nn.Parameter]]:
        return [(master, working) for master, working in self._pairs if master.requires_grad]

    @torch.no_grad()
    def refresh(self, *, frozen: bool = False) -> None:
        """Set the working copy to the rounded masters: those that are trained, or with `frozen` all."""
        for master, working in self._pairs if frozen else self._moving:
            working.copy_(master)


def _mover(master: nn.Parameter) -> Callable[[Tensor], None]:
    """A hook that adds a finished bf16 gradient to the master's fp32 gradient and frees it."""

    def move(working: Tensor) -> None:
        gradient = working.grad
        assert gradient is not None
        if master.grad is None:
            master.grad = gradient.float()
        else:
            master.grad.add_(gradient)
        working.grad = None

    return move


def gradient_norm(parameters: Iterable[nn.Parameter]) -> float:
    """Norm over all gradients together."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    return torch.nn.utils.get_total_norm(gradients).item()


class Optimizer:
    """AdamW on named fp32 parameters: decoupled weight decay, gradients clipped by global norm.

    Those that need no gradient are left alone. `decaying` names those with weight decay; `new_rows` are views of parts
    of the parameters that have a learning rate of their own.
    """

    def __init__(
        self,
        parameters: Mapping[str, nn.Parameter],
        decaying: Collection[str],
        settings: OptimizerSettings,
        new_rows: Sequence[Tensor] = (),
    ) -> None:
        self._parameters = {name: parameter for name, parameter in parameters.items() if parameter.requires_grad}
        self._updates = 0  # also of a rank that moves nothing
        self._clip = settings.clip
        self._factor = settings.new_rows
        self._new_rows = new_rows if self._factor != 1 else ()
        matrices = [parameter for name, parameter in self._parameters.items() if name in decaying]
        others = [parameter for name, parameter in self._parameters.items() if name not in decaying]
        self._adamw = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}],
            lr=0.0,
            betas=(settings.beta1, settings.beta2),
            eps=settings.epsilon,
            fused=True,
        )

    @property
    def parameters(self) -> list[nn.Parameter]:
        """The parameters that it updates."""
        return list(self._parameters.values())

    @torch.no_grad()
    def update(self, learning_rate: float, norm: float) -> None:
        """Clip the gradients, whose norm is `norm`, update the parameters and free the gradients."""
        if norm > self._clip and (gradients := self._gradients()):  # a rank of a pipeline may train nothing
            torch._foreach_mul_(gradients, self._clip / norm)
        for group in self._adamw.param_groups:
            group["lr"] = learning_rate
        before = [rows.clone() for rows in self._new_rows]
        self._adamw.step()
        self._updates += 1
        for rows, old in zip(self._new_rows, before, strict=True):
            # AdamW's whole change is proportional to the rate, so scaling the change is scaling the rate.
            rows.copy_(torch.lerp(old, rows, self._factor))
        self.forget()

    def forget(self) -> None:
        """Free the gradients without an update."""
        self._adamw.zero_grad(set_to_none=True)

    def _gradients(self) -> list[Tensor]:
        return [parameter.grad for parameter in self._parameters.values() if parameter.grad is not None]

    def state(self) -> dict[str, Tensor]:
        """The moments as `exp_avg.NAME` and `exp_avg_sq.NAME`, and the number of `updates`, for bias correction."""
        tensors: dict[str, Tensor] = {UPDATES: torch.full((1,), float(self._updates))}
        for name, parameter in self._parameters.items():
            state = self._adamw.state.get(parameter)
            if not state:
                continue
            for moment in MOMENTS:
                tensors[f"{moment}.{name}"] = state[moment]
        return tensors

    def load(self, stored: Stored, copy: Copy) -> None:
        """Load what `state` gave from a file; `copy` writes this rank's part of the moments in place.

        In place, so that memory never holds them twice; raises the `AuroraError` of `copy`.
        """
        if set(stored) == {UPDATES}:  # saved before the first update
            self._adamw.state.clear()
            self._updates = 0
            return
        self._updates = int(stored[UPDATES].item())
        moments = {}
        for name, parameter in self._parameters.items():
            state = self._adamw.state[parameter]
            state["step"] = stored[UPDATES].reshape(()).to(parameter.device, copy=True)
            for moment in MOMENTS:
                if moment not in state:
                    state[moment] = torch.zeros_like(parameter)
                moments[f"{moment}.{name}"] = state[moment]
        copy(stored, moments, MOMENT_KINDS)
