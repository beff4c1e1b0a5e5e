from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from aurora.cli import main
from aurora.errors import AuroraError, UserError
from aurora.pipeline.running import _carry_out, _plan, refuse_foreign, refuse_step, run_recipe, steps_of
from aurora.pipeline.step import Project, Step
from aurora.recipe import load_recipe
from aurora.run import seal
from aurora.run.folder import RunFolder


def counting_step(name: str, settings: dict[str, object], inputs: dict[str, str], log: list[str], text: str) -> Step:
    def run(folder: Path) -> None:
        log.append(name)
        (folder / "out.txt").write_text(text)

    return Step(name, name, 1, settings, lambda: inputs, run, f"make {name}")


def test_a_step_runs_once_and_again_only_when_something_changed(tmp_path: Path) -> None:
    log: list[str] = []
    seal.begin(tmp_path)
    assert _carry_out(tmp_path, counting_step("a", {"x": 1}, {"raw": "1"}, log, "one"))
    assert not _carry_out(tmp_path, counting_step("a", {"x": 1}, {"raw": "1"}, log, "one"))
    assert _carry_out(tmp_path, counting_step("a", {"x": 2}, {"raw": "1"}, log, "one"))
    assert _carry_out(tmp_path, counting_step("a", {"x": 2}, {"raw": "2"}, log, "one"))
    assert log == ["a", "a", "a"]


def test_a_failed_step_is_not_finished(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "out.txt").write_text("half")
        raise RuntimeError("in the middle")

    step = Step("a", "a", 1, {}, lambda: {}, fail, "fail")
    seal.begin(tmp_path)
    with pytest.raises(RuntimeError):
        _carry_out(tmp_path, step)
    assert not (tmp_path / "a").exists()
    assert _plan(tmp_path, [step]) == ["a"]


def test_the_steps_of_the_demo_come_in_order(root: Path, tmp_path: Path) -> None:
    loaded = load_recipe(root / "recipes/tiny.yaml")
    names = [step.name for step in steps_of(Project(loaded, RunFolder(tmp_path)))]
    assert names == [
        "corpus", "redteam", "tokenizer", "tokens",
        "train:base", "train:cap", "train:cap-without-replay", "train:cat", "train:safety",
        "evaluate:bigram", "evaluate:base", "evaluate:cap", "evaluate:cap-without-replay", "evaluate:cat",
        "evaluate:safety", "safety:cat", "safety:safety",
        "tasks:base", "tasks:cap", "tasks:cap-without-replay", "tasks:cat", "tasks:safety",
    ]  # fmt: skip


def test_an_evaluation_setting_leaves_training_alone(root: Path, tmp_path: Path) -> None:
    def settings(*overrides: str) -> dict[str, str]:
        steps = steps_of(Project(load_recipe(root / "recipes/tiny.yaml", overrides), RunFolder(tmp_path)))
        return {step.name: json.dumps(step.settings, sort_keys=True) for step in steps}

    plain = settings()
    changed = settings("evaluation.sample_tokens=5")
    assert {name for name in plain if plain[name] != changed[name]} == {
        name for name in plain if name.startswith(("evaluate:", "safety:"))
    }
    changed = settings("stages.cat.tokens=800000")
    assert {name for name in plain if plain[name] != changed[name]} == {"train:cat"}
    changed = settings("stages.cap.control.mixture={catalogues/fi: 1}")
    assert {name for name in plain if plain[name] != changed[name]} == {"train:cap-without-replay"}
    assert settings("execution.keep_checkpoints=1", "execution.micro_batch_sequences=4") == plain
    training = {name for name in plain if name.startswith("train:")}
    for rounding in ("execution.threads=1", "execution.compile=true", "execution.precision=fp32"):
        changed = settings(rounding)
        assert {name for name in plain if plain[name] != changed[name]} == training


def test_a_missing_input_file_is_the_users_mistake_and_leaves_nothing(minimal_recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"web\.jsonl"):
        run_recipe(load_recipe(minimal_recipe), tmp_path / "run")
    assert not (tmp_path / "run/corpus").exists()


