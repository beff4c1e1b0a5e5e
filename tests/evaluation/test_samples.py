from __future__ import annotations

import pytest
import torch

from aurora.evaluation.held_out import HeldOutText
from aurora.evaluation.samples import OPENING_TOKENS, write_samples
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from byte_text import of_bytes

HELD_OUT = [
    HeldOutText("en", "held_out", ["A text that is longer than its opening.", "another"]),
    HeldOutText("fi", "held_out", ["Lyhyt."]),
    HeldOutText("hi", "held_out", []),
]


@pytest.fixture
def network() -> Network:
    shape = {"layers": 1, "width": 16, "heads": 2, "positions": 64, "initializer_range": 0.3}
    model = Network(Architecture.model_validate(shape), 257)
    model.initialise(torch.Generator().manual_seed(1))
    return model


def test_each_language_with_text_has_one_greedy_continuation(network: Network) -> None:
    samples = write_samples(network, of_bytes(), HELD_OUT, 12)
    assert [sample.language for sample in samples] == ["en", "fi"]
    assert [sample.prompt for sample in samples] == [HELD_OUT[0].texts[0][:OPENING_TOKENS], "Lyhyt."]
    assert all(sample.text for sample in samples)
    assert samples == write_samples(network, of_bytes(), HELD_OUT, 12)


def test_no_sample_is_written_where_none_is_asked_for(network: Network) -> None:
    assert write_samples(network, of_bytes(), HELD_OUT, 0) == []
