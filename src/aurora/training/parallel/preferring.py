"""The loss of rows that hold preference pairs: DPO's for the pairs, the sum of token losses for everything else.

One decision: it follows from the losses of single tokens, which every layout has where its logits are, and a pair is in
one row, so no rank needs anything of another's.

Shapes: B rows, T tokens, P pairs of a row at most.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from aurora.recipe.stages.objective import Dpo

ROUNDING = 1e-3  # of log-probabilities: what has gained less may only be added up in another order


class PairsOfRows(NamedTuple):
    """Which targets belong to which pair (`packing.Row`: `slots` [B, T]), by how much the stage's start finds the
    chosen answer of each pair likelier (`margins` [B, P]), and how much each pair counts (`weights` [B, P], 0 for
    none)."""

    slots: Tensor
    margins: Tensor
    weights: Tensor


def as_rows(pairs: PairsOfRows) -> dict[str, Tensor]:
    """The pairs as parts of a micro-batch: numbers as their bits, as FSDP rounds those that a segment is given."""
    return {
        "slots": pairs.slots,
        "margins": pairs.margins.view(torch.int64),
        "weights": pairs.weights.view(torch.int64),
    }


def pairs_of(rows: dict[str, Tensor]) -> PairsOfRows | None:
    """The pairs among the parts of a micro-batch, taken out of them; None where they hold none."""
    slots, *bits = (rows.pop(name, None) for name in PairsOfRows._fields)
    if slots is None or not bool(slots.any()):
        return None
    margins, weights = (part.view(torch.float64) for part in bits if part is not None)
    return PairsOfRows(slots, margins, weights)


def preferring_loss(losses: Tensor, pairs: PairsOfRows, dpo: Dpo) -> tuple[Tensor, Tensor]:
    """The sum over rows, from the cross-entropies `losses` [B, T] of the targets, 0 for those that do not count; and in
    how many pairs the chosen answer has gained on the rejected one since the stage's start."""
    num_pairs = pairs.margins.shape[1]
    numbers = torch.arange(2 * num_pairs + 1, device=losses.device)
    members = pairs.slots[..., None] == numbers  # a sum over these adds in one order, as an indexed one need not
    sums = (losses.double()[..., None] * members).sum(1)
    of_text, chosen, rejected = sums[:, 0].sum(), sums[:, 1::2], sums[:, 2::2]
    gained = rejected - chosen - pairs.margins  # losses are negative log-probabilities
    of_pairs = -F.logsigmoid(dpo.beta * gained)
    if dpo.chosen:
        lengths = members.sum(1)[:, 1::2]
        of_pairs = of_pairs + dpo.chosen * chosen / lengths.clamp(min=1)
    exist = pairs.weights > 0
    weighted = torch.where(exist, of_pairs * pairs.weights, 0.0)
    return (of_text + weighted.sum()).to(losses.dtype), ((gained > ROUNDING) & exist).sum()


def at_counted(losses: Tensor, mask: Tensor) -> Tensor:
    """Losses of the targets where `mask` [B, T], in its shape; 0 elsewhere."""
    return losses.new_zeros(mask.shape).masked_scatter(mask, losses)
