"""Reading a language's file: what it says, where it says it, and one sentence for what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aurora.errors import UserError
from aurora.languages.language_file import read

FAROESE = """\
language: fo
name: Faroese
own_name: føroyskt
script: [LATIN]
stop_words: og í at er ikki ein sum við til av hon hann vit tey
thresholds:
  gopher_min_stop_words: 1
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "fo.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read_with_the_place_of_every_key(tmp_path: Path) -> None:
    path = written(tmp_path, FAROESE)
    entry = read(path)
    assert (entry.language.name, entry.language.script, entry.path) == ("Faroese", ["LATIN"], path)
    assert entry.place("name") == f"{path}, line 2"
    assert entry.place("thresholds", "gopher_min_stop_words") == f"{path}, line 7"


def test_what_a_file_leaves_out_is_placed_at_the_table_it_would_stand_in(tmp_path: Path) -> None:
    entry = read(written(tmp_path, FAROESE))
    assert entry.place("thresholds", "min_words").endswith("fo.yaml, line 6")
    assert entry.place("refusals").endswith("fo.yaml")


def test_a_misspelt_key_is_named_before_the_one_that_is_missing_for_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"line 2: unknown key nmae \(did you mean name\?\)\.$"):
        read(written(tmp_path, FAROESE.replace("name: Faroese", "nmae: Faroese")))


def test_what_stood_there_is_quoted_in_short(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        read(written(tmp_path, FAROESE.replace("language: fo", "language: " + "x" * 5000)))
    assert len(str(refused.value)) < 500 + len(str(tmp_path))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: Faroese", "nmae: Faroese", r"fo\.yaml, line 2: unknown key nmae"),
        ("name: Faroese\n", "", r"fo\.yaml: the key name is missing"),
        ("language: fo", "language: nowhere", r"fo\.yaml, line 1: language: 'nowhere' is not a language label"),
        (
            "gopher_min_stop_words: 1",
            "gopher_min_stopwords: 1",
            r"line 7: unknown key thresholds\.gopher_min_stopwords \(did you mean gopher_min_stop_words\?\)",
        ),
        (
            "gopher_min_stop_words: 1",
            "max_line: many",
            r"line 7: thresholds\.max_line: 'many' stands where a number belongs",
        ),
        (
            "thresholds:",
            "phrases: {policy: [Cookies]}\nthresholds:",
            r"line 6: phrases\.policy\.0: 'Cookies' must be in",
        ),
        (
            "thresholds:",
            "messages: {letters: '['}\nthresholds:",
            r"messages\.letters: '\[' is not a regular expression",
        ),
        ("script: [LATIN]", "script: [LATIN", r"fo\.yaml, line \d+: this is not valid YAML"),
    ],
)
def test_what_is_wrong_with_a_file_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as refused:
        read(written(tmp_path, FAROESE.replace(old, new)))
    assert len(str(refused.value).splitlines()) == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no language's file"):
        read(tmp_path / "none.yaml")
