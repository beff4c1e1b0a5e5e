from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aurora.corpus.language import Cld2, Identified, contradiction
from corpus.sample_texts import TEXTS


class Says:
    """An identifier with one answer."""

    def __init__(self, *languages: tuple[str, int], reliable: bool = True) -> None:
        self._answer = Identified(languages, reliable)

    def identify(self, text: str) -> Identified:
        return self._answer


@pytest.mark.parametrize("language", TEXTS)
def test_the_five_languages_are_told_apart(language: str) -> None:
    found = Cld2().identify(TEXTS[language])
    assert found.best == language
    assert found.reliable
    assert contradiction(Cld2(), TEXTS[language], language) is None
    for other in TEXTS.keys() - {language}:
        assert contradiction(Cld2(), TEXTS[language], other) == language


@given(st.text(st.characters()))
@example("\ud800\udfff")
@example("\x00\x1b\ufffe\U0010ffff" * 50)
@example("")
def test_no_text_breaks_identification(text: str) -> None:
    found = Cld2().identify(text)
    assert all(0 < percent <= 100 for _, percent in found.languages)
    assert found.best == (found.languages[0][0] if found.languages else "und")


def test_languages_have_the_tags_of_today() -> None:
    hebrew = "אני הולך לבית הספר כל יום עם החברים שלי ואנחנו לומדים דברים חדשים ומעניינים"
    assert Cld2().identify(hebrew).best == "he"
    assert contradiction(Cld2(), hebrew, "he") is None


def test_only_the_beginning_is_read() -> None:
    assert Cld2().identify(TEXTS["fi"] * 30 + TEXTS["ja"] * 300).languages == (("fi", 99),)


@pytest.mark.parametrize(
    ("identifier", "declared", "found"),
    [
        (Says(("en", 97)), "fi", "en"),
        (Says(("en", 97)), "en-GB", None),
        (Says(("pt-BR", 97)), "pt", None),
        (Says(("no", 97)), "nb", None),
        (Says(("tl", 97)), "fil", None),
        (Says(("en", 79)), "fi", None),
        (Says(("en", 80)), "fi", "en"),
        (Says(("en", 90), ("fi", 9)), "fi", None),
        (Says(("en", 97), reliable=False), "fi", None),
        (Says(), "fi", None),
    ],
)
def test_a_declared_language_stands_unless_surely_contradicted(
    identifier: Says, declared: str, found: str | None
) -> None:
    assert contradiction(identifier, "text", declared) == found
