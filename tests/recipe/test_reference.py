from __future__ import annotations

from pathlib import Path

from aurora.recipe import Recipe
from aurora.recipe.reference import _all_sections, reference_page


def test_every_key_has_a_description() -> None:
    bare = [
        f"{section.__name__}.{name}"
        for section in _all_sections(Recipe)
        for name, field in section.model_fields.items()
        if not field.description and name not in ("kind", "mixture")
    ]
    assert not bare
    assert all(section.__doc__ for section in _all_sections(Recipe))


def test_the_page_names_every_key() -> None:
    page = reference_page(Recipe)
    for section in _all_sections(Recipe):
        assert f"## {section.__name__}" in page
        for name in section.model_fields:
            assert f"| `{name}` |" in page


def test_the_committed_page_is_the_generated_one(root: Path) -> None:
    assert (root / "docs/recipe.md").read_text(encoding="utf-8") == reference_page(Recipe) + "\n"
