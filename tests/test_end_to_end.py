"""The whole main job on made-up text: every step, skipped when done, rerun only where something changed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from aurora.model.folder import load_model
from aurora.model.generation import generate
from aurora.pipeline import run_recipe
from aurora.recipe import load_recipe
from aurora.runs import verify_run
from small_run import write_small_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small recipe, run once."""
    folder = tmp_path_factory.mktemp("project")
    recipe = write_small_project(folder)
    outcome = run_recipe(load_recipe(recipe), folder / "run")
    assert len(outcome["ran"]) == 17
    return folder


@pytest.fixture
def report(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / "run/report.json").read_text(encoding="utf-8"))
    return found


def test_the_report_has_what_others_rely_on(report: dict[str, Any]) -> None:
    documents = report["corpus"]["documents"]
    assert documents["in"] == documents["kept"] + documents["dropped"] + documents["quarantined"] == 320
    assert [stage["name"] for stage in report["stages"]] == ["base", "cap", "cat", "safety"]
    assert [stage["tokens"] for stage in report["stages"]] == [8192, 16384, 4096, 4096]
    for stage in report["stages"]:
        assert set(stage["bits_per_byte"]) == {"en", "fi", "hi", "code"}
        assert set(stage["bits_per_byte_other_domain"]) == {"en", "fi", "hi"}
    assert report["control"]["name"] == "without-replay"
    assert report["safety"]["after"]["harmful_prompts"] == 4
    assert set(report["bigram_bits_per_byte_other_domain"]) == {"en", "fi", "hi"}


def test_the_new_languages_are_learnt(report: dict[str, Any]) -> None:
    base, cat = report["stages"][0]["bits_per_byte"], report["stages"][2]["bits_per_byte"]
    assert cat["fi"] < 0.9 * base["fi"]
    assert cat["hi"] < 0.9 * base["hi"]


def test_run_again_it_does_nothing_and_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in (project / "run").rglob("*") if path.is_file()}
    outcome = run_recipe(load_recipe(project / "small.yaml"), project / "run")
    assert outcome["ran"] == []
    assert "Nothing to do" in capsys.readouterr().err
    after = {path: path.stat().st_mtime_ns for path in (project / "run").rglob("*") if path.is_file()}
    assert after == before


def test_a_changed_setting_reruns_only_what_depends_on_it(project: Path) -> None:
    loaded = load_recipe(project / "small.yaml", ["stages.safety.schedule.peak=5e-4"])
    assert run_recipe(loaded, project / "run")["ran"] == ["train:safety", "evaluate:safety", "safety:safety"]
    ran = run_recipe(load_recipe(project / "small.yaml"), project / "run")["ran"]
    assert ran == ["train:safety", "evaluate:safety", "safety:safety"]


def test_every_file_is_as_it_was_written(project: Path) -> None:
    assert verify_run(project / "run").endswith("are as they were written.")


def test_an_exported_checkpoint_speaks_the_same_in_transformers(project: Path) -> None:
    aurora = [sys.executable, "-m", "aurora"]
    target = project / "exported"
    subprocess.run([*aurora, "export", project / "run", "--stage", "cat", target], check=True, capture_output=True)
    theirs = AutoModelForCausalLM.from_pretrained(target, dtype=torch.float32)
    their_tokenizer = AutoTokenizer.from_pretrained(target)
    model, tokenizer = load_model(project / "run/checkpoints/cat")
    prompt = "the river under old bridge"
    ids = tokenizer.encode(prompt).ids
    assert their_tokenizer(prompt)["input_ids"] == ids
    output = theirs.generate(torch.tensor([ids]), max_new_tokens=12, do_sample=False, pad_token_id=0)
    assert tokenizer.decode(generate(model, [ids], 12)[0]) == their_tokenizer.decode(
        output[0, len(ids) :], skip_special_tokens=True
    )


def test_chat_answers_a_line_from_a_pipe(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "aurora", "chat", project / "run", "--tokens", "5"],
        input="the river\n", capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.count("\n") == 1
    assert "safety" in done.stderr
