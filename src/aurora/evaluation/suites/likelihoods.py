"""Log-likelihoods of continuations, with what they have in common computed once.

One decision: context and continuation are encoded together, as the model would read them, and every token from the
first one that the continuation has a part in counts: a token that spans the join is neither lost nor counted as
context. Items are computed one by one without padding among items, so a score depends on no other item.

Shapes: K pairs of an item, R tokens behind what they share, W width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from aurora.model.layers.causal_attention import KeyValueCache

if TYPE_CHECKING:
    from aurora.model.network import Network
    from aurora.tokens.text.text_facts import TextFacts


@dataclass(frozen=True)
class Row:
    """The ids of a pair from its start token on; those from `first` on are the continuation's."""

    ids: list[int]
    first: int


def row_of(text: TextFacts, context: str, continuation: str, longest: int) -> Row:
    """A pair as ids, at most `longest` of them: a longer context loses its beginning."""
    whole = text.encode(context + continuation)
    shared = common([text.encode(context), whole])
    cut = max(0, 1 + len(whole) - longest)
    return Row([text.start, *whole[cut:]], max(1, 1 + shared - cut))


@torch.no_grad()
def log_likelihoods(model: Network, rows: Sequence[Row]) -> list[float]:
    """Of each row the sum, in nats and fp32, of the log-probabilities of its continuation."""
    device, dtype = model.output_weight.device, model.output_weight.dtype
    shared = min(common([row.ids for row in rows]), min(row.first for row in rows), *(len(row.ids) - 1 for row in rows))
    rest = [row.ids[shared:] for row in rows]
    longest = max(map(len, rest))
    cache = KeyValueCache(model.architecture, 1, shared + longest, device, dtype)
    was_training = model.training
    model.eval()
    try:
        hidden = model.hidden(torch.tensor([rows[0].ids[:shared]], device=device), cache=cache)[:, -1:]
        hidden = hidden.expand(len(rows), -1, -1)
        if longest > 1:
            cache.keep(torch.zeros(len(rows), dtype=torch.long, device=device))  # a copy for each row
            padded = torch.tensor([[*ids, *[ids[-1]] * (longest - len(ids))] for ids in rest], device=device)
            positions = torch.arange(shared, shared + longest - 1, device=device).expand(len(rows), -1)
            hidden = torch.cat([hidden, model.hidden(padded[:, :-1], positions, cache)], dim=1)
        return [_sum(model, hidden[number], ids, rows[number].first - shared) for number, ids in enumerate(rest)]
    finally:
        model.train(was_training)


def _sum(model: Network, hidden: Tensor, ids: list[int], first: int) -> float:
    """Of the tokens `ids` from number `first` on, each after its `hidden` state [R, W]."""
    counted = torch.tensor(ids[first:], device=hidden.device)
    logits = model.logits(hidden[first : len(ids)]).float()
    return float(torch.log_softmax(logits, dim=-1).gather(1, counted[:, None]).double().sum())


def common(sequences: Sequence[Sequence[int]]) -> int:
    """How many first ids are the same in all `sequences`."""
    return sum(1 for _ in takewhile(lambda ids: len(set(ids)) == 1, zip(*sequences, strict=False)))
