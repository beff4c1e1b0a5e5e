"""One process: the same gradients however many rows are computed at a time, and weights taken up or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from aurora.errors import AuroraError
from aurora.model.network import Network
from aurora.model.weights import write_weights
from aurora.recipe.model import Architecture
from aurora.training.checkpoints.boxed_tensors import Stored
from aurora.training.parallel.engine import OneProcess
from aurora.training.process.runtime import Runtime

SHAPE = Architecture(layers=2, width=32, heads=4, positions=16)
TOKENS = torch.randint(50, (4, 9), generator=torch.Generator().manual_seed(5))
MASK = torch.tensor([[True] * 8, [False] * 8, [True, False] * 4, [False] * 8])


def engine() -> OneProcess:
    made = OneProcess(Network(SHAPE, 50), Runtime(torch.device("cpu"), "fp32", 1))
    made.initialise(torch.Generator().manual_seed(3))
    return made


def rows(**more: Tensor | None) -> dict[str, Tensor | None]:
    return {"tokens": TOKENS[:, :-1], "targets": TOKENS[:, 1:], **more}


def gradients(made: OneProcess) -> dict[str, Tensor]:
    return {name: parameter.grad for name, parameter in made.named.items() if parameter.grad is not None}


@pytest.mark.parametrize("mask", [None, MASK])
def test_micro_batches_change_neither_loss_nor_gradients(mask: Tensor | None) -> None:
    num_counted = 32 if mask is None else int(mask.sum())
    whole, parts = engine(), engine()
    expected = whole.train_step(rows(loss_mask=mask), 4, num_counted)
    assert parts.train_step(rows(loss_mask=mask), 1, num_counted) == pytest.approx(expected, rel=1e-6)
    losses = whole.network.token_losses(TOKENS[:, :-1], TOKENS[:, 1:])
    assert expected == pytest.approx((losses if mask is None else losses[mask]).mean().item(), rel=1e-5)
    assert gradients(whole).keys() == whole.named.keys()
    for name, gradient in gradients(parts).items():
        torch.testing.assert_close(gradient, gradients(whole)[name], atol=1e-6, rtol=1e-4)
    assert parts.gradient_norm() == pytest.approx(whole.gradient_norm(), rel=1e-5)


def test_rows_without_a_loss_are_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    made, seen = engine(), []
    loss = made.weights.working.loss
    monkeypatch.setattr(
        made.weights.working, "loss", lambda tokens, *rest, **more: seen.append(tokens) or loss(tokens, *rest, **more)
    )
    made.train_step(rows(loss_mask=MASK), 1, int(MASK.sum()))
    assert torch.equal(torch.cat(seen), TOKENS[[0, 2], :-1])


def test_documents_and_positions_reach_the_network() -> None:
    documents = (torch.arange(8) >= 4).long().expand(4, -1)
    positions = torch.arange(8).remainder(4).expand(4, -1)
    apart = engine().train_step(rows(documents=documents, positions=positions), 2, 32)
    halves = torch.cat([TOKENS[:, :4], TOKENS[:, 4:8]]), torch.cat([TOKENS[:, 1:5], TOKENS[:, 5:9]])
    alone = engine().network.token_losses(*halves).mean().item()
    assert apart == pytest.approx(alone, rel=1e-5)


def test_new_entries_are_seen_where_they_are_updated() -> None:
    made = engine()
    (new,) = made.rows_from(48)
    new.fill_(7)
    assert made.named["transformer.wte.weight"][48:].eq(7).all()
    assert not made.named["transformer.wte.weight"][:48].eq(7).any()


def test_weights_are_taken_up_by_name_and_others_are_refused(tmp_path: Path) -> None:
    made, other = engine(), engine()
    with torch.no_grad():
        for parameter in other.named.values():
            parameter.add_(1)
    write_weights(tmp_path / "w.safetensors", {name: it.detach() for name, it in other.named.items()})
    made.fill(Stored([tmp_path / "w.safetensors"]))
    assert all(torch.equal(parameter, other.named[name]) for name, parameter in made.named.items())
    wider = OneProcess(Network(SHAPE, 51), Runtime(torch.device("cpu"), "fp32", 1))
    with pytest.raises(
        AuroraError, match=r"transformer\.wte\.weight has shape \[50, 32\], but this network needs \[51, 32\]"
    ):
        wider.fill(Stored([tmp_path / "w.safetensors"]))


def test_alone_a_process_owns_all_and_agrees_with_itself() -> None:
    made = engine()
    tensors = {"m.w": torch.ones(1)}
    assert made.owned(tensors, ("m.",)) == tensors
    assert made.agree([True, False]) == [True, False]
    assert made.total(7) == 7
    assert made.specs.keys() == made.named.keys()
