"""What a step costs: its rate, the share of the device it uses, the wait for data, and memory.

One decision: figures come from clocks and counters around a step and never from inside it, and nothing here draws from
the random numbers that training uses, so measuring changes no result. A device's rate is measured when the stage
begins, not taken from a data sheet.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import torch

from aurora.model.tensors import tensor_table, trained_names
from aurora.recipe.model import Architecture
from aurora.recipe.stages.train import ALL, Train
from aurora.tokens.loader import Batch
from aurora.training.process.job import Job
from aurora.training.process.runtime import Precision, Runtime
from aurora.training.trainer import Batches

# Width of the square matrices whose product is timed: large enough that starting a product costs nothing.
_SIZES = {"cpu": 1024, "cuda": 8192}
# Products are timed for this long, but at least so many: the best of some is steady, and a stage starts no later for
# it.
_SECONDS = 0.1
_PRODUCTS = 3
_STATUS = Path("/proc/self/status")


class TimedBatches:
    """`batches`, and the `seconds` spent waiting for them."""

    def __init__(self, batches: Batches) -> None:
        self._batches = batches
        self.seconds = 0.0

    def batches(self, first: int, last: int, rank: int = 0, ranks: int = 1) -> Iterator[Batch]:
        """The batches of those given, timed."""
        coming = iter(self._batches.batches(first, last, rank, ranks))
        while True:
            begin = time.monotonic()
            batch = next(coming, None)
            self.seconds += time.monotonic() - begin
            if batch is None:
                return
            yield batch


class Meter:
    """Figures of a stage's steps, with sequences of `length` tokens; all ranks of the job construct one together."""

    def __init__(
        self,
        batches: TimedBatches,
        architecture: Architecture,
        vocabulary: int,
        length: int,
        runtime: Runtime,
        job: Job,
        train: Train = ALL,
    ) -> None:
        self._batches = batches
        self._waited = batches.seconds
        self._flops = flops_per_token(architecture, vocabulary, length, train)
        self._device = runtime.device
        # All at once, so that ranks which share cores also share them here.
        self._rate = sum(map(float, job.gather(str(matrix_rate(runtime.device, runtime.precision)))))

    def figures(self, tokens: int, seconds: float) -> dict[str, float]:
        """The figures of a step of `tokens` tokens, over all ranks, that took `seconds`; memory and wait of this rank.

        `utilisation` is `model_flops_per_second` over the measured rate of the ranks' devices in matrix products of the
        training precision; `data_wait` is the share of the step spent waiting for its batch.
        """
        waited = self._batches.seconds - self._waited
        self._waited = self._batches.seconds
        held, peak = memory(self._device)
        achieved = self._flops * tokens / seconds
        return {
            # Rounded to what a clock around a step can tell, which keeps metrics.jsonl short.
            "step_seconds": round(seconds, 4),
            "tokens_per_second": round(tokens / seconds, 1),
            "model_flops_per_second": round(achieved),
            "utilisation": round(achieved / self._rate, 4),
            "data_wait": round(min(1.0, waited / seconds), 4),
            "memory_bytes": held,
            "peak_memory_bytes": peak,
        }


def flops_per_token(architecture: Architecture, vocabulary: int, length: int, train: Train = ALL) -> int:
    """FLOPs of a forward and a backward pass per token of a sequence of `length`.

    6 for every weight of a matrix that multiplies, and 12 x width of all heads x length (or window) for attention in
    every layer (PaLM, arXiv 2204.02311, appendix B): what the model needs, whether or not a mask skips some of it or
    some is computed twice to save memory. Of the 6, 2 are the forward pass, 2 the gradient of a layer's input and 2
    that of its weight: with `train` the last count for trained weights only, and the backward pass ends at the lowest
    block that has any.
    """
    table = tensor_table(architecture, vocabulary)
    trained = trained_names(table, architecture.layers, train)
    blocks = [-1 if table[name].block is None and table[name].by_entry else table[name].block for name in trained]
    lowest = min((block for block in blocks if block is not None), default=architecture.layers)
    products = 0
    for name, spec in table.items():
        back = spec.block is None or spec.block >= lowest
        products += spec.products * (2 + 2 * back + 2 * (name in trained))
    seen = [min(length, architecture.window_of(number) or length) for number in range(architecture.layers)]
    attention = 4 * sum(seen) + 8 * sum(seen[max(0, lowest) :])
    return products + attention * architecture.heads * architecture.head_width


@cache
def matrix_rate(device: torch.device, precision: Precision) -> float:
    """FLOP/s of a product of large square matrices, with this process's threads: the best of those timed."""
    size = _SIZES[device.type]
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(size, size, generator=generator).to(device, dtype)
    out = left @ left  # the first product also prepares the kernel
    best, spent, made = float("inf"), 0.0, 0
    while made < _PRODUCTS or spent < _SECONDS:
        _synchronise(device)
        begin = time.perf_counter()
        torch.mm(left, left, out=out)
        _synchronise(device)
        seconds = time.perf_counter() - begin
        best, spent, made = min(best, seconds), spent + seconds, made + 1
    return 2 * size**3 / best  # a multiplication and an addition for each element of each sum


def memory(device: torch.device) -> tuple[int, int]:
    """(bytes in use now, the most so far): of the accelerator, or of this process where the CPU trains."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device), torch.cuda.max_memory_allocated(device)
    try:
        lines = dict(line.split(":", 1) for line in _STATUS.read_text(encoding="ascii").splitlines())
        return _kilobytes(lines["VmRSS"]), _kilobytes(lines["VmHWM"])
    except (OSError, KeyError):  # not Linux: the system gives only the peak, macOS in bytes and others in kilobytes
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return peak, peak


def _kilobytes(text: str) -> int:
    return int(text.split()[0]) * 1024


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
