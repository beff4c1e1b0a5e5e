"""Every recipe that can be begun with is sound, and says why it is as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.recipe import load_recipe
from aurora.recipe.stages.measured import before_and_after
from aurora.starting.choices import choose
from aurora.starting.files import Texts
from aurora.starting.look import Look
from aurora.starting.writing import Plan, recipe_text

TEXTS = Texts("jsonl", [Path("a"), Path("b")], ["a", "b"], [])
LOOK = Look(TEXTS, 2e6, "saga: #1", None, "file", {"sv": 9}, 9, "Ån rinner under den gamla bron")


@pytest.mark.parametrize("language", ["sv", "en", "code", "no", "sr-Latn"])
@pytest.mark.parametrize("base", [None, "some/model", "../models/a base"])
@pytest.mark.parametrize(
    "policy", [None, ("policy.yaml", ["en"]), ("eo-14110", ["sv", "en"])], ids=["none", "own", "ours"]
)
def test_what_is_written_is_a_recipe(
    tmp_path: Path, language: str, base: str | None, policy: tuple[str, list[str]] | None
) -> None:
    replayed = 1 if language in ("en", "code") else 2
    choices = choose(2e6, None, imported=bool(base), replayed=replayed)
    plan = Plan("mine", language, ["../*.jsonl"], LOOK, choices, base, policy)
    assert len(plan.replayed) == replayed
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe_text(plan))
    recipe = load_recipe(path).recipe
    source = recipe.model_dump()["corpus"]["sources"]["mine"]
    assert (source["text_key"], source["language"], source["paths"]) == ("saga: #1", language, ["../*.jsonl"])
    assert recipe.model.path == base
    assert list(recipe.stages) == [*([] if base else ["base"]), "cap", *(["safety"] if policy else [])]
    cap = recipe.stages["cap"]
    assert cap.retention is not None
    assert list(cap.retention.budget) == plan.replayed
    assert f"mine/{language}" in cap.mixture
    assert before_and_after(recipe) == (("cap", "safety") if policy else None)
    assert all(len(line) < 200 for line in path.read_text().splitlines())


def test_plain_text_says_what_a_document_is(tmp_path: Path) -> None:
    look = Look(Texts("text", [Path("a")], ["a"], []), 1e5, "text", None, "paragraph", {"sv": 9}, 9, "Ån")
    plan = Plan("mine", "sv", ["a.txt"], look, choose(1e5, None, imported=False, replayed=2), None, None)
    (tmp_path / "recipe.yaml").write_text(recipe_text(plan))
    assert (
        load_recipe(tmp_path / "recipe.yaml").recipe.model_dump()["corpus"]["sources"]["mine"]["document"]
        == "paragraph"
    )


@pytest.mark.parametrize(
    ("size", "words"),
    [(1e9, "about 1% of your text"), (1e6, "passes over your text"), (1e3, "passes over your text")],
)
def test_how_much_is_read_is_said_in_words(size: float, words: str) -> None:
    choices = choose(2e6, None, imported=False, replayed=2)
    look = Look(TEXTS, size, "text", None, "file", {"sv": 9}, 9, "Ån rinner")
    plan = Plan("mine", "sv", ["../*.jsonl"], look, choices, None, None)
    assert words in plan.amount_read
    assert (plan.passes < 1) == words.startswith("about")
