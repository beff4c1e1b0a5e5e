"""What kind of processor figures were measured on: three turn up, and none may be compared with another.

    python benchmarks/machine.py

One decision: the kind follows from what the processor does in a product of matrices, not from its name. `bf16-new` and
`bf16-old` multiply bf16 in hardware, above and below 300 GFLOP/s a core; `avx2` only imitates it, so nothing is
measured in bf16 there. ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 make a newer one such a machine.
"""

from __future__ import annotations

import json
import platform
import time
from pathlib import Path
from typing import Any

import torch

from aurora.training.process.runtime import computes_bf16, num_threads

SIZE, REPEATS = 2048, 8
NEW_FLOPS = 300e9  # a second and core


def computes_in_bf16() -> bool:
    """Whether this CPU multiplies bf16 matrices, and is not told to imitate one that does not."""
    return computes_bf16(torch.device("cpu"))


def matrix_rate() -> float:
    """FLOP/s of a product of square matrices in the precision that this machine computes in, the best of several."""
    dtype = torch.bfloat16 if computes_in_bf16() else torch.float32
    left, right = (torch.randn(SIZE, SIZE).to(dtype) for _ in range(2))
    best = float("inf")
    for _ in range(REPEATS):
        begin = time.perf_counter()
        left @ right
        best = min(best, time.perf_counter() - begin)
    return 2 * SIZE**3 / best


def machine() -> dict[str, Any]:
    """`processor`, `kind`, `precision`, `threads` and `matrix_rate` in FLOP/s."""
    rate, threads = matrix_rate(), num_threads(0)
    kind = "avx2"
    if computes_in_bf16():
        kind = "bf16-new" if rate / threads > NEW_FLOPS else "bf16-old"
    precision = "bf16" if computes_in_bf16() else "fp32"
    named = {"processor": processor(), "kind": kind, "precision": precision, "threads": threads}
    return {**named, "matrix_rate": round(rate)}


def processor() -> str:
    """Its name, as the kernel has it."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    print(json.dumps(machine()))
