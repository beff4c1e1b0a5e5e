"""Layers of a recipe: what each lays over the other, and where every value came from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.recipe.stated.layers import COMMAND_LINE, Stated, order, read_layers

BELOW = """\
name: below
seed: 3
corpus:
  sources:
    web: {kind: jsonl, paths: [a.jsonl], language: fi}
    net: {kind: text, paths: [b.txt]}
stages:
  base: {mixture: {web/fi: 1, net/en: 2}, schedule: {peak: 1.0e-3, warmup: 0.1}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "below.yaml").write_text(BELOW)
    return tmp_path


def read(folder: Path, text: str = "extends: below.yaml\n", *overrides: str) -> Stated:
    (folder / "above.yaml").write_text(text)
    return read_layers(folder / "above.yaml", overrides)


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("seed: 4", "seed", 4),
        ("name: above", "seed", 3),
        ("stages: {base: {schedule: {peak: 2.0e-3}}}", "stages.base.schedule", {"peak": 2e-3, "warmup": 0.1}),
        ("stages: {base: {mixture: {web/fi: 1}}}", "stages.base.mixture", {"web/fi": 1}),  # replaced whole
        ("stages: {base: {schedule: null}}", "stages.base", {"mixture": {"web/fi": 1, "net/en": 2}}),
        (
            "corpus: {sources: {web: {kind: jsonl, language: en}}}",
            "corpus.sources.web",
            {"kind": "jsonl", "paths": ["a.jsonl"], "language": "en"},
        ),
        ("corpus: {sources: {web: {kind: hub, name: x}}}", "corpus.sources.web", {"kind": "hub", "name": "x"}),
        ("corpus: {sources: null}", "corpus", {}),
        ("corpus: [1]", "corpus", [1]),
    ],
)
def test_what_is_above_changes_what_is_below(folder: Path, text: str, key: str, value: Any) -> None:
    found: Any = read(folder, f"extends: below.yaml\n{text}\n").values
    for part in key.split("."):
        found = found[part]
    assert found == value


def test_arguments_lie_over_both_and_may_reach_into_lists(folder: Path) -> None:
    arguments = ("seed=5", "corpus.sources.web.paths.0=c.jsonl", "stages.base.schedule.warmup=null")
    found = read(folder, "extends: below.yaml\nseed: 4\n", *arguments)
    assert found.values["seed"] == 5
    assert found.values["corpus"]["sources"]["web"]["paths"] == ["c.jsonl"]
    assert found.values["stages"]["base"]["schedule"] == {"peak": 1e-3}


def test_every_value_knows_its_place(folder: Path) -> None:
    found = read(folder, "extends: below.yaml\nname: above\n", "stages.base.schedule={peak: 2.0e-3}")
    assert found.place(("name",)) == f"{folder / 'above.yaml'}, line 2"
    assert found.place(("seed",)) == f"{folder / 'below.yaml'}, line 2"
    assert found.place(("stages", "base", "schedule", "peak")) == COMMAND_LINE
    assert found.place(("corpus", "sources", "net", "missing")) == f"{folder / 'below.yaml'}, line 6"  # its table
    assert found.place(("nothing",)) == str(folder / "above.yaml")
    assert order(found.place(("seed",))) == (str(folder / "below.yaml"), 2)
    assert order(found.place(("stages", "base", "schedule"))) == ("", 0)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("seed", "is not of the form key.path=value"),
        ("=5", "is not of the form key.path=value"),
        ("a..b=5", "is not of the form key.path=value"),
        ("corpus.sources.web.paths.7=x", "names item 7 of a list of 1"),
        ("corpus.sources.web.paths.00=x", "names item 00 of a list of 1"),
        ("seed.more=5", "reaches into seed, which is not a table"),
        ("stages.bse.tokens=5", r"reaches into nothing: stages has no bse \(did you mean base\?\)"),
        ("seed=[", "cannot be used"),
    ],
)
def test_an_argument_that_fits_nowhere_is_refused(folder: Path, argument: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read(folder, "extends: below.yaml\n", argument)


def test_only_one_recipe_is_extended_and_it_stands_alone(folder: Path) -> None:
    with pytest.raises(UserError, match=r"above\.yaml, line 1: extends names one recipe file, as a text"):
        read(folder, "extends: [below.yaml]\n")
    read(folder)
    (folder / "third.yaml").write_text("extends: above.yaml\n")
    with pytest.raises(UserError, match="may not itself extend another"):
        read_layers(folder / "third.yaml", ())
