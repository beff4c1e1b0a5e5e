from __future__ import annotations

from pathlib import Path

import pytest

from aurora.api.tokens import Tokens
from aurora.errors import UserError
from aurora.recipe import load_recipe
from aurora.run.folder import RunFolder


def test_tokens_that_are_not_there_are_named_with_what_makes_them(minimal_recipe: Path, tmp_path: Path) -> None:
    found = Tokens(load_recipe(minimal_recipe).recipe, RunFolder(tmp_path))
    with pytest.raises(UserError, match="has no tokens yet: build them with `aurora tokens build`"):
        found.facts()
    with pytest.raises(UserError, match="The recipe has no stage 'cap': choose from base"):
        found.sequence(0, "cap")
