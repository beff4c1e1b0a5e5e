"""Packages of a recipe: pinned by all three of name, version and hash, and text for measuring told apart."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.recipe.packages import MEASURING, Packages, WheelPin

PIN = {"name": "made-up", "version": "1.2.3", "sha256": "0a" * 32}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name": "made up"}, "name"),
        ({"name": "made-up @ https://a.example/x.whl"}, "name"),
        ({"name": "--requirement=x"}, "name"),
        ({"name": "../made-up"}, "name"),
        ({"version": "*"}, "version"),
        ({"version": ">=1"}, "version"),
        ({"version": "1.2.3 --pre"}, "version"),
        ({"sha256": "0A" * 32}, "sha256"),
        ({"sha256": "0a" * 31}, "sha256"),
        ({"sha256": "sha256:" + "0a" * 32}, "sha256"),
        ({"url": "https://a.example"}, "url"),
    ],
)
def test_what_pins_no_published_package_is_refused(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ValidationError) as refused:
        WheelPin.model_validate(PIN | changes)
    assert [error["loc"] for error in refused.value.errors()] == [(key,)]


@pytest.mark.parametrize("key", sorted(PIN))
def test_a_pin_leaves_nothing_open(key: str) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        WheelPin.model_validate({name: value for name, value in PIN.items() if name != key})


def test_a_licence_that_nobody_said_is_unknown() -> None:
    assert WheelPin.model_validate(PIN).license == "unknown"


@pytest.mark.parametrize(
    ("given", "measuring"),
    [
        ({}, False),
        ({"sets": ["light", "large", "copyleft"]}, False),
        ({"sets": ["light", MEASURING]}, True),
        ({"packages": [PIN]}, False),
        ({"packages": [PIN, PIN | {"name": "ELD"}]}, True),  # the index takes names in any case
    ],
)
def test_text_for_measuring_is_known_by_its_set_and_its_package(given: dict[str, Any], measuring: bool) -> None:
    assert Packages.model_validate(given).names_measuring_text() is measuring


def test_a_set_that_does_not_come_with_aurora_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValidationError, match="Input should be 'light', 'large', 'copyleft' or 'eld'"):
        Packages.model_validate({"sets": ["heavy"]})
