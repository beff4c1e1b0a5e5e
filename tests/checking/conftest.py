"""Recipes as the tests of checking change them, and what is said of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from aurora.checking.check import Checked, check_recipe
from conftest import MINIMAL
from small_run import WORDS

SOURCE = "{kind: jsonl, paths: [web.jsonl], language_key: lang}"
TOKENS = "tokens:\n  train: {vocabulary: 400}\n"
MODEL = "  architecture: {layers: 1, width: 16, heads: 2, positions: 32}\n"
assert all(part in MINIMAL for part in (SOURCE, TOKENS, MODEL))


def write_rows(path: Path, rows: Sequence[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def checked(recipe: Path, *changes: tuple[str, str]) -> Checked:
    """A recipe with changes, checked; sentences without its path."""
    text = recipe.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    recipe.write_text(text, encoding="utf-8")
    found = check_recipe(recipe, output=recipe.parent / "run")
    told = ([one.replace(f"{recipe}, line ", "").replace(f"{recipe.parent}/", "") for one in some] for some in
            (found.mistakes, found.notes))  # fmt: skip
    return Checked(recipe, *told)


@pytest.fixture
def recipe(minimal_recipe: Path) -> Path:
    """The minimal recipe with 20 documents of English."""
    rows = [{"lang": "en", "text": f"{WORDS['en']} {number}. " * 3} for number in range(20)]
    write_rows(minimal_recipe.parent / "web.jsonl", rows)
    return minimal_recipe
