"""Passes beside whole sequences computed one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor

from aurora.evaluation.scorer.passes import LEAST_TOKENS, Budget, budget_of, run, walk
from aurora.evaluation.scorer.tree import Row, Segment, segments_of, tree_of
from aurora.model.network import Network

Build = Callable[..., Network]


@torch.no_grad()
@pytest.mark.parametrize("budget", [Budget(1), Budget(60, 7), Budget(4000)], ids=["one", "few", "all"])
@pytest.mark.parametrize("large", [0, 10, 2048], ids=["apart", "mixed", "joined"])
@pytest.mark.parametrize("kind", ["multi-query", "grouped-rotary", "window"])
def test_every_segment_sees_what_stands_before_it_and_nothing_else(
    build: Build, kind: str, budget: Budget, large: int, rows: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aurora.evaluation.scorer.passes.LARGE", large)
    monkeypatch.setattr("aurora.evaluation.scorer.passes.FAMILY", 12)
    model, seen = build(kind), 0

    def compare(segments: Sequence[Segment], hidden: Tensor) -> None:
        nonlocal seen
        start = 0
        for segment in segments:
            ids, above = list(segment.ids), segment.parent
            while above is not None:
                ids, above = [*above.ids, *ids], above.parent
            expected = model.hidden(torch.tensor([ids]))[0, segment.start :]
            torch.testing.assert_close(hidden[start : start + len(segment.ids)], expected, atol=2e-5, rtol=1e-4)
            start += len(segment.ids)
        seen += start

    tree = tree_of(rows, longest=8)
    walk(model, tree, budget, compare)
    assert seen == sum(len(segment.ids) for segment in segments_of(tree)) > 100


def test_no_pass_has_more_than_its_budget(network: Network, rows: list[Row]) -> None:
    sizes: list[tuple[int, int]] = []
    with torch.no_grad():
        walk(
            network,
            tree_of(rows, longest=8),
            Budget(40, 3),
            lambda part, hidden: sizes.append((len(part), len(hidden))),
        )
    assert max(count for count, _ in sizes) == 3
    assert max(size for _, size in sizes) <= 40


def test_keys_are_kept_only_where_something_goes_on_from_them(network: Network) -> None:
    parent = Segment(0, (1, 2, 3), None)
    with torch.no_grad():
        assert run(network, [parent], [])[1].layers == []
        assert len(run(network, [parent], [], keep=True)[1].layers) == 2
        parent.children.append(Segment(3, (4,), parent))
        assert len(run(network, [parent], [])[1].layers) == 2


def test_a_budget_is_a_few_thousand_tokens_and_never_too_few(network: Network) -> None:
    assert LEAST_TOKENS <= budget_of(network, 5).tokens <= 2048
    assert budget_of(network, 5).segments == 5
