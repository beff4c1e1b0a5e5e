"""Bugs that evaluators shipped, each as a change of one named function of ours.

One decision: a mutant is made from the function it replaces, so that it goes on being that function but for its bug.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from aurora.evaluation.scorer import answering, likelihoods, lm, passes, requests, stopping
from aurora.evaluation.scorer.lm import AuroraLM
from aurora.evaluation.scorer.requests import Encoder
from aurora.evaluation.scorer.slots import Slots
from aurora.evaluation.scorer.tree import Row
from aurora.evaluation.statistics import estimates
from aurora.evaluation.tasks import answers
from aurora.model.layers import branches

Function = Callable[..., Any]


@dataclass(frozen=True)
class Mutant:
    """A bug: what `name` of `owner` becomes."""

    bug: str
    owner: Any
    name: str
    make: Callable[[Function], Function]

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The bug, as long as this lasts."""
        original = getattr(self.owner, self.name)
        setattr(self.owner, self.name, self.make(original))
        try:
            yield
        finally:
            setattr(self.owner, self.name, original)


def _of_requests(change: Callable[[list[Any]], list[Any]]) -> Callable[[Function], Function]:
    """Keys of requests that are `change`d before."""
    return lambda keys: lambda who, kind, asked: keys(who, kind, [change(list(one)) for one in asked])


def _of_seed(change: Callable[[list[str]], list[str]]) -> Callable[[Function], Function]:
    """Keys of drawn answers, the words of whose seed are `change`d before."""

    def changed(request: list[Any]) -> list[Any]:
        if len(request) <= 2:  # of a log-likelihood
            return request
        return [request[0], " ".join(change(request[1].split(" "))), *request[2:]]

    return _of_requests(changed)


def _of_rows(change: Callable[[list[int], int], tuple[list[int], int]]) -> Callable[[Function], Function]:
    """Rows that are `change`d afterwards."""

    def make(rows: Function) -> Function:
        def changed(self: Encoder, ids: Sequence[int], first: int, started: bool) -> list[Row]:
            found = [change(list(row.ids), row.first) for row in rows(self, ids, first, started)]
            return [Row(tuple(ids), first) for ids, first in found]

        return changed

    return make


def _truncated_at_its_end(windows: Function) -> Function:
    def changed(self: Encoder, ids: Sequence[int], first: int) -> Iterator[Row]:
        if len(ids) <= self.positions + 1:
            yield from windows(self, ids, first)
        else:
            yield Row(tuple(ids[: self.positions + 1]), min(first, self.positions))

    return changed


def _nothing_unlikely(scored: Function) -> Function:
    def changed(model: Any, rows: Any, budget: Any, done: Function, tree: Any) -> Any:
        def told(count: int, finished: dict[int, Any]) -> Any:
            return done(count, {number: replace(one, total=0.0) for number, one in finished.items()})

        return scored(model, rows, budget, told, tree)

    return changed


