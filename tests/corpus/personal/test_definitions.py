"""What the files say of personal data, put together: in which order, for which texts, and with which parts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
import regex
import yaml

from aurora.corpus.personal import definitions
from aurora.corpus.personal.check_digits import IBAN_LENGTHS
from aurora.corpus.personal.definitions import Definition
from aurora.errors import UserError
from aurora.languages import lookup
from aurora.languages.personal_data import PersonalPattern


@pytest.fixture(autouse=True)
def _own_languages_go() -> Iterator[None]:
    yield
    lookup.use([])


def definition(language: str = "", pattern: str = "abc", **more: object) -> Definition:
    given = {"type": "phone", "kind": "digits", "pattern": pattern, "example": "1234567"}
    return Definition(PersonalPattern.model_validate(given | more), language, "here, line 1")


def use(folder: Path, **personal: object) -> None:
    """Take up a made-up file of Faroese with this table `personal_data`."""
    path = folder / "fo.yaml"
    table = {"language": "fo", "name": "Faroese", "own_name": "føroyskt", "personal_data": personal}
    path.write_text(yaml.safe_dump(table, allow_unicode=True), encoding="utf-8")
    lookup.use([path])


@pytest.mark.parametrize(
    ("language", "texts", "spoken"),
    [
        ("", None, ["code", "en", "fi", "und"]),
        ("fi", None, ["fi"]),
        ("fi", "prose", ["en", "fi", "und"]),
        ("fi", "code", ["code"]),
        ("fi", "all", ["code", "en", "fi", "und"]),
    ],
)
def test_a_pattern_is_for_the_texts_it_says_or_those_of_its_file(
    language: str, texts: str | None, spoken: list[str]
) -> None:
    more = {} if texts is None else {"texts": texts}
    one = definition(language, **more)
    assert [lang for lang in ("code", "en", "fi", "und") if one.speaks(lang)] == spoken


def test_what_a_pattern_is_refused_for_names_its_place_and_its_beginning() -> None:
    said = str(definition(pattern="x" * 100).refused("it is odd"))
    assert said == f"here, line 1: the pattern '{'x' * 60}' is refused: it is odd."


def test_the_surest_pattern_stands_first() -> None:
    found = definitions.definitions()

    def certainty(one: Definition) -> int:
        entry = one.entry
        return 0 if entry.unmistakable else 1 if entry.cue else 2 if entry.check or entry.remainder else 3

    ranks = [certainty(one) for one in found]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2, 3}
    for _, alike in itertools.groupby(found, certainty):  # types of languages before those of none
        of_none = [one.entry.type in definitions.common().types for one in alike]
        assert of_none == sorted(of_none)


def test_every_pattern_has_a_type_and_the_place_it_stands_at() -> None:
    for one in definitions.definitions():
        assert one.entry.type in definitions.types()
        name, line = one.place.split(", line ")
        assert Path(name).name == (f"{one.language}.yaml" if one.language else definitions.COMMON.name)
        assert int(regex.match(r"\d+", line)[0]) > 0


def test_words_of_all_languages_are_one_list(tmp_path: Path) -> None:
    before = definitions.pieces()["phone"]
    assert "|電話|" in before
    use(tmp_path, words={"phone": ["telefon nr"], "boat": ["bátur"]})
    after = definitions.pieces()
    assert after["phone"].replace("|telefon nr", "") == before
    assert "|telefon nr|" in after["phone"]
    assert after["boat"] == "(?:bátur)"
    assert definitions.spelled("{boat}{phone}", definition()) == after["boat"] + after["phone"]


def test_a_list_that_no_language_fills_is_found_nowhere() -> None:
    for name in definitions._NO_WORDS:
        assert name in definitions.pieces()
    assert regex.search(definitions._NO_WORDS["particle"], "anything at all") is None


def test_a_type_has_one_owner(tmp_path: Path) -> None:
    use(tmp_path, types={"email": {"placeholder": "<MAIL>", "fake": "email"}})
    with pytest.raises(UserError, match=r"fo\.yaml.*another file has a type email; rename this one"):
        definitions.types()


def test_parts_that_hold_each_other_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"a": "x{b}", "b": "y{a}", "c": r"\p{lu}"}
    monkeypatch.setattr(definitions, "pieces", lambda: known)
    assert definitions.spelled("{c}1", definition()) == r"\p{lu}1"  # a class of characters is no part
    with pytest.raises(UserError, match="its parts hold each other more than 4 deep"):
        definitions.spelled("{a}", definition())
    with pytest.raises(UserError, match=r"\{d\} is none of the parts \(a, b, c\)"):
        definitions.spelled("{d}", definition())


@pytest.mark.parametrize("mark", ["", " ", "-"])
def test_an_account_has_the_length_of_its_country(mark: str) -> None:
    form = definitions.pieces()["iban"]
    for length, countries in IBAN_LENGTHS.items():
        for country in countries.split():
            digits = f"{country}21" + "0" * (length - 4)
            groups = [digits[start : start + 4] for start in range(0, length, 4)]
            assert regex.fullmatch(form, mark.join(groups)), country
            assert not regex.fullmatch(form, digits + "0")
            assert not regex.fullmatch(form, digits[:-1])
