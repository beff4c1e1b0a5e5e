from __future__ import annotations

import pytest

from aurora.corpus.conversation import ASSISTANT, USER, Turn
from aurora.corpus.rules.answers import (
    ANSWER_STATISTICS,
    declining,
    is_cut,
    measure_answers,
    no_answers,
    speaks_as_model,
)
from corpus.sample_texts import TEXTS

CUT = {
    "a comma": "There are three of them: one,",
    "an opened bracket": "The answer is (",
    "code that is not closed": "Run it:\n```python\nprint(1)",
    "a list that goes on": "Three things: a,\n- one\n- two;",
    "a wide comma": "まず水を、",
}
WHOLE = {
    "a word": "Paris",
    "a number": "The answer is 42",
    "a list": "You need:\n\n- water\n- flour\n- a warm place to leave it alone in for as long as it takes to rise well",
    "closed code": "Run it:\n\n```python\nprint(1)\n```",
    "a signature": "I look forward to your reply.\n\nKind regards,\nMaija",
    "a formula": "So the sum is\n\n$a_1 + a_2 + \\dots + a_n = \\frac{n(a_1 + a_n)}{2}$",
    "a step by number": "1. Boil it.\n2. Let the tea stand in it for as long as it takes until it is a deep brown",
    "a title": "# How the river found its way",
    "an end in quotation marks": 'He said: "It is late."',
    "nothing": "  ",
}


@pytest.mark.parametrize("name", CUT)
def test_what_breaks_off(name: str) -> None:
    assert is_cut(CUT[name], "en")


@pytest.mark.parametrize("name", WHOLE)
def test_what_does_not(name: str) -> None:
    assert not is_cut(WHOLE[name], "en")


@pytest.mark.parametrize("lang", TEXTS)
def test_a_text_is_cut_in_the_middle_of_a_sentence_and_not_at_its_end(lang: str) -> None:
    assert not is_cut(TEXTS[lang], lang)
    assert is_cut(TEXTS[lang] * 2 + TEXTS[lang][:31].rstrip(), lang)


@pytest.mark.parametrize(
    ("answer", "lang"),
    [
        ("As an AI language model, I do not eat.", "en"),
        ("Tekoälymallina en syö.", "fi"),
        ("एक भाषा मॉडल के रूप में मैं नहीं खाता।", "hi"),
        ("AI言語モデルとして、私は食べません。", "ja"),
        ("Là một mô hình ngôn ngữ, tôi không ăn.", "vi"),
        ("As an AI language model, minä en syö.", "fi"),
        ("As an AI assistant I do not eat.", "sw"),
    ],
)
def test_an_answer_that_says_who_wrote_it(answer: str, lang: str) -> None:
    assert speaks_as_model(answer, lang)
    assert not speaks_as_model(TEXTS.get(lang, TEXTS["en"]), lang)


def test_the_statistics_count_the_answers_that_are_learnt() -> None:
    talk = [
        Turn(USER, "Why,"),
        Turn(ASSISTANT, " \n"),
        Turn(USER, "As an AI language model?"),
        Turn(ASSISTANT, "As an AI language model,"),
        Turn(USER, "And?"),
        Turn(ASSISTANT, "川は広い。", learnt=False),
    ]
    measured = measure_answers([talk, talk[:2], talk[4:]], ["en"] * 3)
    assert list(measured) == list(ANSWER_STATISTICS)
    rows = list(zip(*(column.to_pylist() for column in measured.values()), strict=True))
    assert rows == [(1, 1, 1, 24), (1, 0, 0, 2), (0, 0, 0, 0)]
    assert {name: column.to_pylist() for name, column in no_answers(2).items()} == {
        name: [0.0, 0.0] for name in measured
    }


def test_an_answer_declines_in_its_language_or_in_english() -> None:
    english, finnish = "I'm sorry, but I can't help with that.", "Valitettavasti en voi auttaa siinä."
    talks = [
        [Turn(USER, english), Turn(ASSISTANT, "Yes."), Turn(USER, "Well?"), Turn(ASSISTANT, answer, learnt)]
        for answer, learnt in ((english, True), (finnish, True), (finnish, False), ("Help is near.", True))
    ]
    assert declining(talks, ["en"] * 4) == [1, 0, 0, 0]
    assert declining(talks, ["fi"] * 4) == [1, 1, 0, 0]
    assert declining(talks[:1], ["sw"]) == [1]
