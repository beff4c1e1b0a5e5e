"""A written policy: what is refused, what stays allowed, and the words for both in each language.

One decision: a policy is one file that a lawyer can read alone; the templates, actions and answers of a language lie
beside it in a file of their own, so that a native speaker can review that language alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aurora.errors import UserError
from aurora.languages.labels import canonical
from aurora.recipe.names import Name
from aurora.redteam.judge import check_pattern, has_markers, markers
from aurora.yaml_nodes import read_table

SLOT = "{action}"
MOST_ITEMS = 1_000_000  # of a language: every template takes every action, and all are held in memory
LONGEST_MESSAGE = 300
Template = Annotated[str, Field(pattern=r"^[^{}]*\{action\}[^{}]*$")]
Sentence = Annotated[str, Field(min_length=1)]


class _Table(BaseModel):
    """A table of a policy file: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Category(_Table):
    """One concern: `refuse` and `allow` say where the line runs."""

    id: Name
    title: Sentence
    concern: Sentence
    refuse: Sentence
    allow: Sentence


class PolicyFile(_Table):
    """The policy itself, without any language's words."""

    name: Name
    title: Sentence
    status: Literal["in force", "draft", "revoked"]
    status_note: str = ""
    source: Sentence
    categories: list[Category] = Field(min_length=1)


class CategoryWords(_Table):
    """One category in one language: why it is refused, harmful actions, and look-alike benign ones with answers."""

    reason: Sentence
    harmful: list[Sentence] = Field(min_length=1)
    benign: dict[Sentence, Sentence] = Field(min_length=1)


class Words(_Table):
    """A policy in one language. Every template takes every action as it stands.

    A refusal begins with one of `openings`, an answer with `agreement`: whether to help is decided in the first words.
    `refusals` are further ways to decline, by which answers are judged: regular expressions, found anywhere in a
    sentence in lower case. A language whose refusals Aurora does not know must have some.
    """

    language: str
    templates: dict[str, Template] = Field(min_length=2)
    openings: list[Sentence] = Field(min_length=1)
    agreement: Sentence
    refusals: list[Sentence] = Field(default_factory=list)
    categories: dict[str, CategoryWords]


class Policy(_Table):
    """A policy with its words in each of the asked languages."""

    file: PolicyFile
    words: dict[str, Words]


Read = TypeVar("Read", bound=_Table)


def load_policy(path: Path, languages: list[str]) -> Policy:
    """Read POLICY.yaml and POLICY/LANGUAGE.yaml; `UserError` names the file and key that is missing or wrong."""
    file = _read(path, PolicyFile)
    places = _files_of_words(path.with_suffix(""), languages)
    words = {language: _read(place, Words) for language, place in places.items()}
    ids = [category.id for category in file.categories]
    for language, found in words.items():
        place = places[language]
        if canonical(found.language) != language:
            raise UserError(f"{place}: language is {found.language}, but the file's name says {language}.")
        _check_refusals(place, found, language)
        for missing in [category for category in ids if category not in found.categories]:
            raise UserError(
                f"{place}: the category {missing} of {path.name} has no words here; add categories.{missing}."
            )
        for unknown in [category for category in found.categories if category not in ids]:
            raise UserError(
                f"{place}: categories.{unknown} is no category of {path.name}; its categories are {', '.join(ids)}."
            )
        harmful = {action for category in found.categories.values() for action in category.harmful}
        for category in found.categories.values():
            for action in harmful & set(category.benign):
                raise UserError(f"{place}: {action!r} is both a harmful and a benign action; keep one.")
        actions = sum(len(category.harmful) + len(category.benign) for category in found.categories.values())
        if actions * len(found.templates) > MOST_ITEMS:
            raise UserError(
                f"{place}: {actions:,} actions in {len(found.templates):,} templates are over {MOST_ITEMS:,} items."
            )
    return Policy(file=file, words=words)


def _files_of_words(folder: Path, languages: list[str]) -> dict[str, Path]:
    """The file of each language: the one whose name is a label of it (`fi.yaml`, `fin_Latn.yaml`)."""
    named = {canonical(path.stem): path for path in sorted(folder.glob("*.yaml"), reverse=True)}
    return {language: named.get(language, folder / f"{language}.yaml") for language in languages}


def _check_refusals(place: Path, words: Words, language: str) -> None:
    """`UserError` where answers in the language could not be judged."""
    for pattern in words.refusals:
        check_pattern(pattern, f"{place}: refusals")
    if not words.refusals and not has_markers(language):
        raise UserError(
            f"{place}: how answers decline in {language} is not known ({', '.join(markers())} are): list under "
            "`refusals:` the phrases that native speakers refuse with, as regular expressions in lower case."
        )


def _read(path: Path, kind: type[Read]) -> Read:
    try:
        values, lines = read_table(path, "a policy file")
        return kind.model_validate(values)
    except FileNotFoundError as error:
        raise UserError(
            f"The policy file {path} does not exist; write it or take its language out of redteam.languages."
        ) from error
    except ValidationError as error:
        problem = error.errors()[0]
        key = tuple(str(part) for part in problem["loc"] if part != "[key]")
        stated = [key[:length] for length in range(len(key), 0, -1) if key[:length] in lines]
        where = f"{path}, line {lines[stated[0]]}" if stated else str(path)
        message = problem["msg"].removeprefix("Value error, ")[:LONGEST_MESSAGE]
        raise UserError(f"{where}: {'.'.join(key)}: {message[0].lower()}{message[1:]}.") from error
