"""Files of languages: those that ship are whole, one of a user's is found, and what is wrong with one is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.languages import lookup
from aurora.languages.labels import CODE
from aurora.languages.language_file import read
from aurora.languages.names import NAMES
from languages.test_language_file import FAROESE


@pytest.fixture
def faroese(tmp_path: Path) -> Iterator[Path]:
    """A language's file that no recipe has named yet."""
    path = tmp_path / "fo.yaml"
    path.write_text(FAROESE, encoding="utf-8")
    yield path
    lookup.use([])


@pytest.mark.parametrize("code", lookup.codes())
def test_a_file_that_ships_is_named_after_its_language_and_whole(code: str) -> None:
    language = lookup.find(code)
    assert language is not None
    assert (lookup.FOLDER / f"{language.language}.yaml").is_file()
    assert language.language == code
    assert language.script
    assert language.stop_words == language.stop_words.lower()
    assert language.refusals is not None
    assert language.refusals.courtesy
    assert code not in NAMES


def test_a_region_has_its_language_s_file_and_another_script_none() -> None:
    assert lookup.find("fi-SE") is lookup.find("fi")
    assert lookup.find("hi-Latn") is None
    assert lookup.find("und") is None
    assert CODE not in lookup.codes()


def test_a_language_without_a_file_is_told_with_the_file_to_add() -> None:
    assert lookup.without_file(["fi", "et", "code", "und", "fo", "et"]) == ["et", "fo"]
    assert lookup.said_without_file(["fi", "code", "und"]) is None
    said = lookup.said_without_file(["fo", "et", "fi"])
    assert said is not None
    assert said.startswith("There is no language file for et, fo: such text is judged by the limits of no language")
    assert said.endswith("Write et.yaml as docs/language.md says, and name it under `languages` in the recipe.")
    assert "and others" in str(lookup.said_without_file(["bg", "ca", "cs", "cy", "da", "de", "el", "es", "et"]))


def test_only_the_script_of_an_unknown_language_says_whether_it_has_spaces() -> None:
    assert [lookup.is_spaced(tag) for tag in ("th", "zh", "zh-Hant", "ko", "de", "ja")] == [False] * 3 + [True] * 2 + [
        False
    ]


def test_a_file_of_a_user_s_is_known_until_another_recipe_is_read(faroese: Path) -> None:
    assert lookup.find("fo") is None
    lookup.use([faroese])
    assert lookup.own() == [faroese]
    assert lookup.language_name("fo") == "Faroese"
    assert lookup.limits("fo") == lookup.limits("und") | {"gopher_min_stop_words": 1}
    lookup.use([])
    assert lookup.find("fo") is None
    assert lookup.language_name("fo") == "fo"


def test_a_file_of_a_user_s_takes_the_place_of_ours(faroese: Path) -> None:
    faroese.write_text(FAROESE.replace("language: fo", "language: fin_Latn"), encoding="utf-8")
    lookup.use([faroese])
    assert lookup.language_name("fi") == "Faroese"


@pytest.mark.parametrize("code", ["code", "und"])
def test_what_is_no_language_has_no_file(faroese: Path, code: str) -> None:
    faroese.write_text(FAROESE.replace("language: fo", f"language: {code}"), encoding="utf-8")
    with pytest.raises(UserError, match=rf"fo\.yaml, line 1: {code} is no language of people"):
        lookup.use([faroese])


def test_two_files_of_one_language_are_refused(faroese: Path) -> None:
    with pytest.raises(UserError, match="fo is already the language of"):
        lookup.use([faroese, faroese])


def test_the_hash_of_a_language_is_of_its_values(faroese: Path) -> None:
    before = lookup.digest([read(faroese).language])
    faroese.write_text("# A remark.\n" + FAROESE, encoding="utf-8")
    assert lookup.digest([read(faroese).language]) == before
    faroese.write_text(FAROESE.replace("stop_words: 1", "stop_words: 2"), encoding="utf-8")
    changed = read(faroese).language
    assert lookup.digest([changed]) != before
    assert lookup.digest([changed], frozenset({"thresholds"})) != before
