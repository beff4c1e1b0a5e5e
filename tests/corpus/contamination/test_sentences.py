from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.corpus.contamination.sentences import SHORTEST_WIDTH, SentenceIndex, bare_text, sentences_of, width

SENTENCES = [
    "The ferry to the northern islands leaves at seven every morning.",
    "Lautta pohjoisille saarille lähtee joka aamu kello seitsemän.",
    "उत्तरी द्वीपों के लिए नौका हर सुबह सात बजे निकलती है और शाम को लौटती है।",
    "北の島々へ向かうフェリーは毎朝七時に港を出発し、夕方には戻ってきます。",
    "Chuyến phà đi các đảo phía bắc khởi hành lúc bảy giờ mỗi sáng.",
]
INDEX = SentenceIndex(SENTENCES)
DISGUISES: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "prefix": lambda text: f"Note, 3. (see below): {text}",
    "suffix": lambda text: f"{text} And so on, for ever.",
    "inside a word": lambda text: f"prefix{text}suffix",
    "line break": lambda text: text.replace(" ", "\n", 2).replace("、", "、\n"),
    "each character a line": "\n".join,
    "case": lambda text: text.upper(),
    "spacing": lambda text: re.sub(r"\s", "\u3000  ", text),
    "punctuation": lambda text: re.sub(r"[ .,、。।]", " — ", text),
    "in a long document": lambda text: "Quiet water runs deep. " * 400 + text + " End." * 400,
}


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_planted_sentence_is_found(sentence: str, disguise: str) -> None:
    assert INDEX.find(DISGUISES[disguise](sentence)) == sentence


@given(st.sampled_from(SENTENCES), st.text(), st.text(), st.sampled_from([" ", "\n", "\r\n\t", "*", "…"]))
def test_found_between_any_texts(sentence: str, before: str, after: str, gap: str) -> None:
    assert INDEX.find(before + gap + sentence.replace(" ", gap) + gap + after) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short",
        "The ferry to the northern islands leaves at eight every morning.",
        "The ferry to the northern islands leaves at seven every mornin",
        "The ferry to the northern islands. " * 50,
        "\ud800" * 100,
    ],
)
def test_absent_text_is_not_found(text: str) -> None:
    assert INDEX.find(text) is None


@given(
    st.lists(st.text("abが ी.。", min_size=12, max_size=40), max_size=3),
    st.text("abが ी\nAB.", max_size=400),
    st.booleans(),
)
def test_agrees_with_plain_search(lines: list[str], text: str, planted: bool) -> None:
    bare = {bare_text(sentence) for line in lines for sentence in sentences_of(line)}
    index = SentenceIndex(lines)
    if planted:
        text += "".join(lines[-1:])
    assert (index.find(text) is not None) == any(sentence in bare_text(text) for sentence in bare)


@given(st.text(st.characters(), max_size=80))
def test_what_a_line_gives_is_in_the_line(line: str) -> None:
    assert (width(bare_text(line)) >= SHORTEST_WIDTH) == bool(sentences_of(line))
    assert all(sentence in line and width(bare_text(sentence)) >= SHORTEST_WIDTH for sentence in sentences_of(line))


def test_each_sentence_of_a_line_is_found_alone() -> None:
    index = SentenceIndex([" ".join([*SENTENCES, "Yes. No."])])
    for sentence in SENTENCES:
        assert index.find(f"<p>{sentence}</p>") is not None
    assert index.find("Yes. No.") is None


def test_a_line_of_short_sentences_is_found_whole() -> None:
    index = SentenceIndex(["He came. He saw. He won. He left. He slept."])
    assert index.find("(he came, he saw, he won, he left, he slept)") is not None
    assert index.find("He came. He saw. He won.") is None


def test_short_japanese_says_as_much_as_long_english() -> None:
    index = SentenceIndex(["港は今日も静かです。", "ありがとう。"])
    assert index.find("港は今日も静かです。ありがとう。") is None
    index = SentenceIndex(["港は今日もとても静かです。"])
    assert index.find("昨日と同じく港は今日もとても静かです") is not None


def test_the_vowel_signs_of_hindi_tell_words_apart() -> None:
    index = SentenceIndex(["नदी का पानी बहुत साफ दिखता है"])
    assert index.find("वहाँ नदी का पानी, बहुत साफ दिखता है।") is not None
    assert index.find("वहाँ नदी के पानी, बहुत साफ दिखता है।") is None


def test_invisible_characters_hide_nothing() -> None:
    hidden = "\ufe0f\u200b".join(SENTENCES[0])
    assert INDEX.find(hidden) is not None


def test_short_sentences_are_anybodys() -> None:
    index = SentenceIndex(["Thank you very much.", "!" * 100])
    assert index.find("!" * 200) is None
    assert index.find("He said: thank you very much. And then he left the room.") is None


def test_sentences_that_begin_alike_are_kept_apart() -> None:
    first, second = "The same beginning, one end of it.", "The same beginning, another end of it."
    index = SentenceIndex([first, second])
    for sentence in (first, second):
        assert index.find(f"x {sentence} y") == sentence
    assert index.find("The same beginning, and no end at all.") is None
