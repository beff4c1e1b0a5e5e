"""A row's next token beside whole sequences, and rows that take up others' places."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from aurora.evaluation.scorer.passes import Pass, run
from aurora.evaluation.scorer.slots import Slots
from aurora.evaluation.scorer.tree import Segment
from aurora.model.network import Network

Build = Callable[..., Network]

SHARED, ROWS = [3, 4, 5, 6, 7, 8, 9, 10, 11], [[20, 21, 22], [30, 31, 32, 33, 34]]


def filled(model: Network, shared: list[int]) -> Slots:
    above: list[Pass] = []
    parent = None
    if shared:
        parent = Segment(0, tuple(shared), None)
        above.append(run(model, [parent], [], keep=True)[1])
    slots = Slots(model, 2, 8, above)
    for row, ids in enumerate(ROWS):
        piece = Segment(len(shared), tuple(ids), parent)
        slots.fill(row, run(model, [piece], above, keep=True)[1], 0, 0, len(ids))
    return slots


@torch.no_grad()
@pytest.mark.parametrize("shared", [[], SHARED], ids=["alone", "shared"])
@pytest.mark.parametrize("kind", ["multi-query", "grouped-rotary", "window"])
def test_a_step_is_what_the_whole_text_would_give(build: Build, kind: str, shared: list[int]) -> None:
    model = build(kind)
    slots = filled(model, shared)
    texts = [[*shared, *ids] for ids in ROWS]
    for step in range(2):
        tokens = [50 + step, 60 + step]
        logits = slots.step(tokens, [len(ids) + step for ids in ROWS])
        texts = [[*text, token] for text, token in zip(texts, tokens, strict=True)]
        expected = torch.stack([model(torch.tensor([text]))[0, -1] for text in texts])
        torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_row_takes_up_the_place_of_another(network: Network) -> None:
    slots = filled(network, SHARED)
    slots.move(1, 0, len(ROWS[1]))
    logits = slots.step([50], [len(ROWS[1])])
    expected = network(torch.tensor([[*SHARED, *ROWS[1], 50]]))[:, -1]
    torch.testing.assert_close(logits, expected, atol=1e-4, rtol=1e-4)
