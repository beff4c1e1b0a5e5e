"""What the rules of conversations look at: answers that are empty, cut, speak as a model, or are too long.

One decision: these are statistics like those of text, so a limit moved in the recipe reads no conversation again, and
the ledger says by language how many each rule took. Only answers that are learnt count.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from aurora.corpus.conversation import ASSISTANT, Turn
from aurora.languages.lookup import assistant_phrases, code_of, sentences
from aurora.languages.refusals import declines_to_help

ANSWER_STATISTICS = ("empty_answers", "cut_answers", "model_answers", "longest_answer")
# After these of any script something more was to come. A semicolon ends a line of code.
_GOES_ON = tuple(",:([{-–—、，；：،؛(「『“«")
_FENCE = "```"
_FENCES = re.compile(rf"^[ \t>*-]*{_FENCE}", re.MULTILINE)  # of blocks; within a line they quote a word
# A last line of prose this long ends as a sentence; shorter ones are headings, names, results and points of lists.
_LONG_LINE = 80  # characters
_LOOK = 1000  # characters of it that are searched for the end of a sentence
_MARKUP = ("#", "*", "-", "|", ">", "    ", "\t", "$", "\\")
# A character that may end a sentence: no point within a name or address, or behind the number of a point.
_END = re.compile(r"(?<!\W\d)(?<!\D\d)[.](?!\w)|[^\w\s.](?!(?<=[!?])\w)")
# What may stand behind the last sentence: tags and handles, an address, who said it, and points that lost their lines.
_AFTERWORD = re.compile(r"(?:^|\s)[#@]\w|\w[.]\w+\W*$|^\W*[-–—―~(]\s*\w|\*\s?\w|\D\d[.)]\s")


def measure_answers(conversations: Sequence[Sequence[Turn]], langs: Sequence[str]) -> dict[str, pa.Array]:
    """A column [conversations] for each of ANSWER_STATISTICS; the longest answer is in UTF-8 bytes."""
    rows = [_measured(turns, lang) for turns, lang in zip(conversations, langs, strict=True)]
    return {name: pa.array([row[place] for row in rows]) for place, name in enumerate(ANSWER_STATISTICS)}


def no_answers(count: int) -> dict[str, pa.Array]:
    """The columns of so many documents that are not conversations."""
    return {name: pa.array([0.0] * count, pa.float64()) for name in ANSWER_STATISTICS}


def declining(conversations: Sequence[Sequence[Turn]], langs: Sequence[str]) -> list[int]:
    """1 for conversations with an answer that declines to help, in its language or in English; 0 for others."""
    markers = {lang: {code_of(lang), "en"} for lang in dict.fromkeys(langs)}
    return [
        int(any(declines_to_help(answer, languages=markers[lang]) for answer in _answers(turns)))
        for turns, lang in zip(conversations, langs, strict=True)
    ]


def _answers(turns: Sequence[Turn]) -> list[str]:
    """The answers that are learnt."""
    return [turn.text for turn in turns if turn.role == ASSISTANT and turn.learnt]


def _measured(turns: Sequence[Turn], lang: str) -> tuple[float, ...]:
    answers = _answers(turns)
    return (
        float(sum(not answer.strip() for answer in answers)),
        float(sum(is_cut(answer, lang) for answer in answers)),
        float(sum(speaks_as_model(answer, lang) for answer in answers)),
        float(max((len(answer.encode()) for answer in answers), default=0)),
    )


def is_cut(answer: str, lang: str) -> bool:
    """Whether an answer breaks off: in code, after a comma or its like, or in a long line that ends no sentence."""
    text = answer.rstrip()
    if not text:
        return False
    ending = sentences(lang).ending
    if _FENCE in text and len(_FENCES.findall(text)) % 2 and not text.endswith(tuple(ending)):
        return True
    if text.endswith(_GOES_ON):
        return True
    last = text.rsplit("\n", 1)[-1]
    if len(last) < _LONG_LINE or last.startswith(_MARKUP) or not last[-1].isalnum() or last.lstrip()[0].isdigit():
        return False
    last = last[-_LOOK:]  # a line may be a book
    ends = [found.end() for found in _END.finditer(last) if found[0] in ending]
    return bool(ends) and not _AFTERWORD.search(last[ends[-1] :])


def speaks_as_model(answer: str, lang: str) -> bool:
    """Whether an answer says that a language model wrote it, in its language or in English."""
    text = answer.lower()
    return any(phrase in text for phrase in assistant_phrases(lang))
