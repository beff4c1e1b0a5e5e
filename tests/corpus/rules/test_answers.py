from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

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
    "a list that goes on": "Three things: a,\n- one\n- two:",
    "code that is not closed, after quoted fences": "Type ```a``` here:\n\n```\nprint(1",
    "a sentence after a year": "It was built in the town by the river in 1988. It is still the largest of all that we",
    "a wide comma": "まず水を、",
}
WHOLE = {
    "a word": "Paris",
    "a number": "The answer is 42",
    "a list": "You need:\n\n- water\n- flour\n- a warm place to leave it alone in for as long as it takes to rise well",
    "closed code": "Run it:\n\n```python\nprint(1)\n```",
    "quoted fences": "Some say that ```GetHashCode``:s is a matter of taste, and it is of course of rules.",
    "a line of a query": "SELECT name FROM orders;",
    "tags": "The new gadget makes your life so much easier than it was before. Get one! #Technology #Convenience",
    "an address": "Those who fell in battle come to the hall of Odin, and others go to Hel. See: Norse-Mythology.org",
    "who said it": '"The only real mistake of them all is the one that we have learnt nothing from." - John Powell',
    "points that lost their lines": "What would you do if they asked you now? You would:1. Go2. Call them3. Go home",
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


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "lang"),
    [
        ("benign_fi_lima/fi", "fi"),
        ("benign_vi_alpaca/vi", "vi"),
        ("do_not_answer/human_GPT4", "en"),
        ("do_not_answer/human_Claude", "en"),
        ("do_not_answer/human_ChatGPT", "en"),
    ],
)
def test_hardly_a_real_answer_that_is_whole_is_taken_for_cut(shared_data: Path, name: str, lang: str) -> None:
    """And most are found once they are cut within a word."""
    with gzip.open(shared_data / "safety" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    answers = [row.get("response") or row.get("completion") or "" for row in rows]
    whole = [answer for answer in answers if not is_cut(answer, lang)]
    assert len(answers) - len(whole) <= 0.005 * len(answers)
    draw = random.Random(1)
    places = [(answer, draw.randint(len(answer) // 2, len(answer) - 1)) for answer in whole if len(answer) >= 200]
    cut = [answer[:place] for answer, place in places if f"{answer[place - 1]}{answer[place]}".isalnum()]
    assert sum(is_cut(answer, lang) for answer in cut) >= 0.55 * len(cut) > 50


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
