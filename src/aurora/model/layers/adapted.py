"""A linear layer with a low-rank adapter beside it (Hu et al., arXiv 2106.09685).

One decision: layer and adapter are modules of their own, so ranks of a tensor group cut each as they cut any linear
layer. Behind a layer whose inputs are shared the narrow products are summed among ranks, and only those.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from aurora.model.adapters.description import Adapters


class Adapted(nn.Module):
    """`base` and what `down` and `up` add to it."""

    def __init__(self, base: nn.Linear, adapters: Adapters) -> None:
        super().__init__()
        self.base = base
        self.down = nn.Linear(base.in_features, adapters.rank, bias=False)
        self.up = nn.Linear(adapters.rank, base.out_features, bias=False)
        self.scale = adapters.scale
        self.dropout = adapters.dropout

    def forward(self, hidden: Tensor) -> Tensor:
        """[..., inputs] to [..., outputs]."""
        narrow = self.down(F.dropout(hidden, self.dropout, self.training))
        added: Tensor = self.base(hidden) + self.up(narrow) * self.scale
        return added


def adapt(block: nn.Module, adapters: Adapters) -> None:
    """Give the linear layers of `block` that `adapters` names an adapter each."""
    for path in adapters.modules:
        base = block.get_submodule(path)
        assert isinstance(base, nn.Linear)
        block.set_submodule(path, Adapted(base, adapters))
