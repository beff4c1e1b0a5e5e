"""Which type lies at a key."""

from __future__ import annotations

from aurora.languages.language import Language
from aurora.languages.thresholds import Thresholds
from aurora.recipe.base import Section
from aurora.recipe.recipe import Recipe
from aurora.recipe.stages.schedule import Schedule
from aurora.written.sections import section_at


def test_section_at_follows_tables_and_kinds() -> None:
    values = {"stages": {"cap": {"schedule": {}}}, "corpus": {"sources": {"a": {"kind": "text"}}}}
    assert section_at(Recipe, ("stages", "cap", "schedule"), values) is Schedule
    source = section_at(Recipe, ("corpus", "sources", "a"), values)
    assert source is not None
    assert issubclass(source, Section)
    assert "document" in source.model_fields
    assert section_at(Recipe, ("nothing", "here"), values) is None


def test_section_at_follows_optional_tables_of_any_file() -> None:
    assert section_at(Language, ("thresholds",), {}) is Thresholds
    assert section_at(Language, (), {}) is Language
    assert section_at(Language, ("name",), {"name": "x"}) is None
