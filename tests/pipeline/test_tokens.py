from __future__ import annotations

from pathlib import Path

from aurora.pipeline.step import Project
from aurora.pipeline.tokens import STORE_KEYS, steps
from aurora.recipe import load_recipe
from aurora.run.folder import RunFolder


def test_how_stores_are_made_leaves_the_tokenizer_alone(root: Path, minimal_recipe: Path, tmp_path: Path) -> None:
    for recipe, pairs in ((minimal_recipe, False), (root / "recipes/tiny.yaml", True)):
        tokenizer, stores = steps(Project(load_recipe(recipe), RunFolder(tmp_path)))
        assert (tokenizer.name, stores.name) == ("tokenizer", "tokens")
        assert not set(STORE_KEYS) & set(tokenizer.settings)
        assert set(stores.settings) == set(STORE_KEYS) - {"preferences"}  # which is stated where there are some
        assert tokenizer.settings["pairs"] is pairs
