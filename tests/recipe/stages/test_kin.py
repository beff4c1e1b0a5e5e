from __future__ import annotations

from pathlib import Path

import pytest

from aurora.recipe import load_recipe
from aurora.recipe.stages.kin import is_of, learnt_from


def test_a_model_learnt_from_what_its_stages_and_those_before_read(root: Path) -> None:
    recipe = load_recipe(root / "recipes/aurora-m.yaml").recipe
    found = learnt_from(recipe, "cat")
    assert (found["gsm8k"], found["p3"]) == (["math"], ["xp3-en", "xp3-hi", "xp3-vi"])
    assert learnt_from(recipe, "model") == {}
    text = {store: weight for store, weight in recipe.stages["cat"].mixture.items() if not store.startswith("math/")}
    without = recipe.stages["cat"].model_copy(update={"mixture": text, "start": "model"})
    edited = recipe.model_copy(update={"stages": {"cat": without}})
    assert "gsm8k" not in learnt_from(edited, "cat")
    after_cap = recipe.model_copy(
        update={"stages": {**recipe.stages, "cat": without.model_copy(update={"start": "cap"})}}
    )
    assert learnt_from(after_cap, "cat") == found


@pytest.mark.parametrize(
    ("task", "benchmark", "is_kin"),
    [
        ("gsm8k_en", "gsm8k", True),
        ("gsm8k", "gsm8k", True),
        ("mgsm_ja", "gsm8k", False),
        ("arc_challenge_en", "arc-challenge", True),
        ("arc_challenge_en", "arc", True),
        ("mathqa", "math", False),
    ],
)
def test_a_task_is_of_a_benchmark_by_its_name(task: str, benchmark: str, is_kin: bool) -> None:
    assert is_of(task, benchmark) == is_kin
