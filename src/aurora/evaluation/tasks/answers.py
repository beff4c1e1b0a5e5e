"""Answers to questions and word problems: what in them counts, and how near they come.

One decision: an answer is compared as SQuAD does it (case, punctuation, articles and spaces do not count), word by word
in languages that write spaces and character by character in those that do not. An answer in which nothing is found is
counted apart, because a model's silence and a broken rule look alike in a score of 0.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from aurora.languages import lookup

ARTICLES = {"en": {"a", "an", "the"}}  # SQuAD's; the other languages here have none, or decline them
PARSED = "parsed"  # the figure that says whether anything was found in an answer
MARK = "####"  # behind it stands the answer in GSM8K's solutions
_NUMBER = re.compile(r"[-−－]?\d[\d,]*(?:\.\d+)?|[-−－]?\.\d+")


def question(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """`exact_match` and `f1` against the nearest of the right answers."""
    said = answer_of(results[0])
    language = doc["lang"]
    best = max(doc["answers"], key=lambda right: f1(said, right, language))
    exact = any(normal(said, language) == normal(right, language) for right in doc["answers"])
    return {"exact_match": float(exact), "f1": f1(said, best, language), PARSED: float(bool(normal(said, language)))}


def number(doc: dict[str, Any], results: Sequence[str]) -> dict[str, float]:
    """`exact_match` of the number that an answer comes to."""
    found = number_of(results[0])
    right = found is not None and found == number_of(doc["answers"][0])
    return {"exact_match": float(right), PARSED: float(found is not None)}


def answer_of(text: str) -> str:
    """The first line of an answer that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def number_of(text: str) -> float | None:
    """The number behind the last mark of an answer, or else the last one in it."""
    folded = unicodedata.normalize("NFKC", text)
    marked = _NUMBER.search(folded.rpartition(MARK)[2]) if MARK in folded else None
    found = marked.group() if marked else (_NUMBER.findall(folded) or [""])[-1]
    try:
        return float(re.sub("[−－]", "-", found).replace(",", ""))
    except ValueError:
        return None


def normal(text: str, language: str) -> str:
    """A text without what does not count: two answers are the same if their normal forms are."""
    return " ".join(units(text, language)) if spaced(language) else "".join(units(text, language))


def units(text: str, language: str) -> list[str]:
    """The words of an answer, or its characters in a language without spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if not spaced(language):
        return [letter for letter in folded if _counts(letter)] or folded.split()
    words = "".join(letter if _counts(letter) else "" if letter in "'’" else " " for letter in folded).split()
    # Of an answer that is all articles or punctuation, everything counts.
    return [word for word in words if word not in ARTICLES.get(language, ())] or folded.split()


def f1(said: str, right: str, language: str) -> float:
    """The harmonic mean of how much of what was said is right, and how much of what is right was said."""
    first, second = Counter(units(said, language)), Counter(units(right, language))
    shared = (first & second).total()
    if not first or not second:
        return float(first == second)
    return 2 * shared / (first.total() + second.total())


@cache
def spaced(language: str) -> bool:
    """Whether a language writes spaces between words; one that is not known does."""
    known = lookup.find(language)
    return known is None or known.spaced


def _counts(letter: str) -> bool:
    """Letters, their marks (Devanagari's vowels are such), digits and symbols; neither punctuation nor spaces."""
    return unicodedata.category(letter)[0] in "LMNS"
