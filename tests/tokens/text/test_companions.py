"""The files beside a tokenizer: what is published stays, and what it lacks or the format changes is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.files import read_json, write_json
from aurora.tokens.text.companions import complete_companions, write_companions
from aurora.tokens.text.text_facts import FILE, GENERATION, SETTINGS, SPECIAL_TOKENS, TEMPLATE, read_text

TURNS = "{% for m in messages %}[{{ m.role }}] {{ m.content }}{{ eos_token }}{% endfor %}[assistant] "


@pytest.fixture
def bare(tmp_path: Path, tokenizer_folder: Path) -> Path:
    """A folder with a learnt tokenizer and nothing beside it."""
    return copied(tokenizer_folder, tmp_path / "bare")


def copied(source: Path, folder: Path) -> Path:
    folder.mkdir()
    (folder / FILE).write_bytes((source / FILE).read_bytes())
    return folder


def test_a_tokenizer_without_any_gets_settings_and_ids(bare: Path) -> None:
    complete_companions(bare, None)
    assert {path.name for path in bare.iterdir()} == {FILE, SETTINGS, GENERATION}
    settings = read_json(bare / SETTINGS)
    assert (settings["bos_token"], settings["eos_token"]) == ("<|endoftext|>", "<|endoftext|>")
    assert settings["additional_special_tokens"] == list(SPECIAL_TOKENS)
    assert read_json(bare / GENERATION) == {"bos_token_id": 0, "eos_token_id": 0}


def test_files_that_are_there_stay_as_they_are(bare: Path) -> None:
    write_json(bare / SETTINGS, {"eos_token": "<|endoftext|>", "mine": 1})
    write_json(bare / GENERATION, {"eos_token_id": 0, "top_p": 0.9})
    before = {path.name: path.read_bytes() for path in bare.iterdir()}
    complete_companions(bare, None)
    assert {path.name: path.read_bytes() for path in bare.iterdir()} == before


def test_the_ids_of_a_published_configuration_count_where_no_file_of_generation_lies(
    bare: Path, tmp_path: Path
) -> None:
    published = copied(bare, tmp_path / "published")
    write_json(published / "config.json", {"eos_token_id": [0, 5], "pad_token_id": 4, "n_layer": 1})
    complete_companions(bare, published)
    assert read_json(bare / GENERATION) == {"bos_token_id": 0, "eos_token_id": [0, 5], "pad_token_id": 4}


def test_files_of_an_earlier_tokenizer_go(bare: Path, tmp_path: Path) -> None:
    published = copied(bare, tmp_path / "published")
    (bare / TEMPLATE).write_text(TURNS)
    write_companions(published, bare, None, pairs=False)
    assert not (bare / TEMPLATE).exists()


def test_a_model_that_nobody_talks_with_gets_no_template(bare: Path) -> None:
    write_companions(None, bare, None, pairs=False)
    assert read_text(bare).template is None
    write_companions(None, bare, None, pairs=True)
    assert read_text(bare).template is not None


def test_an_older_place_of_the_template_does_not_contradict_the_format(bare: Path, tmp_path: Path) -> None:
    published = copied(bare, tmp_path / "published")
    write_json(published / SETTINGS, {"eos_token": "<|endoftext|>", "chat_template": TURNS, "mine": 1})
    write_companions(published, bare, "alpaca", pairs=False)
    settings = read_json(bare / SETTINGS)
    assert "chat_template" not in settings
    assert settings["mine"] == 1
    assert "### Instruction:" in (bare / TEMPLATE).read_text()


def test_a_template_of_its_own_is_kept_where_the_recipe_names_no_format(bare: Path, tmp_path: Path) -> None:
    published = copied(bare, tmp_path / "published")
    (published / TEMPLATE).write_text(TURNS)
    write_companions(published, bare, None, pairs=True)
    assert (bare / TEMPLATE).read_text() == TURNS


def test_what_ends_an_answer_of_the_format_becomes_one_of_the_stops(bare: Path, tmp_path: Path) -> None:
    published = copied(bare, tmp_path / "published")
    (published / TEMPLATE).write_text(TURNS.replace("{{ eos_token }}", "<fim_pad>"))
    write_json(published / GENERATION, {"eos_token_id": 0, "top_p": 0.9})
    write_companions(published, bare, None, pairs=True)
    assert read_json(bare / GENERATION) == {"eos_token_id": [0, SPECIAL_TOKENS.index("<fim_pad>")], "top_p": 0.9}


def test_a_template_that_cannot_write_an_answer_is_left_for_those_who_encode(bare: Path, tmp_path: Path) -> None:
    published = copied(bare, tmp_path / "published")
    (published / TEMPLATE).write_text("{{ raise_exception('no') }}")
    write_companions(published, bare, None, pairs=True)
    assert read_text(bare).stops == (0,)
