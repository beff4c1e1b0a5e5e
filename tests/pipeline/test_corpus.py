from __future__ import annotations

from pathlib import Path

from aurora.pipeline.corpus import steps
from aurora.pipeline.step import Project
from aurora.recipe import load_recipe
from aurora.run.folder import RunFolder


def test_a_corpus_is_made_again_where_a_file_of_a_source_changed(minimal_recipe: Path, tmp_path: Path) -> None:
    source = minimal_recipe.with_name("web.jsonl")
    source.write_text('{"text": "one", "lang": "en"}\n')
    (step,) = steps(Project(load_recipe(minimal_recipe), RunFolder(tmp_path / "run")))
    before = step.inputs()
    assert "web" in before
    assert step.inputs() == before
    source.write_text('{"text": "two", "lang": "en"}\n')
    after = step.inputs()
    assert {name for name in before if before[name] != after[name]} == {"web"}
