from __future__ import annotations

from pathlib import Path

import pytest

from aurora.recipe import load_recipe
from aurora.recipe.stages.made_with import described, differences, made_with
from aurora.recipe.stages.stage import checkpoints_of

TINY = "recipes/tiny.yaml"


def edited(root: Path, name: str, steps: int, *overrides: str) -> set[str]:
    """The keys that an edit changes for the first steps of a stage of the demo."""
    recipes = [load_recipe(root / TINY, given).recipe for given in ((), overrides)]
    before, now = (made_with(recipe, checkpoints_of(recipe.stages)[name], steps) for recipe in recipes)
    return set(differences(before, now))


@pytest.mark.parametrize(
    ("override", "keys"),
    [
        ("stages.cap.schedule.peak=2e-3", {"stages.cap.schedule.peak"}),
        ("stages.cap.tokens=700000", {"stages.cap.tokens", "stages.cap.schedule.warmup"}),
        ("stages.cap.mixture.catalogues/fi=20", {"stages.cap.mixture.catalogues/fi"}),
        ("stages.cap.optimizer.beta2=0.9", {"stages.cap.optimizer.beta2"}),
        ("seed=1", {"seed"}),
        ("execution.precision=fp32", {"execution.precision"}),
        ("execution.threads=3", {"execution.threads"}),
        ("execution.compile=true", {"execution.compile"}),
        ("execution.keep_checkpoints=5", set()),
        ("execution.micro_batch_sequences=3", set()),
        ("stages.cap.warn_epochs=100", set()),
        ("stages.cap.control.mixture={catalogues/fi: 1}", set()),
        ("stages.cat.schedule.peak=1e-3", set()),
        ("evaluation.held_out_kilobytes=9", set()),
    ],
)
def test_an_edit_is_seen_by_its_key_where_it_matters(root: Path, override: str, keys: set[str]) -> None:
    assert edited(root, "cap", 100, override) == keys


def test_a_control_is_named_where_the_recipe_states_it(root: Path) -> None:
    key = "stages.cap.control.mixture.catalogues/fi"
    assert edited(root, "cap-without-replay", 9, "stages.cap.control.mixture.catalogues/fi=1") == {key}
    assert edited(root, "cap-without-replay", 9, "stages.cap.mixture.catalogues/fi=1") == set()
    assert edited(root, "cap-without-replay", 9, "stages.cap.sequence_length=128") == {"stages.cap.sequence_length"}


def test_only_a_new_network_is_made_with_its_architecture(root: Path) -> None:
    layers = "model.architecture.layers=2"
    assert edited(root, "base", 9, layers) == {"model.architecture.layers"}
    assert edited(root, "cap", 9, layers) == set()


@pytest.mark.parametrize("steps", [1, 20, 21, 200])
def test_a_change_of_the_mixture_counts_from_its_step_on(root: Path, steps: int) -> None:
    change = "stages.base.changes=[{from_tokens: 40960, mixture: {docstrings/en: 1}}]"  # after 20 steps
    found = edited(root, "base", steps, change)
    made = {f"stages.base.changes.0.{key}" for key in ("from_tokens", "mixture.docstrings/en")}
    assert found == (made if steps > 20 else set())


def test_what_is_said_of_a_change_has_both_values() -> None:
    pairs = {"stages.cap.schedule.peak": (3e-3, 3.1e-3), "input start": ("0" * 64, "f" * 64), "seed": ("nothing", 1)}
    assert described(pairs) == (
        "stages.cap.schedule.peak (was 0.003, is 0.0031), input start (was 000000000000, is ffffffffffff), "
        "seed (was nothing, is 1)"
    )


@pytest.mark.parametrize("override", ["stages.safety.tokens=3000000", "stages.safety.stop_when.refused=0.8"])
def test_a_stage_that_may_end_early_depends_on_its_goal_and_length_from_the_start(root: Path, override: str) -> None:
    """It may have begun its decay at any step."""
    goal = "stages.safety.stop_when={refused: 0.9, harmless_refused: 0.1, every_steps: 5}"
    found = [
        made_with(recipe, recipe.stages["safety"], 2)
        for more in ([], [override])
        for recipe in [load_recipe(root / "recipes/tiny.yaml", [goal, "redteam.watched_share=0.1", *more]).recipe]
    ]
    assert override.split("=")[0] in differences(*found)
    assert "evaluation.answer_tokens" in found[0]