def _cut_short(spans: Function) -> Function:
    def changed(*given: Any) -> Any:
        return [replace(span, last=-(-(span.first + span.last) // 2)) if span.last else span for span in spans(*given)]

    return changed


def _sorted_answers(answered: Function) -> Function:
    def changed(keys: Sequence[str], sequences: Sequence[Sequence[int]], *rest: Any) -> list[Any]:
        found = answered(keys, sequences, *rest)
        return [found[number] for number in sorted(range(len(keys)), key=lambda number: list(sequences[number]))]

    return changed


def _twice(apply: Function) -> Function:
    def changed(self: AuroraLM, history: list[dict[str, str]], add_generation_prompt: bool = True) -> Any:
        once = apply(self, history, add_generation_prompt)
        return apply(self, [{"role": "user", "content": once}], add_generation_prompt)

    return changed


def _one_fewer(fill: Function) -> Function:
    return lambda self, row, done, first, place, length: fill(self, row, done, first, place, length - 1)


def _unmasked(known: Function) -> Function:
    def changed(spans: Sequence[Any], length: int, device: torch.device) -> torch.Tensor:
        return torch.ones(length, length, dtype=torch.bool, device=device).triu(1).expand(len(spans), -1, -1)

    return changed


def _rolled(score: Function) -> Function:
    return lambda model, rows, segments, hidden, *sums: score(model, rows, segments, hidden.roll(1, 0), *sums)


def _without_examples(request: list[Any]) -> list[Any]:
    return [request[0][-6:], *request[1:]] if len(request) > 2 else [request[0][-6:]]


def _without_its_first(request: list[Any]) -> list[Any]:
    return request if len(request) > 2 else request[:1]


def _without_the_questions_end(ids: list[int], first: int) -> tuple[list[int], int]:
    return (ids[: first - 1] + ids[first:], first - 1) if first > 1 else (ids, first)


def _shorter(one: Sequence[int], other: Sequence[int]) -> int:
    return min(len(one), len(other))


def _later(ids: list[int], first: int) -> tuple[list[int], int]:
    return ids, min(first + 1, len(ids) - 1)


def _earlier(ids: list[int], first: int) -> tuple[list[int], int]:
    return ids, max(first - 1, 1)


def _doubled(ids: list[int], first: int) -> tuple[list[int], int]:
    return [ids[0], *ids], first + 1


def _without_start(ids: list[int], first: int) -> tuple[list[int], int]:
    return ids[1:], max(1, first - 1)


def _by_item(clusters: Any, count: int) -> Any:
    return np.arange(count)


def _one_lost(shares: Function) -> Function:
    return lambda *given: [*shares(*given)[:-1], shares(*given)[-1][:-1]]


def _one_more(shares: Function) -> Function:
    def changed(*given: Any) -> list[list[int]]:
        parts: list[list[int]] = shares(*given)
        return [part + parts[0][:1] * (max(map(len, parts)) - len(part)) for part in parts]

    return changed


MUTANTS: tuple[Mutant, ...] = (
    Mutant("answers are kept without the model", lm, "identity", lambda known: lambda network, text: {}),
    Mutant("answers are kept without the examples", lm, "keys_of", _of_requests(_without_examples)),
    Mutant("answers are kept without what is counted", lm, "keys_of", _of_requests(_without_its_first)),
    Mutant("answers are kept without their settings", lm, "keys_of", _of_requests(lambda request: request[:2])),
    Mutant("answers are kept without the seed", lm, "keys_of", _of_seed(lambda words: words[1:])),
    Mutant("samples of one prompt are kept as one", lm, "keys_of", _of_seed(lambda words: words[:-1])),
    Mutant(
        "a token across the join is lost",
        requests,
        "common",
        lambda known: _shorter,
    ),
    Mutant(
        "a continuation is shifted by a token",
        Encoder,
        "_rows",
        _of_rows(_later),
    ),
    Mutant(
        "the last token of the context is scored",
        Encoder,
        "_rows",
        _of_rows(_earlier),
    ),
    Mutant("the last token of the question is dropped", Encoder, "_rows", _of_rows(_without_the_questions_end)),
    Mutant("a long context loses its end", Encoder, "_windows", _truncated_at_its_end),
    Mutant("the start of a text is doubled", Encoder, "_rows", _of_rows(_doubled)),
    Mutant("the start of a text is absent", Encoder, "_rows", _of_rows(_without_start)),
    Mutant("the chat template is applied twice", AuroraLM, "apply_chat_template", _twice),
    Mutant("nothing is ever unlikely", lm, "likelihoods", _nothing_unlikely),
    Mutant("what is reused is cut short", passes, "_spans", _cut_short),
    Mutant("texts of one batch see each other", branches, "_unseen_of_own", _unmasked),
    Mutant("answers come in the order of computing", lm, "answered", _sorted_answers),
    Mutant("a token counts for its neighbour", likelihoods, "_score", _rolled),
    Mutant("an answer begins without its prompt's last token", Slots, "fill", _one_fewer),
    Mutant("an answer goes on behind its stop text", stopping, "before", lambda known: lambda text, until: text),
    Mutant("items are padded to equal ranks and counted", answering, "shares", _one_more),
    Mutant(
        "the last item of the last rank is lost",
        answering,
        "shares",
        _one_lost,
    ),
    Mutant("the standard error is 0", estimates, "error_of_mean", lambda error: lambda values, labels: 0.0),
    Mutant(
        "errors are grouped by the wrong key",
        estimates,
        "numbered",
        lambda known: lambda clusters, count: np.arange(count),
    ),
    Mutant("one item has no interval", estimates, "wilson_interval", lambda known: lambda *given: (math.nan, math.nan)),
    Mutant("an extractor finds nothing", answers, "number_of", lambda known: lambda text: None),
)