def chain(log: list[str], peak: int = 1) -> list[Step]:
    """Two steps, the second of which reads the first."""
    first = counting_step("a", {"peak": peak}, {"raw": "1"}, log, f"a{peak}")
    return [first, counting_step("b", {}, {"a": f"{peak}"}, log, "b")]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of two finished steps."""
    run = tmp_path / "run"
    run.mkdir()
    seal.begin(run)
    for step in chain([]):
        assert _carry_out(run, step)
    return run


def test_a_flipped_bit_is_found_before_the_next_step_reads_it(run: Path) -> None:
    """Of equal size and with its old date."""
    path, log = run / "a/out.txt", list[str]()
    before = path.stat()
    path.write_text("A1")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(AuroraError, match=r"a/out\.txt has changed since it was written: restore it, or move"):
        [_carry_out(run, step) for step in chain(log)]
    assert log == []


def test_a_missing_file_has_its_step_carried_out_again(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run / "a/out.txt").unlink()
    log: list[str] = []
    assert [_carry_out(run, step) for step in chain(log)] == [True, False]
    assert "a/out.txt is missing, so a runs again" in capsys.readouterr().err


def test_an_edited_artifact_is_not_replaced(run: Path) -> None:
    (run / "a/out.txt").write_text("what I made of it")
    with pytest.raises(UserError, match=r"a/out\.txt has changed since it was written and would be lost"):
        _carry_out(run, chain([], peak=2)[0])
    assert (run / "a/out.txt").read_text() == "what I made of it"


def test_a_folder_put_in_an_artifacts_place_stops_the_run(run: Path, tmp_path: Path) -> None:
    """Its own manifest agrees with it, but the run did not make it."""
    other = tmp_path / "other"
    other.mkdir()
    seal.begin(other)
    _carry_out(other, counting_step("a", {"peak": 1}, {"raw": "1"}, [], "forged"))
    shutil.rmtree(run / "a")
    shutil.copytree(other / "a", run / "a")
    with pytest.raises(AuroraError, match=r"a/manifest\.json has changed since it was written"):
        refuse_foreign(run, chain([]))


def test_artifacts_of_another_run_are_taken_up_where_there_are_none(run: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    shutil.copytree(run / "a", fresh / "a")
    refuse_foreign(fresh, chain([]))
    seal.begin(fresh)
    assert [_carry_out(fresh, step) for step in chain([])] == [False, True]


@pytest.mark.parametrize(
    "name",
    ["a/mine", "a.partial/mine", "recipe.json", "report.json", "report.html", "tensorboard/base/mine", "corpus.work/x"],
)
def test_what_is_not_of_a_run_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    path = tmp_path / "run" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(UserError, match=r"was not written by"):
        refuse_foreign(tmp_path / "run", chain([]))
    assert [it for it in (tmp_path / "run").rglob("*") if it.is_file()] == [path]


def test_raw_text_in_a_folder_called_corpus_survives_output_dot(
    minimal_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/web.jsonl").write_text('{"text": "the only copy", "lang": "en"}\n')
    minimal_recipe.write_text(minimal_recipe.read_text().replace("web.jsonl", "corpus/web.jsonl"))
    with pytest.raises(SystemExit) as ended:
        main(["corpus", "build", "small.yaml", "--output", "."])
    assert ended.value.code == 2
    assert "corpus holds web.jsonl and was not written by Aurora" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["corpus", "small.yaml", "web.jsonl"]


def test_a_place_that_leads_out_of_the_run_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    run = tmp_path / "run"
    run.mkdir()
    (run / "checkpoints").symlink_to(tmp_path / "elsewhere")
    seal.begin(run)
    step = Step("a", "checkpoints/base", 1, {}, lambda: {}, lambda folder: None, "make a")
    with pytest.raises(UserError, match="leads through a symbolic link"):
        _carry_out(run, step)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(("asked", "meant"), [("cap", "train:cap"), ("cta", "train:cat"), ("corpsu", "corpus")])
def test_a_step_is_meant_by_its_stage_too(root: Path, tmp_path: Path, asked: str, meant: str) -> None:
    loaded = load_recipe(root / "recipes/tiny.yaml")
    with pytest.raises(UserError, match=rf"no step '{asked}' \(did you mean {meant}\?\)"):
        refuse_step(loaded, tmp_path, asked)
