from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from aurora.errors import UserError
from aurora.recipe.execution import Execution
from aurora.training.process import runtime

CPU = torch.device("cpu")


def test_one_process_of_torchrun_is_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1"}.items():
        monkeypatch.setenv(name, value)
    prepared = runtime.prepare(Execution(device="cpu", threads=1))
    assert (prepared.device, prepared.threads) == (CPU, 1)
    assert torch.are_deterministic_algorithms_enabled()


def test_an_accelerator_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="is cuda, but torch finds no accelerator"):
        runtime.choose_device("cuda")
    assert runtime.choose_device("auto") == CPU


@pytest.mark.parametrize(
    ("capabilities", "wanted", "expected"),
    [
        ({"avx512_bf16": True}, "auto", "bf16"),
        ({"amx_bf16": True}, "auto", "bf16"),
        ({"avx2": True}, "auto", "fp32"),
        ({"avx512_bf16": True}, "fp32", "fp32"),
    ],
)
def test_bf16_is_chosen_where_the_cpu_computes_in_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], wanted: str, expected: str
) -> None:
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert runtime.choose_precision(wanted, CPU) == expected


@pytest.mark.parametrize("level", ["AVX2", "avx512_core"])
def test_bf16_is_not_chosen_where_onednn_is_held_below_it(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", level)
    assert runtime.choose_precision("auto", CPU) == "fp32"


def test_bf16_asked_of_a_cpu_without_it_is_done_and_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)
    assert runtime.choose_precision("bf16", CPU) == "bf16"
    assert "fp32 would be faster" in capsys.readouterr().err


def test_threads_follow_the_recipe_then_the_environment_then_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert runtime.num_threads(5) == 5
    assert runtime.num_threads(0) == 3
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert 1 <= runtime.num_threads(0) <= 4096


def test_a_containers_quota_limits_the_threads(tmp_path: Path) -> None:
    file = tmp_path / "cpu.max"
    file.write_text("150000 100000\n")
    assert runtime.quota_cores(file) == 2
    file.write_text("max 100000\n")
    assert runtime.quota_cores(file) == sys.maxsize
    assert runtime.quota_cores(tmp_path / "absent") == sys.maxsize


def test_the_fast_product_is_taken_only_where_it_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "fast_products_are_exact", lambda: False)
    runtime.prepare(Execution(device="cpu", threads=1))
    assert torch.get_float32_matmul_precision() == "highest"


def test_the_check_of_the_fast_product_sees_rounding_to_bf16(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_float32_matmul_precision()
    multiply = torch.Tensor.__matmul__

    def rounded(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        if left.dtype == torch.float32:
            return multiply(left.bfloat16(), right.bfloat16()).float()
        return multiply(left, right)

    monkeypatch.setattr(torch.Tensor, "__matmul__", rounded)
    assert not runtime.fast_products_are_exact()
    assert torch.get_float32_matmul_precision() == before
