from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aurora.errors import AuroraError
from aurora.pipeline.steps import Steps, _stage_numerics
from aurora.recipe import load_recipe
from aurora.recipe.stages.schedule import Schedule
from aurora.recipe.stages.stage import Guard, Optimizer, Stage
from aurora.run.folder import RunFolder
from aurora.run.manifest import artifact


def stage_with(**settings: Any) -> Stage:
    return Stage(
        start="model",
        tokens=64,
        batch_tokens=64,
        sequence_length=16,
        mixture={"web/en": 1},
        schedule=Schedule(peak=1e-3),
        **settings,
    )


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({}, None),
        ({"action": "skip"}, None),
        ({"deviations": 6.0}, {"deviations": 6.0, "window": 128, "patience": 10}),
        (
            {"action": "rollback", "steps": 4},
            {"action": "rollback", "steps": 4, "deviations": None, "window": 128, "patience": 10},
        ),
    ],
)
def test_what_a_guard_does_not_say_is_not_in_the_fingerprint(
    settings: dict[str, Any], kept: dict[str, Any] | None
) -> None:
    """Stages trained before there was a rollback stay finished."""
    assert _stage_numerics(stage_with(guard=Guard(**settings))).get("guard") == kept


def test_a_learning_rate_of_new_rows_is_in_the_fingerprint_where_there_is_one() -> None:
    """Stages trained before there was one stay finished."""
    assert "new_rows" not in _stage_numerics(stage_with())["optimizer"]
    assert _stage_numerics(stage_with(optimizer=Optimizer(new_rows=2.0)))["optimizer"]["new_rows"] == 2.0


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
    step = Steps(load_recipe(minimal_recipe), RunFolder(run)).tokens()
    before = step.inputs()
    (run / "corpus/clean/evil.parquet").touch()
    assert step.inputs() == before
    (run / "tokens/tokenizer/tokenizer_config.json").touch()
    with pytest.raises(AuroraError, match=r"tokenizer/tokenizer_config\.json was not written by Aurora"):
        step.inputs()
