"""The tables of keys hold every key of every table in a language's file."""

from __future__ import annotations

from aurora.languages.language import Language, Refusals
from aurora.languages.personal_data import AddressEnd, PersonalPattern, Remainder
from aurora.languages.reference import key_tables
from aurora.languages.thresholds import Thresholds


def test_every_key_is_described() -> None:
    tables = key_tables()
    for table in (Language, Thresholds, Refusals, PersonalPattern, AddressEnd, Remainder):
        for key, field in table.model_fields.items():
            assert field.description
            assert f"`{key}`" in tables
    assert "### `personal_data.patterns.remainder`" in tables
    assert "| **`language`** |" in tables
