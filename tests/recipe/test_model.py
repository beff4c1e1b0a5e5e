"""The `model` table: shapes that follow from others, shapes that cannot be, and where a model comes from."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.recipe.model import ALL_BIASES, Architecture, Llama3Scaling, Model, Rotary, Window

SMALL: dict[str, Any] = {"layers": 4, "width": 32, "heads": 4, "positions": 64}
WIDE = {"layers": 1, "width": 1 << 20, "head_width": 2, "inner": 1}  # with few parameters besides the embeddings


def shape(**changes: Any) -> Architecture:
    return Architecture.model_validate(SMALL | changes)


def test_what_is_left_out_is_as_in_gpt_bigcode() -> None:
    found = shape()
    assert (found.family, found.key_value_heads, found.head_width, found.inner) == ("gpt_bigcode", 1, 8, 128)
    assert (found.rotary, found.tied, found.biases, found.attention_width) == (None, True, ALL_BIASES, 8)


def test_a_head_may_be_of_a_width_of_its_own() -> None:
    found = shape(width=30, head_width=16)
    assert (found.head_width, found.attention_width, found.inner) == (16, 16, 120)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"width": 30}, "width 30 is not divisible by heads 4"),
        ({"key_value_heads": 3}, "heads 4 is not divisible by key_value_heads 3"),
        ({"head_width": 7, "rotary": {}}, "head_width 7 is odd, but rotary positions turn pairs"),
        ({"rotary": {"without": [4]}}, r"rotary\.without \[4\] is not some of the layers 0 to 3 in order"),
        ({"rotary": {"without": [2, 1]}}, r"rotary\.without \[2, 1\] is not some of the layers"),
        ({"window": {"tokens": 8, "layers": [0, 0]}}, r"window\.layers \[0, 0\] is not some of the layers"),
        ({"window": {"tokens": 8, "layers": []}}, "at least 1 item"),
        ({"layers": 4096, "width": 1 << 20}, r"parameters or more; 10,000,000,000,000 are the most"),
        ({"positions": 1 << 24, **WIDE}, "are the most"),  # which are learnt
        ({"layers": 0}, "layers"),
        ({"dropout": 1}, "dropout"),
        ({"activation": "relu"}, "activation"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        shape(**changes)


def test_rotary_positions_have_no_rows_to_count() -> None:
    assert shape(positions=1 << 24, rotary={}, **WIDE).rotary is not None


def test_layers_differ_by_their_number_where_the_shape_says_so() -> None:
    rotary = {"base": 500.0, "windowed_base": 10.0, "without": [3], "scaling": {"kind": "linear", "factor": 2}}
    found = shape(rotary=rotary, window={"tokens": 8, "layers": [0, 3]})
    assert found.window == Window(tokens=8, layers=(0, 3))
    assert [found.window_of(number) for number in range(4)] == [8, None, None, 8]
    windowed, whole, _, none = (found.rotary_of(number) for number in range(4))
    assert windowed == Rotary(base=10.0)  # and is not stretched
    assert whole == found.rotary
    assert none is None


def test_a_window_without_a_base_of_its_own_is_stretched_like_the_others() -> None:
    found = shape(rotary={"base": 500.0}, window={"tokens": 8, "layers": [0]})
    assert found.rotary_of(0) == found.rotary_of(1) == Rotary(base=500.0)


@pytest.mark.parametrize("low", [4.0, 5.0])
def test_a_scaling_whose_limits_do_not_rise_is_refused(low: float) -> None:
    with pytest.raises(ValidationError, match=rf"low is {low}, which is not below high, 4\.0"):
        Llama3Scaling(kind="llama3", factor=8, low=low, high=4.0, positions=8192)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "give exactly one of `architecture` and `path`"),
        ({"architecture": SMALL, "path": "a/b"}, "give exactly one of `architecture` and `path`"),
        ({"architecture": SMALL, "positions": 32}, "`positions` and `dropout` are of an imported model"),
        ({"architecture": SMALL, "dropout": 0.1}, "`positions` and `dropout` are of an imported model"),
        ({"path": "a/b", "revision": "../x"}, "is not a revision"),
    ],
)
def test_a_model_comes_from_one_place(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Model.model_validate(given)


def test_an_imported_model_may_be_longer_and_have_dropout() -> None:
    assert Model(path="a/b", positions=4096, dropout=0.1).architecture is None
