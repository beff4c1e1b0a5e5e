"""What measures held-out text: both networks have all of it, and whatever has it is measured."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from aurora.evaluation.bits_per_byte import Windows, bits_per_byte
from aurora.model.network import Network
from aurora.model.scorer import Scorer
from aurora.training.parallel.network import ParallelNetwork

MEMBERS = ("parameters", "train", "eval", "token_losses")


@pytest.mark.parametrize("kind", [Network, ParallelNetwork])
def test_both_networks_have_all_of_it(kind: type[Any]) -> None:
    assert {name for name in vars(Scorer) if not name.startswith("_")} == set(MEMBERS)
    for name in MEMBERS:
        asked = list(inspect.signature(getattr(Scorer, name)).parameters)
        assert list(inspect.signature(getattr(kind, name)).parameters)[: len(asked)] == asked


class Uniform:
    """Every token is as likely as any of the others."""

    def __init__(self, vocabulary: int) -> None:
        self.training = True
        self.modes: list[bool] = []
        self.vocabulary = vocabulary

    def parameters(self) -> Iterator[nn.Parameter]:
        yield nn.Parameter(torch.zeros(1))

    def train(self, mode: bool = True) -> Uniform:
        self.training = mode
        self.modes.append(mode)
        return self

    def eval(self) -> Uniform:
        return self.train(False)

    def token_losses(self, tokens: Tensor, targets: Tensor) -> Tensor:
        assert not self.training
        return torch.full(targets.shape, math.log(self.vocabulary))


def test_whatever_has_it_is_measured_and_left_as_it_was() -> None:
    windows = Windows(np.zeros((3, 9), np.int64), np.tile(np.arange(8) < 6, (3, 1)), 36)
    model = Uniform(16)
    assert bits_per_byte(model, windows) == pytest.approx(3 * 6 * 4 / 36)  # four bits a token, two bytes a token
    assert model.training
    assert model.modes == [False, True]
