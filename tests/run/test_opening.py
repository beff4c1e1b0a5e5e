from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import AuroraError, UserError
from aurora.files import sha256, write_json
from aurora.run import seal
from aurora.run.manifest import artifact
from aurora.run.opening import checkpoint_of, finished_checkpoints, recipe_of, unfinished


@pytest.fixture
def run(tmp_path: Path) -> Path:
    seal.begin(tmp_path)
    write_json(tmp_path / "recipe.json", {"stages": {"cap": {}, "base": {}, "safety": {}}})
    seal.settle(tmp_path, "recipe.json")
    for stage in ("base", "cap"):
        with artifact(tmp_path / "checkpoints" / stage, f"train:{stage}", 1, {}, {}) as folder:
            write_json(folder / "architecture.json", {"stage": stage})
        seal.settle(tmp_path, f"checkpoints/{stage}/manifest.json")
    return tmp_path


def test_the_last_finished_stage_is_taken_in_the_recipes_order(run: Path) -> None:
    assert checkpoint_of(run) == run / "checkpoints/base"
    assert checkpoint_of(run, "cap") == run / "checkpoints/cap"
    assert checkpoint_of(run / "checkpoints/cap") == run / "checkpoints/cap"


def test_the_folder_of_a_recipe_is_no_run_but_leads_to_it(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("runs/mine").mkdir(parents=True)
    Path("runs/mine/recipe.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match=r"did you mean runs/mine\?"):
        checkpoint_of(Path("mine"))


def test_what_is_not_there_is_said(run: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no finished stage 'safety'; it has base, cap"):
        checkpoint_of(run, "safety")
    with pytest.raises(UserError, match="neither a run nor a checkpoint"):
        checkpoint_of(tmp_path / "checkpoints")
    with pytest.raises(UserError, match="leave out --stage cap"):
        checkpoint_of(run / "checkpoints/base", "cap")


def test_a_folder_that_the_run_did_not_make_is_none_of_its_checkpoints(run: Path) -> None:
    with artifact(run / "checkpoints/safety", "train:safety", 1, {}, {}) as folder:
        write_json(folder / "architecture.json", {"stage": "of another run"})
    assert finished_checkpoints(run) == ["base", "cap"]


def test_an_altered_checkpoint_is_not_given_out(run: Path) -> None:
    path = run / "checkpoints/cap/architecture.json"
    path.write_text(path.read_text().replace("cap", "cop"))
    for asked in ((run, "cap"), (run / "checkpoints/cap", None)):
        with pytest.raises(AuroraError, match=r"checkpoints/cap/architecture\.json has changed since it was written"):
            checkpoint_of(*asked)
    assert checkpoint_of(run) == run / "checkpoints/base"


def test_a_checkpoint_whose_manifest_was_made_to_fit_is_not_given_out(run: Path) -> None:
    with artifact(run / "checkpoints/cap", "train:cap", 1, {}, {}) as folder:
        write_json(folder / "architecture.json", {"stage": "forged"})
    with pytest.raises(AuroraError, match=r"checkpoints/cap/manifest\.json has changed since it was written"):
        checkpoint_of(run, "cap")


def test_an_altered_recipe_is_not_read(run: Path) -> None:
    write_json(run / "recipe.json", {"stages": {"cap": {}}})
    for read in (lambda: recipe_of(run), lambda: checkpoint_of(run)):
        with pytest.raises(AuroraError, match=r"recipe\.json has changed since it was written"):
            read()


def test_a_slip_in_the_name_of_a_run_is_told(run: Path) -> None:
    wrong = run.with_name(f"{run.name}s")
    with pytest.raises(UserError, match=rf"is neither a run nor a checkpoint folder \(did you mean {run}\?\)"):
        checkpoint_of(wrong)
    with pytest.raises(UserError, match=rf"is not a run \(did you mean {run}\?\)"):
        recipe_of(wrong)


def test_a_run_that_is_being_made_is_unfinished(run: Path) -> None:
    assert unfinished(run)
    for name in ("report.json", "report.html"):
        write_json(run / name, {})
        seal.announce(run, name, sha256(run / name))
        seal.settle(run, name)
    made = seal.read_seal(run)
    assert made is not None
    seal.finish(run, list(made.parts))
    assert not unfinished(run)
    assert not unfinished(run / "checkpoints/base")
    assert not unfinished(run / "nowhere")
