"""The report of a run is written from whole artifacts alone, and seals the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.errors import AuroraError
from aurora.pipeline.reporting import write_run_report
from aurora.pipeline.step import Project, Step
from aurora.run.seal import read_seal
from aurora.run.verify import verify
from pipeline.made_up_run import MadeUp, make_up


@pytest.fixture
def made_up(minimal_recipe: Path, tmp_path: Path) -> MadeUp:
    return make_up(minimal_recipe, tmp_path / "run")


def written(made_up: MadeUp) -> Path:
    """The page of the report of all steps of the run."""
    steps = [Step(part, part, 1, {}, dict, lambda folder: None, "make it") for part in made_up.manifests]
    return write_run_report(Project(made_up.loaded, made_up.run), steps)


def test_the_report_is_written_and_the_run_is_finished(made_up: MadeUp) -> None:
    before = read_seal(made_up.run.path)
    assert before is not None
    assert not before.finished
    assert written(made_up) == made_up.run.page
    after = read_seal(made_up.run.path)
    assert after is not None
    assert after.finished
    assert {*after.parts} == {
        "recipe.json",
        "report.json",
        "report.html",
        *(f"{part}/manifest.json" for part in made_up.manifests),
    }
    assert verify(made_up.run.path).endswith("nothing has changed.")


def test_written_again_it_is_the_same(made_up: MadeUp) -> None:
    page = written(made_up)
    first = page.read_bytes(), made_up.run.report.read_bytes()
    assert written(made_up) == page
    assert (page.read_bytes(), made_up.run.report.read_bytes()) == first


@pytest.mark.parametrize("part", ["corpus/ledger.json", "evaluation/cap/results.json", "safety/safety/answers.jsonl"])
def test_what_was_altered_is_named_and_never_reported(made_up: MadeUp, part: str) -> None:
    path = made_up.run.path / part
    path.write_bytes(path.read_bytes().replace(b"1", b"7", 1) + b" ")
    with pytest.raises(AuroraError, match=path.name.replace(".", r"\.")):
        written(made_up)
    assert not made_up.run.report.exists()
    found = read_seal(made_up.run.path)
    assert found is not None
    assert not found.finished


def test_a_report_that_somebody_changed_is_not_written_over(made_up: MadeUp) -> None:
    written(made_up)
    values = json.loads(made_up.run.report.read_text(encoding="utf-8"))
    made_up.run.report.write_text(json.dumps(values | {"recipe": "mine"}), encoding="utf-8")
    with pytest.raises(AuroraError, match=r"report\.json"):
        written(made_up)
    assert json.loads(made_up.run.report.read_text(encoding="utf-8"))["recipe"] == "mine"
