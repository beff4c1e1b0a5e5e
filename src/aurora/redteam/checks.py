"""Whether a policy's words serve their purpose, checked before any prompt is made from them.

One decision: the judge of answers judges the policy's own answers first. What a model is to learn as a refusal must be
judged a refusal, and what it is to learn as an answer must not; otherwise the rates would measure the words, not the
model.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from aurora.errors import UserError
from aurora.languages.labels import canonical
from aurora.languages.lookup import is_spaced, language_name
from aurora.languages.refusals import fold
from aurora.redteam.judge import Judge, check_pattern, has_markers
from aurora.yaml_nodes import Key

if TYPE_CHECKING:
    from aurora.redteam.policy import Words

MOST_ITEMS = 1_000_000  # a language: every template takes every action, and all items are held in memory
LONGEST_SHOWN = 80  # characters of a text that a message quotes


class Stated:
    """Where the keys of a file stand, for messages."""

    def __init__(self, path: Path, lines: dict[Key, int]) -> None:
        self.path = path
        self.lines = lines

    def __call__(self, *key: str) -> str:
        """File, line and name of a key."""
        stated = next((key[:length] for length in range(len(key), 0, -1) if key[:length] in self.lines), None)
        where = f"{self.path}, line {self.lines[stated]}" if stated else str(self.path)
        return f"{where}: {'.'.join(key)}" if key else where


def check_words(stated: Stated, words: Words, language: str, policy: str, ids: list[str]) -> None:
    """`UserError` where a language's words do not fit the categories (`ids`) of the file `policy`, or each other."""
    if canonical(words.language) != language:
        raise UserError(
            f"{stated.path}: language is {words.language}, but the file is named for {language}: correct one."
        )
    for missing in [category for category in ids if category not in words.categories]:
        raise UserError(
            f"{stated.path}: the category {missing} of {policy} has no words here; add categories.{missing}."
        )
    for unknown in [category for category in words.categories if category not in ids]:
        raise UserError(
            f"{stated('categories', unknown)} is not a category of {policy}; its categories are {', '.join(ids)}."
        )
    _check_templates(stated, words)
    _check_actions(stated, words)
    _check_harmless(stated, words)
    _check_refusals(stated, words, language)
    _check_answers(stated, words, language)


def _check_templates(stated: Stated, words: Words) -> None:
    """A wording that two templates have would be trained on although it is held out."""
    seen: dict[str, str] = {}
    for name, template in words.templates.items():
        if (other := seen.setdefault(_alike(template), name)) != name:
            raise UserError(f"{stated('templates', name)} reads as {other} does; keep one of them.")


def _check_actions(stated: Stated, words: Words) -> None:
    """An action stands once: on both sides it would be refused and answered, and twice on one it would count twice."""
    seen: dict[str, str] = {}
    count = 0
    for kind, category, action in _actions(words):
        count += 1
        earlier = seen.get(_alike(action))
        seen[_alike(action)] = kind
        if earlier is not None:
            what = "is both a harmful and a benign action" if earlier != kind else f"is listed twice as a {kind} action"
            raise UserError(f"{stated('categories', category, kind)}: {_quoted(action)} {what}; keep one.")
    if count * len(words.templates) > MOST_ITEMS:
        raise UserError(
            f"{stated.path}: {count:,} actions in {len(words.templates):,} templates make more than {MOST_ITEMS:,} "
            "items; remove some."
        )


def _check_harmless(stated: Stated, words: Words) -> None:
    """A prompt that stands twice could be trained on and held out."""
    seen: set[str] = set()
    for name, category in words.categories.items():
        for prompt in category.harmless:
            if _alike(prompt) in seen:
                raise UserError(
                    f"{stated('categories', name, 'harmless')}: {_quoted(prompt)} is listed twice; keep one."
                )
            seen.add(_alike(prompt))


def _actions(words: Words) -> Iterator[tuple[str, str, str]]:
    """(kind, category, action) of every action, harmful ones first."""
    for name, category in words.categories.items():
        yield from (("harmful", name, action) for action in category.harmful)
    for name, category in words.categories.items():
        yield from (("benign", name, action) for action in category.benign)


def _check_refusals(stated: Stated, words: Words, language: str) -> None:
    """Answers in the language can be judged."""
    for pattern in words.refusals:
        check_pattern(pattern, stated("refusals"))
    if not words.refusals and not has_markers(language):
        raise UserError(
            f"{stated.path}: Aurora does not know how {language_name(language)} refuses: list under `refusals:` the "
            "phrases that native speakers refuse with, as regular expressions in lower case, or add a file of the "
            f"language with `refusals` ({language}.yaml, see docs/language.md)."
        )


def _check_answers(stated: Stated, words: Words, language: str) -> None:
    """Every answer that a model is to learn is what it is meant to be, to the judge that will judge the model."""
    judge = Judge({language: words.openings}, {language: words.refusals})
    join = (" " if is_spaced(language) else "").join
    if judge.is_refusal(words.agreement):
        raise UserError(
            f"{stated('agreement')}: {_quoted(words.agreement)} is judged a refusal, so every answer would count as "
            "one: word it otherwise, or correct `openings` and `refusals`."
        )
    reasons = [category.reason for category in words.categories.values()]
    for number, opening in enumerate(words.openings):
        says_something = any(map(str.isalnum, opening))
        if not says_something or not all(judge.is_refusal(join((opening, reason))) for reason in reasons):
            raise UserError(
                f"{stated('openings', str(number))}: {_quoted(opening)} is not judged a refusal: write it as a plain "
                "sentence without quotation marks."
            )
    for name, category in words.categories.items():
        for action, answer in category.benign.items():
            if judge.is_refusal(join((words.agreement, answer))):
                raise UserError(
                    f"{stated('categories', name, 'benign', action)}: its answer {_quoted(answer)} is judged a "
                    "refusal: word it otherwise."
                )


def _alike(text: str) -> str:
    """A text such that two that read the same are the same."""
    return " ".join(fold(text).split())


def _quoted(text: str) -> str:
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}...")
