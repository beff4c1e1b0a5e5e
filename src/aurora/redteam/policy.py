"""A written policy: what is refused, what stays allowed, and the words for both in each language.

One decision: a policy is one file that a lawyer can read on its own; each language's templates, actions and answers are
in a file of their own beside it, which a native speaker can review on its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aurora.errors import UserError
from aurora.languages.labels import canonical
from aurora.languages.lookup import language_name
from aurora.recipe.names import Name
from aurora.redteam.judge import check_pattern, has_markers
from aurora.yaml_nodes import read_table

SLOT = "{action}"
MOST_ITEMS = 1_000_000  # a language: every template takes every action, and all items are held in memory
LONGEST_MESSAGE = 300  # characters of pydantic's message, which may quote a value of any length
Template = Annotated[str, Field(pattern=r"^[^{}]*\{action\}[^{}]*$")]
Sentence = Annotated[str, Field(min_length=1)]


class _Table(BaseModel):
    """A table of a policy file: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Category(_Table):
    """One concern of the policy: `refuse` and `allow` say where the line runs. Read by people, not by code."""

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

    A refusal begins with one of `openings`, an answer with `agreement`, so the model decides in its first words whether
    to help. `refusals` are further phrases that count as refusing when answers are judged: regular expressions,
    searched in each sentence in lower case. A language whose refusals Aurora does not know must list some.
    """

    language: str
    templates: dict[str, Template] = Field(min_length=2)
    openings: list[Sentence] = Field(min_length=1)
    agreement: Sentence
    refusals: list[Sentence] = Field(default_factory=list)
    categories: dict[str, CategoryWords]


class Policy(_Table):
    """A policy with its words in each requested language."""

    file: PolicyFile
    words: dict[str, Words]


Read = TypeVar("Read", bound=_Table)


def load_policy(path: Path, languages: list[str]) -> Policy:
    """Read POLICY.yaml and POLICY/LANGUAGE.yaml; `UserError` names the file and key that is missing or wrong."""
    file = _read(path, PolicyFile)
    word_files = _word_files(path.with_suffix(""), languages)
    words = {language: _read(word_file, Words) for language, word_file in word_files.items()}
    ids = [category.id for category in file.categories]
    for language, language_words in words.items():
        _check_words(word_files[language], language_words, language, path.name, ids)
    return Policy(file=file, words=words)


def _word_files(folder: Path, languages: list[str]) -> dict[str, Path]:
    """The file of each language: the one whose name is a label of it (`fi.yaml`, `fin_Latn.yaml`)."""
    by_language = {canonical(path.stem): path for path in sorted(folder.glob("*.yaml"), reverse=True)}
    return {language: by_language.get(language, folder / f"{language}.yaml") for language in languages}


def _check_words(word_file: Path, words: Words, language: str, policy: str, ids: list[str]) -> None:
    """`UserError` if the words of a language do not fit the categories (`ids`) of the file `policy`, or each other."""
    if canonical(words.language) != language:
        raise UserError(
            f"{word_file}: language is {words.language}, but the file is named for {language}: correct one."
        )
    _check_refusals(word_file, words, language)
    for missing in [category for category in ids if category not in words.categories]:
        raise UserError(f"{word_file}: the category {missing} of {policy} has no words here; add categories.{missing}.")
    for unknown in [category for category in words.categories if category not in ids]:
        raise UserError(
            f"{word_file}: categories.{unknown} is not a category of {policy}; its categories are {', '.join(ids)}."
        )
    harmful = {action for category in words.categories.values() for action in category.harmful}
    for category in words.categories.values():
        for action in harmful & set(category.benign):
            raise UserError(f"{word_file}: {action!r} is both a harmful and a benign action; keep one.")
    actions = sum(len(category.harmful) + len(category.benign) for category in words.categories.values())
    if actions * len(words.templates) > MOST_ITEMS:
        raise UserError(
            f"{word_file}: {actions:,} actions in {len(words.templates):,} templates make more than {MOST_ITEMS:,} "
            "items; remove some."
        )


def _check_refusals(word_file: Path, words: Words, language: str) -> None:
    """`UserError` if answers in the language could not be judged."""
    for pattern in words.refusals:
        check_pattern(pattern, f"{word_file}: refusals")
    if not words.refusals and not has_markers(language):
        raise UserError(
            f"{word_file}: Aurora does not know how {language_name(language)} refuses: list under `refusals:` the "
            "phrases that native speakers refuse with, as regular expressions in lower case, or add a file of the "
            f"language with `refusals` ({language}.yaml, see docs/language.md)."
        )


def _read(path: Path, kind: type[Read]) -> Read:
    try:
        values, lines = read_table(path, "a policy file")
        return kind.model_validate(values)
    except FileNotFoundError as error:
        raise UserError(
            f"The policy file {path} does not exist; write it, or remove its language from redteam.languages."
        ) from error
    except ValidationError as error:
        problem = error.errors()[0]
        key = tuple(str(part) for part in problem["loc"] if part != "[key]")
        stated = [key[:length] for length in range(len(key), 0, -1) if key[:length] in lines]
        where = f"{path}, line {lines[stated[0]]}" if stated else str(path)
        message = problem["msg"].removeprefix("Value error, ")[:LONGEST_MESSAGE]
        raise UserError(f"{where}: {'.'.join(key)}: {message[0].lower()}{message[1:]}.") from error
