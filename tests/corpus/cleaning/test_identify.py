from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aurora.corpus.cleaning.identify import (
    GLANCE,
    LOOK,
    SHORTEST,
    Cld2,
    Identified,
    Identifier,
    contradicts,
    identify_batch,
    pieces,
)
from corpus.sample_texts import CODE_TEXT, TEXTS


class Says:
    """An identifier with one answer, which remembers what it was asked about."""

    def __init__(self, *languages: tuple[str, int], reliable: bool = True, unknown: tuple[str, ...] = ()) -> None:
        self._answer = Identified(languages, reliable)
        self.unknown = unknown
        self.asked: list[bytes] = []

    def identify(self, text: bytes) -> Identified:
        self.asked.append(text)
        return self._answer

    def knows(self, language: str) -> bool:
        return language not in self.unknown


def identify(text: str, lang: str, first: Identifier, second: Identifier | None = None) -> tuple[str, object, int]:
    """The language, the loss and the percent of one document, which is not the first of its column."""
    found = identify_batch(pa.array(["x", text], pa.large_string()).slice(1), [lang], first, second)
    return found.langs[0], found.losses[0], int(found.percents[0])


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("times", [1, 100])
def test_the_five_languages_are_told_apart(language: str, times: int) -> None:
    text = "\n".join([TEXTS[language]] * times)
    assert identify(text, "und", Cld2())[:2] == (language, None)
    assert identify(text, language, Cld2())[:2] == (language, None)
    assert identify(text, language, Cld2())[2] > 80
    for other in TEXTS.keys() - {language}:
        assert identify(text, other, Cld2()) == (other, ("contradicts", language), 0)


@given(st.binary())
@example("\x00\x1b\ufffe\U0010ffff".encode() * 50)
@example(b"")
def test_no_text_breaks_identification(text: bytes) -> None:
    found = Cld2().identify(text)
    assert all(0 < percent <= 100 for _, percent in found.languages)
    assert found.best == (found.languages[0][0] if found.languages else "und")


def test_languages_have_the_tags_of_today() -> None:
    hebrew = "אני הולך לבית הספר כל יום עם החברים שלי ואנחנו לומדים דברים חדשים ומעניינים"
    assert Cld2().identify(hebrew.encode()).best == "he"
    assert identify(hebrew, "he", Cld2())[1] is None


def test_controls_do_not_hide_a_language() -> None:
    assert Cld2().identify(f"\x00{TEXTS['fi']}\x1b\n\ufffe".encode()).best == "fi"


def test_only_what_a_glance_leaves_open_is_looked_at() -> None:
    text = "word " * 10_000
    for identifier, lang, sizes in [
        (Says(("fi", 20), ("en", 80)), "fi", [GLANCE]),
        (Says(("fi", 19), ("en", 81)), "fi", [GLANCE, LOOK]),
        (Says(("fi", 99), reliable=False), "fi", [GLANCE, LOOK]),
        (Says(("fi", 95)), "und", [GLANCE]),
        (Says(("fi", 94)), "und", [GLANCE, LOOK]),
        (Says(("fi", 94)), "code", []),
    ]:
        identify(text, lang, identifier)
        assert [len(sample) // 100 for sample in identifier.asked] == [size // 100 for size in sizes]
    short = Says(("en", 99))
    identify("word", "fi", short)
    assert short.asked == [b"word"]


@given(st.text(st.sampled_from("aäあ👩")), st.integers(4, 40), st.integers(2, 4))
def test_pieces_are_whole_characters_from_all_over_the_text(text: str, size: int, number: int) -> None:
    raw = text.encode()
    found = pieces(memoryview(raw), size, number)
    found.decode()
    assert len(found) <= size + 4 * number
    if len(raw) <= size:
        assert found == raw
    else:
        parts = found.split(b"\n")
        assert len(parts) == number
        assert raw.startswith(parts[0])
        assert raw.endswith(parts[-1])


def test_a_second_opinion_saves_documents_and_names_what_the_first_does_not_know() -> None:
    against, unsure = Says(("en", 99)), Says(("en", 40), reliable=False)
    text = "text " * 20
    assert identify(text, "fi", against, Says(("sv", 90)))[1] == ("contradicts", "en")
    assert identify(text, "fi", against, Says(("fi", 90)))[1] is None
    assert identify(text, "fi", against, Says(("sv", 60), ("fi", 5)))[1] is None
    assert identify(text, "fi", against, Says(("sv", 60)))[1] == ("contradicts", "en")
    assert identify(text, "fi", against, unsure)[1] is None
    assert identify("text", "und", unsure, Says(("fi", 90)))[0] == "fi"
    assert identify("text", "und", unsure, Says(("fi", 40), reliable=False))[0] == "en"
    assert identify("text", "und", against, Says(("fi", 90)))[0] == "en"
    assert identify("text", "und", Says(reliable=False), Says(reliable=False))[:2] == ("und", ("unknown", ""))


def test_who_does_not_know_a_language_contradicts_none_of_its_texts() -> None:
    text = "text " * 20
    unable = Says(("ru", 99), unknown=("kv",))
    assert identify(text, "kv", unable) == ("kv", None, -1)
    assert unable.asked == []
    assert identify(text, "kv", unable, Says(("ru", 99)))[1] == ("contradicts", "ru")
    assert identify(text, "kv", unable, Says(("kv", 99)))[1:] == (None, 99)
    assert identify(text, "kv", Says(("ru", 99)), unable)[1] == ("contradicts", "ru")


@pytest.mark.parametrize(
    ("language", "known"),
    [("fi", True), ("he", True), ("jv", True), ("nb", True), ("fil", True), ("sr-Cyrl", True), ("zh-Hant", True),
     ("kv", False), ("arz", False), ("hi-Latn", False), ("sr-Latn", False), ("fi-Cyrl", False)],
)  # fmt: skip
def test_a_detector_knows_languages_in_the_scripts_it_has_seen(language: str, known: bool) -> None:
    assert Cld2().knows(language) == known


# CLD2 is sure that these are English.
SHORT = [("fi", "Vene on rannassa"), ("fi", "the three words are here"), ("hi", "Google Chrome"), ("vi", "Hoa hong do")]


def test_a_few_words_contradict_no_declared_language() -> None:
    for language, text in SHORT:
        assert contradicts(Cld2().identify(text.encode()), language) == "en"
        assert identify(text, language, Cld2())[:2] == (language, None)
    whole = TEXTS["en"][:SHORTEST]
    assert identify(whole, "fi", Cld2())[1] == ("contradicts", "en")
    assert identify(whole[:-1], "fi", Cld2())[1] is None


def test_code_and_percents() -> None:
    texts = pa.array([CODE_TEXT, "a", "b"], pa.large_string())
    found = identify_batch(texts, ["code", "zh", "fi"], Says(("zh-Hant", 60), ("fi", 30), ("zh", 9)))
    assert np.array_equal(found.percents, [-1, 69, 30])


@pytest.mark.parametrize(
    ("identifier", "declared", "found"),
    [
        (Says(("en", 97)), "fi", "en"),
        (Says(("en", 97)), "en-GB", None),
        (Says(("pt-BR", 97)), "pt", None),
        (Says(("no", 97)), "nb", None),
        (Says(("hr", 97)), "sr-Latn", None),
        (Says(("id", 97)), "ms", None),
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
    assert contradicts(identifier.identify(b"text"), declared) == found
