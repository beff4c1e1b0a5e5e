"""What every table of a recipe shares: which of its values are numerics, and what no table takes."""

from __future__ import annotations

import json
import math

import pytest
from pydantic import ValidationError

from aurora.recipe.base import Section, layout


class Part(Section):
    """A table with one value of each sort."""

    rate: float = 1.0
    threads: int = layout(0, "How many.", ge=0)


class Whole(Section):
    """Tables in a table, in every way that a recipe holds them."""

    part: Part
    named: dict[str, Part]
    several: tuple[Part, ...]
    place: str = layout("here", "Where.")


def test_layout_is_no_numerics_however_deep_it_lies() -> None:
    whole = Whole(part=Part(threads=3), named={"a": Part(rate=2, threads=4)}, several=(Part(threads=5),), place="there")
    found = whole.numerics()
    assert found == {"part": {"rate": 1.0}, "named": {"a": {"rate": 2.0}}, "several": [{"rate": 1.0}]}
    assert json.loads(json.dumps(found)) == found


def test_a_table_that_is_layout_is_left_out_whole() -> None:
    class Moved(Section):
        part: Part = layout(Part(), "All of it.")

    assert Moved().numerics() == {}


def test_unknown_keys_and_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Part.model_validate({"rates": 1.0})
    for rate in (math.nan, math.inf):
        with pytest.raises(ValidationError, match="finite number"):
            Part(rate=rate)


def test_layout_has_limits_like_other_fields() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Part(threads=-1)


def test_values_stay_as_they_were_read() -> None:
    part = Part()
    with pytest.raises(ValidationError, match="frozen"):
        part.rate = 2.0  # type: ignore[misc]
