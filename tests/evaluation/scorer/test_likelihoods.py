"""Log-likelihoods beside those of whole sequences computed one by one, whatever shares a pass with them."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import torch

from aurora.evaluation.scorer.likelihoods import Likelihood, evaluating, likelihoods
from aurora.evaluation.scorer.passes import Budget
from aurora.evaluation.scorer.tree import Row
from aurora.model.network import Network

Build = Callable[..., Network]


@torch.no_grad()
def alone(model: Network, row: Row) -> Likelihood:
    """The same from one pass over everything."""
    logits = model(torch.tensor([row.ids[:-1]]))[0, row.first - 1 :]
    counted = torch.tensor(row.ids[row.first :])
    total = torch.log_softmax(logits, -1).gather(1, counted[:, None]).double().sum()
    return Likelihood(float(total), bool((logits.argmax(-1) == counted).all()))


@pytest.mark.parametrize("kind", ["multi-query", "grouped-rotary", "window"])
def test_a_tree_scores_as_its_rows_do_alone(build: Build, kind: str, rows: list[Row]) -> None:
    model = build(kind)
    found = likelihoods(model, rows)
    expected = [alone(model, row) for row in rows]
    assert [one.total for one in found] == pytest.approx([one.total for one in expected], rel=1e-5)
    assert [one.greedy for one in found] == [one.greedy for one in expected]


@pytest.mark.parametrize("segments", [1, 7, 64])
def test_how_many_share_a_pass_and_their_order_move_no_score(network: Network, segments: int, rows: list[Row]) -> None:
    asked = rows
    expected = [one.total for one in likelihoods(network, asked)]
    order = list(range(len(asked)))
    random.Random(segments).shuffle(order)
    found = likelihoods(network, [asked[number] for number in order], Budget(2048, segments))
    assert [one.total for one in found] == pytest.approx([expected[number] for number in order], abs=1e-5)


def test_no_score_depends_on_what_else_is_asked(network: Network, rows: list[Row]) -> None:
    asked = rows
    together = likelihoods(network, asked)
    for number in (0, 7, 20):
        assert likelihoods(network, [asked[number]])[0].total == pytest.approx(together[number].total, abs=1e-5)


def test_a_memorised_row_is_certain_and_the_network_is_left_as_it_was(network: Network) -> None:
    network.train()
    known, other = Row((0, 5, 6, 7), 2), Row((0, 5, 8, 9), 2)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    for _ in range(60):
        loss = network.loss(torch.tensor([known.ids[:-1]]), torch.tensor([known.ids[1:]]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    right, wrong = likelihoods(network, [known, other])
    assert right.total > -0.02
    assert right.greedy
    assert wrong.total < -3
    assert not wrong.greedy
    assert network.training


def test_every_token_is_told_of_and_no_rows_are_none(network: Network) -> None:
    told: list[tuple[int, dict[int, Likelihood]]] = []
    found = likelihoods(network, [Row((1, 2, 3), 1), Row((1, 2, 4), 1)], done=lambda *news: told.append(news))
    assert sum(count for count, _ in told) == 2
    assert {number: one for _, finished in told for number, one in finished.items()} == dict(enumerate(found))
    assert likelihoods(network, []) == []


def test_a_network_is_in_training_again_after_an_error(network: Network) -> None:
    network.train()
    with pytest.raises(RuntimeError), evaluating(network):
        assert not network.training
        raise RuntimeError
    assert network.training
