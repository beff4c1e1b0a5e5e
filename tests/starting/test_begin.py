"""A folder begun: what is written, what is said of it, and what is refused."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from pathlib import Path

import pytest

from aurora.checking.check import Checked
from aurora.errors import Mistakes, UserError
from aurora.pipeline.running import run_recipe
from aurora.recipe import load_recipe
from aurora.starting.begin import begin
from small_run import WORDS

FINNISH = f"{WORDS['fi']}. " * 3
SHAPE = {"model_type": "gpt_bigcode", "n_embd": 16, "n_layer": 1, "n_head": 2, "vocab_size": 400, "n_positions": 64}


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with data/a.jsonl in Finnish."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    rows = [json.dumps({"body": f"{number}. {FINNISH}"}) + "\n" for number in range(300)]
    (tmp_path / "data/a.jsonl").write_text("".join(rows))
    return tmp_path / "data"


def test_a_recipe_is_written_checked_and_explained(tmp_path: Path) -> None:
    begun = begin(Path("runs/My Finnish"), "fin_Latn", ["data/*.jsonl"], None, "own")
    assert begun.recipe == Path("runs/My Finnish/recipe.yaml")
    assert [path.name for path in begun.written] == [
        "recipe.yaml",
        "policy.yaml",
        "fi.yaml",
        "en.yaml",
        "recipe.schema.json",
    ]
    assert begun.checked.mistakes == []
    recipe = load_recipe(begun.recipe).recipe
    assert recipe.name == "my-finnish"
    assert recipe.model_dump()["corpus"]["sources"]["mine"]["paths"] == ["../../data/*.jsonl"]
    assert re.match(r"1 file of JSON lines, about \d+(\.\d)? kB of text under 'body'; ", begun.chosen[0])
    assert "of the first 200 documents 200 Finnish." in begun.chosen[0]


def test_a_base_is_continued_within_its_positions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base/config.json").write_text(json.dumps(SHAPE))
    with monkeypatch.context() as patched:
        patched.setattr("aurora.starting.begin.check_recipe", lambda path: Checked(path, [], []))  # it has no weights
        begun = begin(Path("mine"), "fi", ["data/a.jsonl"], "base", None)
    recipe = load_recipe(begun.recipe).recipe
    assert (recipe.model.path, recipe.tokens.path) == ("../base", "../base")
    assert recipe.stages["cap"].sequence_length == 64
    hub = begin(Path("hub"), "fi", ["data/a.jsonl"], "some/model", "eo-14110")
    assert load_recipe(hub.recipe).recipe.model.path == "some/model"
    assert any("some/model" in note for note in hub.checked.notes)


@pytest.mark.parametrize(
    ("language", "base", "policy", "said"),
    [
        ("Finnisch", None, None, "--language: 'Finnisch' is not a language label"),
        (
            "en",
            None,
            None,
            "of the first 200 documents 0 may be in 'en' (English), and 200 as 'fi' (Finnish)",
        ),
        ("fi", "./nowhere", None, "--base ./nowhere: there is no such folder, and it is no name on the hub"),
        ("fi", "models/lamma", None, "--base models/lamma: there is no such folder (did you mean models/lama?)."),
        ("fi", "models", None, "--base models: this folder has no config.json; models/lama has one: give the folder"),
        ("fi", "models/lama/config.json", None, "--base models/lama/config.json: give its folder, models/lama."),
        ("fi", None, "eo-14111", "--policy eo-14111 does not exist (did you mean eo-14110?); --policy own writes one "),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    language: str, base: str | None, policy: str | None, said: str
) -> None:
    Path("models/lama").mkdir(parents=True)
    Path("models/lama/config.json").write_text(json.dumps(SHAPE))
    with pytest.raises(UserError) as error:
        begin(Path("mine"), language, ["data/a.jsonl"], base, policy)
    assert said in str(error.value)
    assert not Path("mine").exists()


def test_a_recipe_that_cannot_run_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base/config.json").write_text(json.dumps(SHAPE))
    for folder in (Path("mine"), Path("new")):
        if folder.name == "mine":
            folder.mkdir()
            (folder / "notes.txt").write_text("my own")
        with pytest.raises(Mistakes, match=r"recipe\.yaml, line \d+: model\.path: .* holds no model\.safetensors"):
            begin(folder, "fi", ["data/a.jsonl"], "base", "own")
    assert [path.name for path in Path("mine").iterdir()] == ["notes.txt"]
    assert not Path("new").exists()


@pytest.mark.parametrize("policy", [None, "own"])
def test_english_text_is_begun_with_too(tmp_path: Path, policy: str | None) -> None:
    rows = [json.dumps({"text": f"{number}. {WORDS['en']}. " * 3}) + "\n" for number in range(300)]
    (tmp_path / "data/en.jsonl").write_text("".join(rows))
    begun = begin(Path("mine"), "en", ["data/en.jsonl"], None, policy)
    recipe = load_recipe(begun.recipe).recipe
    assert recipe.description == "A small new network that learns English, with code replayed."
    assert list(recipe.stages["cap"].mixture)[:2] == ["mine/en", "sources/code"]


def test_a_policy_of_ones_own_is_taken_by_its_path(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "policies", tmp_path / "rules")
    begun = begin(Path("mine"), "fi", ["data/a.jsonl"], None, "rules/eo-14110.yaml")
    redteam = load_recipe(begun.recipe).recipe.redteam
    assert redteam is not None
    assert (redteam.policy, redteam.languages) == ("../rules/eo-14110.yaml", ["fi", "en"])
    for code in ("en", "fi"):
        (tmp_path / f"rules/eo-14110/{code}.yaml").unlink()
    with pytest.raises(UserError, match=r"it has words in hi, ja, sv and vi, and in neither fi nor en: write "):
        begin(Path("other"), "fi", ["data/a.jsonl"], None, "rules/eo-14110.yaml")


def test_nothing_is_written_over() -> None:
    Path("mine").mkdir()
    Path("mine/policy.yaml").write_text("my own")
    with pytest.raises(UserError, match=r"mine/policy\.yaml is there already"):
        begin(Path("mine"), "fi", ["data/a.jsonl"], None, "own")
    assert begin(Path("mine"), "fi", ["data/a.jsonl"], None, None).checked.mistakes == []
    with pytest.raises(UserError, match=r"mine/recipe\.yaml is there already: give another folder, or move it away"):
        begin(Path("mine"), "fi", ["data/a.jsonl"], None, None)
    assert Path("mine/policy.yaml").read_text() == "my own"


@pytest.mark.slow
def test_what_was_begun_runs_as_it_stands_to_its_report(data: Path) -> None:
    """With fewer tokens and a smaller network, which is all that is changed."""
    chance, words = random.Random(3), WORDS["fi"].split()
    rows = [" ".join(chance.choices(words, k=80)) for _ in range(300)]
    (data / "a.jsonl").write_text("".join(json.dumps({"body": text}) + "\n" for text in rows))
    begun = begin(Path("mine"), "fi", ["data/a.jsonl"], None, "own")
    smaller = [f"stages.{name}.tokens=16384" for name in ("base", "cap", "safety")]
    smaller += ["corpus.execution.workers=1"]
    smaller += ["model.architecture={layers: 1, width: 32, heads: 2, positions: 256}", "tokens.train.vocabulary=600"]
    measured = ["evaluation.held_out_kilobytes=2", "evaluation.safety_prompts=2", "execution.threads=1"]
    source = ["corpus.sources.docstrings.distributions=[click]", "corpus.sources.sources.distributions=[click]"]
    outcome = run_recipe(load_recipe(begun.recipe, [*smaller, *measured, *source]), Path("run"))
    assert Path(outcome["report"]).is_file()
    report = json.loads(Path("run/report.json").read_text())
    assert report["stages"][1]["retention"]["budget"] == {"docstrings/en": 0.02, "sources/code": 0.02}
    assert report["safety"]["policy"]["title"] == "Policy of mine"


@pytest.mark.parametrize("name", ["", "recipe.yaml", "policy.yaml", "policy"])
def test_a_link_is_kept_wherever_it_leads(tmp_path: Path, name: str) -> None:
    (tmp_path / "links").mkdir()
    place = tmp_path / "links" / name if name else tmp_path / "dangling"
    place.symlink_to("nowhere")
    with pytest.raises(UserError, match=r"is there already|is a file: give a folder"):
        begin(place.parent if name else place, "fi", ["data/a.jsonl"], None, "own")
    assert place.is_symlink()
    assert not place.exists()
    assert list((tmp_path / "links").iterdir()) == ([place] if name else [])


def test_the_schema_is_not_written_through_a_link(tmp_path: Path) -> None:
    Path("mine").mkdir()
    Path("mine/recipe.schema.json").symlink_to(tmp_path / "nowhere")
    begun = begin(Path("mine"), "fi", ["data/a.jsonl"], None, None)
    assert begun.written == [Path("mine/recipe.yaml")]
    assert Path("mine/recipe.schema.json").is_symlink()


@pytest.mark.parametrize("name", ["a\x1b[31m.jsonl", "a\nb.jsonl", os.fsdecode(b"a\xff.jsonl")], ids=range(3))
def test_a_name_that_no_recipe_can_hold_is_told_before_anything_is_written(name: str) -> None:
    Path("data", name).write_bytes(Path("data/a.jsonl").read_bytes())
    with pytest.raises(UserError, match=r"cannot stand in a recipe .*: rename it"):
        begin(Path("mine"), "fi", [f"data/{name}"], None, None)
    assert not Path("mine").exists()


def test_words_of_a_policy_that_are_there_are_kept(tmp_path: Path) -> None:
    words = tmp_path / "mine/policy/fi.yaml"
    words.parent.mkdir(parents=True)
    words.write_text("a week of work")
    with pytest.raises(UserError, match=r"mine/policy is there already: give another folder, or move it away"):
        begin(Path("mine"), "fi", ["data/*.jsonl"], None, "own")
    assert words.read_text() == "a week of work"
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["policy"]  # nothing was begun
    begin(Path("mine"), "fi", ["data/*.jsonl"], None, None)  # which writes no policy
    assert words.read_text() == "a week of work"
