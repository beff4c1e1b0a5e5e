"""Setting a process up for training: device, arithmetic, threads, determinism.

One decision: everything that makes training fast or repeatable is set from inside the program, by what the machine can
do, so that nobody has to export variables or preload an allocator.
"""

from __future__ import annotations

import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from aurora.console.progress import say
from aurora.errors import UserError
from aurora.recipe.execution import Execution
from aurora.training.process.memory import keep_memory

Precision = Literal["bf16", "fp32"]

# Levels to which a user may restrict oneDNN ("CPU Dispatcher Control" in its manual) that lack bf16 products: on any
# processor oneDNN then emulates bf16, a hundred times as slow as fp32.
WITHOUT_BF16 = ("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI")

# Between the relative errors of the product that is tried: below 1e-6 in fp32, above 1e-3 in bf16.
_FP32_PRODUCT_ERROR = 1e-5


@dataclass(frozen=True)
class Runtime:
    """The device, arithmetic and threads that a process trains with."""

    device: torch.device
    precision: Precision
    threads: int


def prepare(execution: Execution) -> Runtime:
    """Set this process up as `execution` asks; `UserError` where the machine or this version cannot do it."""
    keep_memory()
    device = choose_device(execution.device)
    precision = choose_precision(execution.precision, device)
    torch.set_num_threads(num_threads(execution.threads))
    make_deterministic(device)
    torch.set_float32_matmul_precision("highest")
    if device.type == "cpu" and fast_products_are_exact():
        torch.set_float32_matmul_precision("medium")
    return Runtime(device, precision, torch.get_num_threads())


def choose_device(wanted: str) -> torch.device:
    """The device for `execution.device`; ROCm's build of torch answers as `cuda`."""
    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise UserError(
            "execution.device is cuda, but torch finds no accelerator: set it to auto or cpu, or install torch's build "
            "for your accelerator."
        )
    if wanted == "cpu" or not available:
        return torch.device("cpu")
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.cuda.set_device(device)
    return device


def choose_precision(wanted: str, device: torch.device) -> Precision:
    """The arithmetic for `execution.precision`: `auto` is bf16 only where the device has it in hardware."""
    computes = computes_bf16(device)
    if wanted == "bf16" and not computes:
        say(f"execution.precision is bf16, which this {device.type} only emulates: fp32 would be faster here.")
    if wanted == "bf16" or (wanted == "auto" and computes):
        return "bf16"
    return "fp32"


def computes_bf16(device: torch.device) -> bool:
    """Whether the device multiplies bf16 matrices in hardware (a CPU: AVX512-BF16 or AMX, if oneDNN may use them)."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if any(os.environ.get(name, "").upper() in WITHOUT_BF16 for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")):
        return False
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def num_threads(wanted: int) -> int:
    """CPU threads: as asked; else OMP_NUM_THREADS; else every core this process may use, container quota included."""
    if wanted:
        return wanted
    if os.environ.get("OMP_NUM_THREADS", "").isdigit():
        return max(1, int(os.environ["OMP_NUM_THREADS"]))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    physical = torch.cpu.get_capabilities().get("num_physical_cores") or cores
    return max(1, min(cores, physical, quota_cores(Path("/sys/fs/cgroup/cpu.max"))))


def quota_cores(file: Path) -> int:
    """Cores a container may use (cgroup 2); more threads than that would wait for each other."""
    try:
        quota, period = file.read_text(encoding="ascii").split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):
        return sys.maxsize


def make_deterministic(device: torch.device) -> None:
    """Let the same inputs give the same bytes; on an accelerator, an operation that cannot do so only warns."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic with a fixed workspace only
    torch.use_deterministic_algorithms(True, warn_only=device.type != "cpu")
    # The default would write NaN over every fresh tensor, which costs time and changes no result.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def fast_products_are_exact() -> bool:
    """Whether oneDNN's "medium" fp32 product keeps fp32 accuracy on this CPU.

    It is up to twice as fast as the default product. Without AMX it computes in fp32; with AMX it rounds to bf16.
    """
    generator = torch.Generator().manual_seed(0)
    # Large enough that oneDNN computes them as it does a layer, small enough to take no time.
    left = torch.randn(256, 512, generator=generator)
    right = torch.randn(512, 256, generator=generator)
    exact = left.double() @ right.double()
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        error = torch.linalg.norm(left @ right - exact) / torch.linalg.norm(exact)
    finally:
        torch.set_float32_matmul_precision(before)
    return bool(error.item() < _FP32_PRODUCT_ERROR)
