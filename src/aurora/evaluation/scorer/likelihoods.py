"""Log-likelihoods of rows of tokens, with what they have in common computed once.

One decision: logits exist for the counted tokens alone, a few rows at a time, once for all rows that ask for what comes
next at one place; their softmax is computed in fp32 and sums are kept in fp64.

Shapes: N tokens of a pass, W width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from aurora.evaluation.scorer.passes import Budget, budget_of, walk
from aurora.evaluation.scorer.tree import Row, Segment, tree_of
from aurora.model.network import Network

LOGITS = 1 << 21  # at a time: few enough to stay in a core's cache
LEAST_ROWS = 64


@dataclass(frozen=True)
class Likelihood:
    """Of a row's counted tokens the sum of log-probabilities, in nats, and whether each is the likeliest."""

    total: float
    greedy: bool


def likelihoods(
    model: Network,
    rows: Sequence[Row],
    budget: Budget | None = None,
    done: Callable[[int, dict[int, Likelihood]], object] = lambda count, finished: None,
    tree: Sequence[Segment] | None = None,
) -> list[Likelihood]:
    """Each row's likelihood, in their order; `tree` is theirs, where it was made already.

    After each pass `done` is told how many tokens were computed, and which rows (by their number) are finished.
    """
    totals, misses = torch.zeros(len(rows), dtype=torch.float64), torch.zeros(len(rows), dtype=torch.long)
    left = [len(row.ids) - row.first for row in rows]

    def seen(segments: Sequence[Segment], hidden: Tensor) -> None:
        _score(model, rows, segments, hidden, totals, misses)
        finished = {}
        for number, begin, end in (asked for segment in segments for asked in segment.asked):
            left[number] -= end - begin
            if not left[number]:
                finished[number] = Likelihood(float(totals[number]), not int(misses[number]))
        done(len(hidden), finished)

    with evaluating(model):
        walk(model, tree_of(rows) if tree is None else tree, budget or budget_of(model), seen)
    found = zip(totals.tolist(), misses.tolist(), strict=True)
    return [Likelihood(total, not missed) for total, missed in found]


@contextmanager
def evaluating(model: Network) -> Iterator[None]:
    """The network without dropout and gradients; afterwards it is as it was."""
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(was_training)


def _score(
    model: Network, rows: Sequence[Row], segments: Sequence[Segment], hidden: Tensor, totals: Tensor, misses: Tensor
) -> None:
    """Add what is asked of the segments of one pass, with `hidden` states [N, W], to each row's sum."""
    places, targets, owners = list[int](), list[int](), list[int]()
    start = 0
    for segment in segments:
        for number, begin, end in segment.asked:
            places.extend(range(start + begin - segment.start, start + end - segment.start))
            targets.extend(rows[number].ids[begin + 1 : end + 1])
            owners.extend([number] * (end - begin))
        start += len(segment.ids)
    if not places:
        return
    asked, which = torch.unique(torch.tensor(places), return_inverse=True)
    wanted = torch.tensor(targets)
    found, best = torch.empty(len(places)), torch.empty(len(places), dtype=torch.bool)
    step = max(LEAST_ROWS, LOGITS // model.vocabulary)
    for first in range(0, len(asked), step):
        logits = model.logits(hidden[asked[first : first + step].to(hidden.device)])
        scores = torch.log_softmax(logits, dim=-1, dtype=torch.float32)
        mine = ((which >= first) & (which < first + step)).nonzero()[:, 0]
        at, after = (which[mine] - first).to(scores.device), wanted[mine].to(scores.device)
        found[mine] = scores[at, after].cpu()
        best[mine] = (scores[at, after] >= scores.amax(-1)[at]).cpu()
    row_of = torch.tensor(owners)
    totals.index_add_(0, row_of, found.double())
    misses.index_add_(0, row_of, (~best).long())
