"""Log-likelihoods beside those of whole sequences computed one by one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.evaluation.suites.likelihoods import Row, common, log_likelihoods, row_of
from aurora.model.network import Network


def whole(model: Network, row: Row) -> float:
    """The same from one pass over everything."""
    with torch.no_grad():
        losses = model.token_losses(torch.tensor([row.ids[:-1]]), torch.tensor([row.ids[1:]]))
    return -float(losses[0, row.first - 1 :].double().sum())


@pytest.mark.parametrize(
    "rows",
    [
        [Row([0, 5, 6, 7, 8], 3), Row([0, 5, 6, 9], 3)],
        [Row([0, 5, 6, 7, 8], 3), Row([0, 5, 6, 7, 9, 1, 2], 3), Row([0, 5, 6, 7, 8], 3)],
        [Row([0, 1, 7, 8, 9], 2), Row([0, 2, 3, 7, 8, 9], 3)],
        [Row([0, 5], 1), Row([0, 6], 1)],
        [Row([0, 5, 6], 1), Row([0, 5, 6, 7], 1)],
    ],
    ids=["continuations", "prefix-of-another", "contexts", "one-token", "no-context"],
)
def test_what_is_shared_is_computed_once_and_changes_nothing(network: Network, rows: list[Row]) -> None:
    assert log_likelihoods(network, rows) == pytest.approx([whole(network, row) for row in rows], rel=1e-5)


def test_a_memorised_choice_is_certain_and_the_network_is_left_as_it_was(network: Network) -> None:
    network.train()
    rows = [Row([0, 5, 6, 7], 2), Row([0, 5, 8, 9], 2)]
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    for _ in range(60):
        loss = network.loss(torch.tensor([rows[0].ids[:-1]]), torch.tensor([rows[0].ids[1:]]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    right, wrong = log_likelihoods(network, rows)
    assert right > -0.02
    assert wrong < -3
    assert network.training


PIECES = {"a": [1], "b": [2], "ab": [3], "ba": [4]}  # a token may span where context and continuation join
LETTERS: Any = SimpleNamespace(start=0, encode=lambda text: _greedy(text))


def _greedy(text: str) -> list[int]:
    ids: list[int] = []
    while text:
        piece = next(piece for piece in (text[:2], text[:1]) if piece in PIECES)
        ids += PIECES[piece]
        text = text[len(piece) :]
    return ids


@settings(max_examples=60)
@given(st.text("ab", min_size=1, max_size=9), st.text("ab", min_size=1, max_size=9))
def test_no_token_is_lost_where_context_and_continuation_join(context: str, continuation: str) -> None:
    row = row_of(LETTERS, context, continuation, 48)
    assert row.ids == [0, *_greedy(context + continuation)]
    assert 1 <= row.first < len(row.ids)
    before = [0, *_greedy(context)]
    assert row.ids[: row.first] == before[: row.first]
    assert row.first == len(before) or row.ids[row.first] != before[row.first]


def test_a_long_context_loses_its_beginning_and_the_continuation_nothing() -> None:
    row = row_of(LETTERS, "a" * 50, "bb", 12)
    assert len(row.ids) == 12
    assert row.ids[0] == 0
    assert row.ids[row.first :] in ([3, 2], [2, 2])


def test_common() -> None:
    assert common([[1, 2, 3], [1, 2, 4, 5], [1, 2]]) == 2
    assert common([[1], [2]]) == 0
