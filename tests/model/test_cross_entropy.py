from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from aurora.model import cross_entropy
from aurora.model.cross_entropy import linear_cross_entropy, rows_at_a_time


def inputs(dtype: torch.dtype, num_rows: int = 11, spread: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(2)
    hidden = torch.randn(num_rows, 6, generator=generator).to(dtype).requires_grad_()
    weight = (torch.randn(9, 6, generator=generator) * spread).to(dtype).requires_grad_()
    return hidden, weight, torch.randint(9, (num_rows,), generator=generator)


def plain(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(hidden.double() @ weight.double().T, targets, reduction="sum")


@pytest.mark.parametrize(("rows", "tile"), [(1, 1), (4, 3), (11, 2), (0, 64)])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 0.03)]
)
def test_loss_and_gradients_are_those_of_the_plain_form(
    monkeypatch: pytest.MonkeyPatch, rows: int, tile: int, dtype: torch.dtype, tolerance: float
) -> None:
    monkeypatch.setattr(cross_entropy, "TILE", tile)
    hidden, weight, targets = inputs(dtype)
    loss = linear_cross_entropy(hidden, weight, targets, rows)
    (loss / 7).backward()
    found = (loss, hidden.grad, weight.grad)
    hidden.grad = weight.grad = None
    expected = plain(hidden, weight, targets)
    (expected / 7).backward()
    for left, right in zip(found, (expected, hidden.grad, weight.grad), strict=True):
        assert left is not None
        assert right is not None
        torch.testing.assert_close(left.double(), right.double(), rtol=tolerance, atol=tolerance)
    assert loss.dtype == torch.promote_types(dtype, torch.float32)


def test_a_batch_is_cut_in_parts_within_limits() -> None:
    assert [rows_at_a_time(rows, 2) for rows in (0, 5, 2049, 2050, 5000, 99_999)] == [
        1024,
        1024,
        1024,
        1152,
        2560,
        4096,
    ]
    assert rows_at_a_time(8192, 4) == 2048


def test_targets_too_unlikely_for_fp32_have_a_finite_loss() -> None:
    hidden, weight, targets = inputs(torch.float32, spread=200.0)
    loss = linear_cross_entropy(hidden, weight, targets)
    assert loss.item() > 11 * 104  # exp(-104) is 0 in fp32
    torch.testing.assert_close(loss.double(), plain(hidden, weight, targets), rtol=1e-5, atol=0)


def test_no_rows_have_no_loss_and_no_gradient() -> None:
    hidden, weight, targets = inputs(torch.float32, num_rows=0)
    loss = linear_cross_entropy(hidden, weight, targets)
    loss.backward()
    assert loss == 0
    assert torch.equal(weight.grad, torch.zeros_like(weight))


def test_products_have_few_shapes_whatever_the_number_of_rows() -> None:
    shapes: set[int] = set()

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:
            if function is torch.ops.aten.mm.default:
                shapes.update(arguments[0].shape)
            return function(*arguments, **(named or {}))

    weight_shape = (9, 6)
    with Watch():
        for num_rows in range(1, 300, 7):
            linear_cross_entropy(*inputs(torch.float32, num_rows)).backward()
    assert shapes == {128, 256, 384, *weight_shape}


def test_without_gradients_only_the_loss_is_computed() -> None:
    hidden, weight, targets = inputs(torch.float32)
    expected = linear_cross_entropy(hidden, weight, targets)
    with torch.inference_mode():
        loss = linear_cross_entropy(hidden, weight, targets)
    assert not loss.requires_grad
    assert loss == expected


def test_a_frozen_output_layer_has_no_gradient_and_the_hidden_states_have_theirs() -> None:
    hidden, weight, targets = inputs(torch.float32)
    linear_cross_entropy(hidden, weight.detach(), targets).backward()
    alone, hidden.grad = hidden.grad, None
    linear_cross_entropy(hidden, weight, targets).backward()
    assert alone is not None
    assert torch.equal(alone, hidden.grad)
