"""Weights in another type: one tensor at a time, and no value that the type cannot hold."""

from __future__ import annotations

import pytest
import torch

from aurora.errors import UserError
from aurora.model.converted import Converted

TENSORS = {"w": torch.tensor([1.5, -2.25]), "b": torch.tensor([0.1], dtype=torch.bfloat16)}


def test_without_a_type_every_tensor_is_the_one_it_was() -> None:
    same = Converted(TENSORS, None)
    assert list(same) == ["w", "b"]
    assert same["w"] is TENSORS["w"]
    assert [form.dtype for form in same.forms.values()] == [torch.float32, torch.bfloat16]


def test_forms_tell_type_and_shape_before_any_value_is_converted() -> None:
    half = Converted(TENSORS, torch.float16)
    assert {name: (form.device.type, form.shape, form.dtype) for name, form in half.forms.items()} == {
        name: ("meta", tensor.shape, torch.float16) for name, tensor in TENSORS.items()
    }
    assert torch.equal(half["w"], TENSORS["w"].half())
    assert Converted(TENSORS, torch.bfloat16)["b"] is TENSORS["b"]


def test_a_value_too_large_for_the_type_is_named_when_its_tensor_is_read() -> None:
    half = Converted({"fine": torch.ones(1), "h.0.mlp": torch.tensor([1.0, -70_000.0])}, torch.float16)
    assert half["fine"] == 1
    with pytest.raises(
        UserError, match=r"h\.0\.mlp has a value of 7e\+04, which is too large for float16: export with"
    ):
        half["h.0.mlp"]


def test_what_was_no_number_before_is_none_after() -> None:
    values = torch.tensor([float("inf"), float("nan"), 1.0])
    assert torch.equal(Converted({"w": values}, torch.float16)["w"].isfinite(), values.isfinite())
