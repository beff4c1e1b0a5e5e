from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import AuroraError
from aurora.pipeline.step import Project
from aurora.pipeline.tokens import steps
from aurora.recipe import load_recipe
from aurora.run.folder import RunFolder
from aurora.run.manifest import artifact


def test_a_file_that_a_step_would_read_by_its_name_stops_it_where_no_manifest_lists_it(
    minimal_recipe: Path, tmp_path: Path
) -> None:
    """Whether a tokenizer has settings of its own, or a store a mask, is told by what lies there."""
    run = tmp_path / "run"
    with artifact(run / "corpus", "corpus", 1, {}, {}) as folder:
        (folder / "clean").mkdir()
        (folder / "clean/web.parquet").touch()
    with artifact(run / "tokens/tokenizer", "tokenizer", 1, {}, {}) as folder:
        (folder / "tokenizer.json").touch()
    step = steps(Project(load_recipe(minimal_recipe), RunFolder(run)))[1]
    before = step.inputs()
    (run / "corpus/clean/evil.parquet").touch()
    assert step.inputs() == before
    (run / "tokens/tokenizer/tokenizer_config.json").touch()
    with pytest.raises(AuroraError, match=r"tokenizer/tokenizer_config\.json was not written by Aurora"):
        step.inputs()
