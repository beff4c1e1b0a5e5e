"""The loss of preference pairs beside its formula written plainly, and beside TRL's."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from aurora.model.network import Network
from aurora.recipe.model import Architecture
from aurora.recipe.stages.objective import Dpo
from aurora.training.parallel.engine import OneProcess
from aurora.training.parallel.preferring import PairsOfRows, as_rows, at_counted, pairs_of, preferring_loss
from aurora.training.process.runtime import Runtime

VOCABULARY, LENGTH = 40, 24
CPU = torch.device("cpu")
# Where the two answers of the pairs of each row stand: (chosen, rejected); the last row is text alone.
ROWS = [[((2, 6), (8, 12)), ((14, 17), (19, 23))], [((1, 9), (11, 13))], []]


def batch() -> dict[str, Tensor]:
    """Rows as the trainer gives them: a prompt before each answer, text in the last row, uneven weights."""
    generator = torch.Generator().manual_seed(2)
    tokens, targets = (torch.randint(VOCABULARY, (len(ROWS), LENGTH), generator=generator) for _ in range(2))
    slots, mask = torch.zeros(len(ROWS), LENGTH, dtype=torch.int64), torch.zeros(len(ROWS), LENGTH, dtype=torch.bool)
    for row, pairs in enumerate(ROWS):
        for number, spans in enumerate(pairs):
            for side, (first, last) in enumerate(spans):
                slots[row, first:last] = 2 * number + side + 1
    mask[:2] = slots[:2] > 0
    mask[2, 5:] = True
    margins = torch.tensor([[0.5, -1.25], [2.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    weights = torch.tensor([[5.0, 5.0], [5.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    documents = torch.cumsum(torch.rand(len(ROWS), LENGTH, generator=generator) < 0.2, 1)
    return {
        "tokens": tokens,
        "targets": targets,
        "loss_mask": mask,
        "documents": documents,
        **as_rows(PairsOfRows(slots, margins, weights)),
    }


def plainly(losses: Tensor, rows: dict[str, Tensor], dpo: Dpo) -> Tensor:
    """The same by the formula of the paper, pair by pair."""
    total = losses[2][rows["loss_mask"][2]].sum()
    pairs_given = pairs_of(dict(rows))
    assert pairs_given is not None
    _, margins, weights = pairs_given
    for row, pairs in enumerate(ROWS):
        for number, (chosen, rejected) in enumerate(pairs):
            logs = [-losses[row, slice(*span)].sum() for span in (chosen, rejected)]
            loss = -torch.log(torch.sigmoid(dpo.beta * (logs[0] - logs[1] - margins[row, number])))
            loss = loss + dpo.chosen * losses[row, slice(*chosen)].mean()
            total = total + weights[row, number] * loss
    return total


def gains(losses: Tensor, rows: dict[str, Tensor]) -> list[bool]:
    """Of each pair whether its chosen answer has gained on the rejected one."""
    pairs = pairs_of(dict(rows))
    assert pairs is not None
    found = []
    for row, of_row in enumerate(ROWS):
        for number, spans in enumerate(of_row):
            chosen, rejected = (-losses[row, slice(*span)].sum() for span in spans)
            found.append(bool(chosen - rejected > pairs.margins[row, number]))
    return found


@pytest.mark.parametrize("dpo", [Dpo(), Dpo(beta=0.7, chosen=0.4)], ids=["plain", "chosen"])
def test_the_loss_is_the_formula(dpo: Dpo) -> None:
    rows = batch()
    losses = torch.rand(len(ROWS), LENGTH) * 3
    pairs = pairs_of(dict(rows))
    assert pairs is not None
    found, won = preferring_loss(losses * rows["loss_mask"], pairs, dpo)
    assert won == sum(gains(losses, rows))
    assert found.item() == pytest.approx(plainly(losses.double(), rows, dpo).item(), abs=1e-5)


@pytest.mark.parametrize("micro_batch", [3, 1])
def test_the_gradients_are_those_of_the_formula(micro_batch: int) -> None:
    architecture = Architecture(layers=2, width=16, heads=2, positions=LENGTH)
    dpo, rows = Dpo(beta=0.3, chosen=0.2), batch()
    engine = OneProcess(Network(architecture, VOCABULARY), Runtime(CPU, "fp32", 1), None, dpo)
    engine.initialise(torch.Generator().manual_seed(1))
    loss = engine.train_step(dict(rows), micro_batch, 10)
    found = {name: parameter.grad for name, parameter in engine.named.items()}
    network = engine.network
    network.zero_grad()
    logits = network.logits(network.hidden(rows["tokens"], documents=rows["documents"]))
    losses = F.cross_entropy(logits.flatten(0, 1), rows["targets"].flatten(), reduction="none").view(len(ROWS), LENGTH)
    expected = plainly(losses, rows, dpo) / 10
    expected.backward()  # type: ignore[no-untyped-call]
    assert loss == pytest.approx(expected.item(), rel=5e-7)  # neighbouring numbers of fp32 lie 1e-6 apart here
    assert engine.won() == sum(gains(losses.detach(), rows))
    for name, parameter in engine.named.items():
        torch.testing.assert_close(found[name], parameter.grad, atol=1e-6, rtol=1e-4)


def test_rows_without_a_pair_are_text() -> None:
    rows = batch()
    assert pairs_of({name: values[2:] for name, values in rows.items()}) is None
    assert pairs_of({"tokens": rows["tokens"]}) is None
    taken = pairs_of(rows)
    assert taken is not None
    assert rows.keys() == {"tokens", "targets", "loss_mask", "documents"}


def test_losses_stand_where_their_targets_do() -> None:
    mask = torch.tensor([[True, False, True], [False, True, False]])
    assert at_counted(torch.tensor([1.0, 2.0, 3.0]), mask).tolist() == [[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]]


def test_a_pair_whose_reference_is_not_known_has_no_loss() -> None:
    pairs = pairs_of(batch())
    assert pairs is not None
    pairs.margins[0, 0] = torch.nan
    assert preferring_loss(torch.rand(len(ROWS), LENGTH), pairs, Dpo())[0].isnan()
