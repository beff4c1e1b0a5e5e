from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from aurora.model.network import Network
from aurora.recipe.model import Architecture
from aurora.recipe.stages.train import Part
from aurora.tokens.loader import Batch
from aurora.training import meter
from aurora.training.meter import Meter, TimedBatches, flops_per_token, matrix_rate, memory
from aurora.training.process.job import Job
from aurora.training.process.runtime import Runtime

CPU = torch.device("cpu")


class Slow:
    """Two batches, each a while in coming."""

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        for step in range(first, last):
            time.sleep(0.02)
            yield Batch(np.full((1, 1), step), np.full((1, 1), step), np.ones((1, 1), np.bool_), [])


@pytest.mark.parametrize("options", [{}, {"key_value_heads": 4}, {"tied": False}, {"inner": 24}])
def test_flops_are_six_for_every_weight_of_a_matrix_that_multiplies(options: dict[str, object]) -> None:
    architecture = Architecture(layers=3, width=16, heads=4, positions=32, **options)
    network = Network(architecture, 50)
    weights = sum(p.numel() for name, p in network.named_parameters() if p.ndim == 2 and "positions" not in name)
    if not architecture.tied:
        weights -= 50 * 16  # rows that are looked up multiply nothing
    assert flops_per_token(architecture, 50, 32) == 6 * weights + 12 * 3 * 16 * 32


def test_attention_costs_what_its_heads_see() -> None:
    shape = {"layers": 4, "width": 16, "heads": 4, "head_width": 6, "positions": 64}
    whole = Architecture.model_validate(shape)
    windowed = Architecture.model_validate({**shape, "window": {"tokens": 10, "layers": [0, 2, 3]}})
    at = {length: flops_per_token(whole, 50, length) for length in (32, 64)}
    assert at[64] - at[32] == 12 * 4 * (4 * 6) * 32
    assert at[64] - flops_per_token(windowed, 50, 64) == 12 * 3 * (4 * 6) * 54


def test_what_is_not_trained_costs_a_third_or_two_thirds_less() -> None:
    architecture = Architecture(layers=4, width=16, heads=4, positions=32)
    block, output = 16 * 24 + 16 * 16 + 2 * 16 * 64, 50 * 16
    attention = 12 * 4 * 16 * 32
    without_embeddings = flops_per_token(architecture, 50, 32, Part(embeddings=False))
    assert without_embeddings == 6 * 4 * block + 4 * output + attention
    last = flops_per_token(architecture, 50, 32, Part(last_layers=1))
    assert last == (2 * 3 + 6) * block + 4 * output + attention - 8 * 3 * 16 * 32


def test_a_step_is_measured_against_what_all_devices_can_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class Two(Job):
        def gather(self, text: str) -> list[str]:
            return [text, text]

    monkeypatch.setattr(meter, "matrix_rate", lambda device, precision: 1e6)
    architecture = Architecture(layers=1, width=16, heads=2, positions=32)
    batches = TimedBatches(Slow())
    measured = Meter(batches, architecture, 50, 32, Runtime(CPU, "fp32", 1), Two())
    coming = batches.batches(4, 6)
    assert [int(batch.targets[0, 0]) for batch in coming] == [4, 5]
    figures = measured.figures(tokens=64, seconds=0.5)
    flops = flops_per_token(architecture, 50, 32)
    assert figures["tokens_per_second"] == 128
    assert figures["step_seconds"] == 0.5
    assert figures["model_flops_per_second"] == 128 * flops
    assert figures["utilisation"] == pytest.approx(128 * flops / 2e6, abs=1e-4)
    assert 0.08 <= figures["data_wait"] < 0.5
    assert measured.figures(tokens=64, seconds=0.5)["data_wait"] == 0


def test_the_rate_is_measured_once_and_leaves_random_numbers_alone() -> None:
    matrix_rate.cache_clear()
    torch.manual_seed(1)
    before = torch.get_rng_state()
    rate = matrix_rate(CPU, "fp32")
    assert 1e8 < rate < 1e15
    assert matrix_rate(CPU, "fp32") == rate
    assert torch.equal(torch.get_rng_state(), before)


def test_memory_is_the_process_s() -> None:
    gc.collect()  # other tests' tensors given back meanwhile would hide ours
    held, peak = memory(CPU)
    block = torch.ones(128, 2**20)
    assert memory(CPU)[0] > held + 2**28
    assert memory(CPU)[1] >= max(peak, held + block.numel() * 2)


def test_where_the_system_knows_the_peak_alone_it_is_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter, "_STATUS", Path("/nowhere"))
    held, peak = memory(CPU)
    assert held == peak > 10_000_000
