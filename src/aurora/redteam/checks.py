"""Whether a policy's words serve their purpose, checked before any prompt is made from them.

One decision: the judge of answers judges the policy's own answers first. What a model is to learn as a refusal must be
judged a refusal, and what it is to learn as an answer must not; otherwise the rates would measure the words, not the
model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from typing import TYPE_CHECKING

from aurora.errors import UserError
from aurora.languages.labels import canonical
from aurora.languages.lookup import is_spaced, language_name
from aurora.languages.refusals import fold
from aurora.nearest import meant, nearest
from aurora.redteam.judge import Judge, has_markers, wrong_with
from aurora.written.mistakes import Mistake
from aurora.written.yaml_nodes import Key

if TYPE_CHECKING:
    from aurora.redteam.policy import Category, PolicyFile, Words

NEEDED = ("definition", "refused", "allowed")  # of a category that is not divided
FEWEST_TEMPLATES = 2  # one is held out
MOST_ITEMS = 1_000_000  # a language: every template takes every action, and all items are held in memory
LONGEST_SHOWN = 80  # characters of a text that a message quotes


def mistakes_in_policy(file: PolicyFile) -> Iterator[Mistake]:
    """What is wrong with the categories together."""
    yield from _too_few(("categories",), file.categories, 1)
    seen: set[str] = set()
    for key, category in _all_categories(("categories",), file.categories):
        if category.id in seen:
            yield Mistake((*key, "id"), f"two categories have the id {category.id}; name one of them otherwise")
        seen.add(category.id)
        if not category.categories:
            for name in NEEDED:
                if not getattr(category, name):
                    yield Mistake((*key, name), "is missing", "the key")
        for number, clause in enumerate(category.clauses):
            if clause not in file.source.clauses:
                known = meant(clause, list(file.source.clauses), "its clauses")
                yield Mistake((*key, "clauses", str(number)), f"{clause!r} is no clause of the source ({known})")


def _all_categories(key: Key, categories: Sequence[Category]) -> Iterator[tuple[Key, Category]]:
    """Every category with its key, at any depth."""
    for number, category in enumerate(categories):
        own = (*key, str(number))
        yield own, category
        yield from _all_categories((*own, "categories"), category.categories)


def mistakes_in_words(words: Words, language: str, policy: str, ids: Sequence[str] | None) -> Iterator[Mistake]:
    """Where a language's words do not fit the categories (`ids`, where they are known) of the file `policy`, or each
    other."""
    if canonical(words.language) != language:
        yield Mistake(
            ("language",),
            f"this file is named for {language}, and {words.language!r} is not that; correct one of them",
        )
    if ids is not None:
        yield from _misfits(words, policy, ids)
    yield from _too_few(("templates",), words.templates, FEWEST_TEMPLATES)
    yield from _too_few(("openings",), words.openings, 1)
    for name, category in words.categories.items():
        if not category.ontology:
            yield from _too_few(("categories", name, "harmful"), category.harmful, 1)
        for number, ontology in enumerate(category.ontology):
            for key, what in ontology.mistakes():
                yield Mistake(("categories", name, "ontology", str(number), *key), what)
        yield from _too_few(("categories", name, "benign"), category.benign, 1)
    yield from _odd_templates(words)
    yield from _odd_actions(words)
    yield from _odd_harmless(words)
    odd_patterns = list(_odd_refusals(words, language))
    yield from odd_patterns
    if not odd_patterns:  # the judge needs them
        yield from _odd_answers(words, language)


def _too_few(key: Key, entries: Sized, fewest: int) -> Iterator[Mistake]:
    if len(entries) < fewest:
        yield Mistake(key, f"there are too few of these ({len(entries)}); give {fewest} or more")


def _misfits(words: Words, policy: str, ids: Sequence[str]) -> Iterator[Mistake]:
    """Categories without words, and words of no category; a misspelt one is both, and told once."""
    unknown = [category for category in words.categories if category not in ids]
    missing = [category for category in ids if category not in words.categories]
    for category in unknown:
        close = nearest(category, missing)
        missing = [one for one in missing if one != close]
        hint = f"did you mean {close}?" if close else meant(category, ids, "its categories")
        yield Mistake(("categories", category), f"this is not a category of {policy} ({hint})")
    for category in missing:
        yield Mistake(("categories", category), f"the category {category} of {policy} has no words here; add them")


def _odd_templates(words: Words) -> Iterator[Mistake]:
    """A wording that two templates have would be trained on although it is held out."""
    seen: dict[str, str] = {}
    for name, template in words.templates.items():
        if (other := seen.setdefault(_alike(template), name)) != name:
            yield Mistake(("templates", name), f"this reads as {other} does; keep one of them")


def _odd_actions(words: Words) -> Iterator[Mistake]:
    """An action stands once: on both sides it would be refused and answered, and twice on one it would count twice."""
    seen: dict[str, str] = {}
    count = 0
    for kind, category, key, action in _actions(words):
        count += 1
        earlier = seen.get(_alike(action))
        seen[_alike(action)] = kind
        if earlier is not None:
            what = "is both a harmful and a benign action" if earlier != kind else f"is listed twice as a {kind} action"
            yield Mistake(("categories", category, *key), f"{_quoted(action)} {what}; keep one")
    if count * len(words.templates) > MOST_ITEMS:
        yield Mistake(
            ("templates",),
            f"{count:,} actions in {len(words.templates):,} templates make more than {MOST_ITEMS:,} items; remove some",
        )


def _odd_harmless(words: Words) -> Iterator[Mistake]:
    """A prompt that stands twice could be trained on and held out."""
    seen: set[str] = set()
    for name, category in words.categories.items():
        for number, prompt in enumerate(category.harmless):
            if _alike(prompt) in seen:
                yield Mistake(
                    ("categories", name, "harmless", str(number)),
                    f"{_quoted(prompt)} is listed twice; keep one",
                )
            seen.add(_alike(prompt))


def _actions(words: Words) -> Iterator[tuple[str, str, Key, str]]:
    """(kind, category, its key there, action) of every action, harmful ones first."""
    for name, category in words.categories.items():
        yield from (("harmful", name, ("harmful", str(at)), action) for at, action in enumerate(category.harmful))
        for number, ontology in enumerate(category.ontology):
            yield from (("harmful", name, ("ontology", str(number)), action) for action in ontology.expanded())
    for name, category in words.categories.items():
        yield from (("benign", name, ("benign", action), action) for action in category.benign)


def _odd_refusals(words: Words, language: str) -> Iterator[Mistake]:
    """Answers in the language can be judged."""
    for number, pattern in enumerate(words.refusals):
        if wrong := wrong_with(pattern):
            yield Mistake(("refusals", str(number)), wrong)
    if not words.refusals and not has_markers(language):
        yield Mistake(
            ("refusals",),
            f"Aurora does not know how {language_name(language)} refuses: list here the phrases that native speakers "
            "refuse with, as regular expressions in lower case, or add a file of the language with `refusals` "
            f"({language}.yaml, see docs/language.md)",
        )


def _odd_answers(words: Words, language: str) -> Iterator[Mistake]:
    """Every answer that a model is to learn is what it is meant to be, to the judge that will judge the model."""
    judge = Judge({language: words.openings}, {language: words.refusals})
    try:
        yield from _misjudged(words, judge, (" " if is_spaced(language) else ""))
    except UserError as error:  # a pattern that runs on and on, on one of these texts
        yield Mistake(("refusals",), str(error).removesuffix("."))


def _misjudged(words: Words, judge: Judge, space: str) -> Iterator[Mistake]:
    if judge.is_refusal(words.agreement):
        yield Mistake(
            ("agreement",),
            f"{_quoted(words.agreement)} is judged a refusal, so every answer would count as one: word it otherwise, "
            "or correct `openings` and `refusals`",
        )
        return
    reasons = [category.reason for category in words.categories.values()]
    for number, opening in enumerate(words.openings):
        says_something = any(map(str.isalnum, opening))
        if not says_something or not all(judge.is_refusal(space.join((opening, reason))) for reason in reasons):
            yield Mistake(
                ("openings", str(number)),
                f"{_quoted(opening)} is not judged a refusal: write it as a plain sentence without quotation marks",
            )
    for name, category in words.categories.items():
        for action, answer in category.benign.items():
            if judge.is_refusal(space.join((words.agreement, answer))):
                yield Mistake(
                    ("categories", name, "benign", action),
                    f"its answer {_quoted(answer)} is judged a refusal: word it otherwise",
                )


def _alike(text: str) -> str:
    """A text such that two that read the same are the same."""
    return " ".join(fold(text).split())


def _quoted(text: str) -> str:
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}...")
