"""Names that would lead out of a run, be taken for an option, or be two things in one place."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from aurora.cli import main
from aurora.errors import AuroraError, UserError
from aurora.pipeline.step import Step
from aurora.recipe import load_recipe
from aurora.recipe.names import Name, RunName, StoreName, is_hub_name, is_revision
from aurora.tokens.store import store_stem

HOSTILE = [
    "",
    ".",
    "..",
    "../../x",
    "/tmp/x",
    "a/b",
    "a\\b",
    "C:x",
    "~root",
    "-rf",
    "--output",
    ".hidden",
    "a.b",
    "a.partial",
    "Web",
    "web\n",
    "web\t",
    " web",
    "we b",
    "web*",
    "web?",
    "[a-z]",
    "${HOME}",
    "$(id)",
    "wеb",  # a Cyrillic letter
    "ｗｅｂ",
    "we\u200bb",
    "cafe\u0301",
    "\u202egro",
    "con",
    "nul",
    "com1",
    "a" * 65,
    "a" * 100_000,
    "<<",
]
PLACES = {
    "corpus.sources": ("{}", {"kind": "text", "paths": ["x"]}),
    "corpus.other_domain": ("{}", {"kind": "text", "paths": ["x"]}),
    "corpus.curation.contamination.sets": ("{}", "x.jsonl"),
    "stages": ("{}", None),
    "stages.base.mixture": ("{}/en", 1),
    "stages.base.control.name": (None, None),
    "name": (None, None),
    "tokens.infilling": ("{}/en", {}),
}


def recipe_with(recipe: Path, place: str, name: str) -> None:
    """Put a name into a recipe, as a key below `place` or as its value."""
    whole = yaml.safe_load(recipe.read_text())
    pattern, value = PLACES[place]
    table: Any = whole
    parts = place.split(".")
    if place.startswith("stages.base.control"):
        whole["stages"]["base"]["control"] = {"mixture": {"web/en": 1}}
    for part in parts if pattern else parts[:-1]:
        table = table.setdefault(part, {})
    if pattern is None:
        table[parts[-1]] = name
    else:
        table[pattern.format(name)] = whole["stages"]["base"] if value is None else value
    recipe.write_text(json.dumps(whole, indent=1), encoding="utf-8")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: repr(name[:12]))
def test_a_hostile_name_is_a_sentence_with_file_key_and_value(minimal_recipe: Path, place: str, name: str) -> None:
    if place == "name" and name == "a.b":
        pytest.skip("a run's name may have single dots")
    recipe_with(minimal_recipe, place, name)
    with pytest.raises(UserError) as refused:
        load_recipe(minimal_recipe)
    said = str(refused.value)
    assert said.startswith(str(minimal_recipe))
    assert ", line " in said
    assert len(said) < 1200
    assert "\n" not in said
    if len(name) < 200:
        assert place in said
        assert repr(name)[1:-1][:64] in said


@pytest.mark.parametrize("name", ["con", "aux.fi", "a..b", "a.", ".a", "small.partial", "small.work", "corpus.old"])
def test_a_runs_name(minimal_recipe: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"^command line: name: "):
        load_recipe(minimal_recipe, [f"name={name}"])


def test_nothing_outside_a_run_is_written_or_deleted(minimal_recipe: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "work").write_text("mine")
    for place, name in (("stages", "../../other"), ("corpus.sources", "../../other")):
        recipe_with(minimal_recipe, place, name)
        with pytest.raises(SystemExit) as ended:
            main(["run", str(minimal_recipe), "--output", str(tmp_path / "runs/small")])
        assert ended.value.code == 2
    assert (other / "work").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"other", "small.yaml"}
    for folder in ("../other", "/tmp/other", "checkpoints/../../other", ""):
        with pytest.raises(AuroraError, match="is outside of its run"):
            Step("train:x", folder, 1, {}, dict, lambda folder: None, "")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("stages.model={start: model, tokens: 64, batch_tokens: 64, sequence_length: 16, mixture: {web/en: 1}, "
         "schedule: {peak: 1}}", "'model' is already the name of the recipe's own model"),
        ("stages.bigram={start: model, tokens: 64, batch_tokens: 64, sequence_length: 16, mixture: {web/en: 1}, "
         "schedule: {peak: 1}}", "'bigram' is already the name of the bigram"),
        ("corpus.sources.redteam={kind: text, paths: [x]}", "corpus.sources.redteam: the name belongs to"),
        ("stages.base.mixture={web/pt-BR: 1, web/pt-br: 1}", "two of web/pt-BR, web/pt-br are the same"),
        ("stages.base.mixture={web/**: 1}", "'web/**' is not SOURCE/LANGUAGE"),
        ("stages.base.mixture={web/../x: 1}", "'web/../x' is not SOURCE/LANGUAGE"),
        ("corpus.sources.web={kind: hub, dataset: a/b, revision: ../../x}", "'../../x' is not a revision"),
        ("corpus.sources.web={kind: hub, dataset: a/b, split: ../x}", "'../x' is not the name of a split"),
        ("corpus.sources.web={kind: hub, dataset: a/b, configuration: ../x}", "'../x' is not the name of a config"),
        ("corpus.sources.web={kind: environment, take: sources, distributions: [../x]}", "'../x' is not a package's"),
        ("model={path: a/b, revision: --x}", "'--x' is not a revision"),
    ],
)  # fmt: skip
def test_two_things_in_one_place_and_names_of_others(minimal_recipe: Path, override: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        load_recipe(minimal_recipe, [override])
    assert said in str(refused.value)


def test_a_control_that_takes_the_name_of_a_stage(minimal_recipe: Path) -> None:
    stage = yaml.safe_load(minimal_recipe.read_text())["stages"]["base"]
    stages = {"a": {**stage, "control": {"name": "b", "mixture": {"web/en": 1}}}, "a-b": stage}
    with pytest.raises(UserError, match=r"stages\.a-b: 'a-b' is already the name of stages\.a\.control"):
        load_recipe(minimal_recipe, [f"stages={json.dumps(stages)}"])


def test_good_names() -> None:
    for name in ("web", "web-en", "2024_10", "a" * 64, "console"):
        assert TypeAdapter(Name).validate_python(name) == name
    assert TypeAdapter(RunName).validate_python("smollm2-1.7b") == "smollm2-1.7b"
    assert TypeAdapter(StoreName).validate_python("web/zh-Hans") == "web/zh-Hans"
    assert is_hub_name("bigcode/starcoderbase-1b")
    assert is_revision("refs/pr/1")
    assert not is_hub_name("a/../b")
    assert not is_hub_name("text")
    assert not any(map(is_revision, ("", "..", "a/../b", "/a", "-x", "a\n")))


@given(st.lists(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,3}/[a-zA-Z]{2,3}(-[a-zA-Z]{2})?", fullmatch=True)))
def test_stores_of_different_names_are_different_files_whatever_the_file_system(names: list[str]) -> None:
    stores = []
    for name in names:
        with suppress(ValidationError):
            stores.append(TypeAdapter(StoreName).validate_python(name))
    stems = {name: store_stem(Path("x"), name) for name in stores}
    assert all(stem.parent == Path("x") for stem in stems.values())
    assert len({str(stem).casefold() for stem in stems.values()}) == len(stems)


@given(st.text(max_size=80))
def test_no_text_at_all_leads_out_of_a_folder(text: str) -> None:
    try:
        name = TypeAdapter(Name).validate_python(text)
    except ValidationError:
        return
    assert (Path("run") / name).parent == Path("run")
    assert name.isascii()
    assert name == name.lower()
    assert not name.startswith(("-", "."))


@pytest.mark.parametrize("label", ["..", "../../x", "a\0b", "a\nb", "", "a" * 300, "en.bin", "e n"])
def test_a_documents_label_that_cannot_be_a_file(label: str) -> None:
    with pytest.raises(AuroraError, match="cannot be the name of a token store"):
        store_stem(Path("x"), f"web/{label}")
