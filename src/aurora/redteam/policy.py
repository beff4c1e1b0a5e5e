"""A written policy: what is refused, what stays allowed, and the words for both in each language.

One decision: a policy is one file that a lawyer can read on its own; each language's templates, actions and answers are
in a file of their own beside it, which a native speaker can review on its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aurora.complaints import MISSING, UNKNOWN, complaint
from aurora.errors import UserError
from aurora.languages.labels import canonical
from aurora.languages.lookup import language_name
from aurora.recipe.names import Name
from aurora.redteam.checks import Stated, check_words
from aurora.shipped import places
from aurora.yaml_nodes import Key, read_table

SLOT = "{action}"
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
    """One category in one language: why it is refused, harmful actions, and look-alike benign ones with answers.

    `harmless` are whole prompts of any form that sound alike or touch the concern and may be answered; the model that
    is tuned answers them itself (`redteam.drafts`).
    """

    reason: Sentence
    harmful: list[Sentence] = Field(min_length=1)
    benign: dict[Sentence, Sentence] = Field(min_length=1)
    harmless: list[Sentence] = Field(default_factory=list)


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
    file, _ = _read(path, PolicyFile, f"The policy {path} does not exist ({places.suggestion('policies', path)}).")
    ids = [category.id for category in file.categories]
    if twice := [name for name in ids if ids.count(name) > 1]:
        raise UserError(f"{path}: two categories have the id {twice[0]}; name one of them otherwise.")
    words = {}
    for language, word_file in _word_files(path.with_suffix(""), languages).items():
        there = ", ".join(sorted(other.stem for other in word_file.parent.glob("*.yaml"))) or "none"
        missing = (
            f"{word_file} does not exist: write the policy's words in {language_name(language)}, or remove {language} "
            f"from redteam.languages; words are there in: {there}."
        )
        words[language], lines = _read(word_file, Words, missing)
        check_words(Stated(word_file, lines), words[language], language, path.name, ids)
    return Policy(file=file, words=words)


def _word_files(folder: Path, languages: list[str]) -> dict[str, Path]:
    """The file of each language: the one whose name is a label of it (`fi.yaml`, `fin_Latn.yaml`)."""
    by_language = {canonical(path.stem): path for path in sorted(folder.glob("*.yaml"), reverse=True)}
    return {language: by_language.get(language, folder / f"{language}.yaml") for language in languages}


def _read(path: Path, kind: type[Read], missing: str) -> tuple[Read, dict[Key, int]]:
    """A file of a policy, and the line of every key; `missing` is what to say where there is none."""
    try:
        values, lines = read_table(path, "a policy file")
        return kind.model_validate(values), lines
    except FileNotFoundError as error:
        raise UserError(missing) from error
    except ValidationError as error:
        # A misspelt key often also makes another one "missing": the misspelling is the cause, so it comes first.
        problem = min(error.errors(), key=lambda problem: problem["type"] != UNKNOWN)
        key = tuple(str(part) for part in problem["loc"] if part != "[key]")
        known = "docs/policy.md lists the keys"
        said = {
            UNKNOWN: f"there is no such key; {known}",
            MISSING: f"this key is missing; {known}",
            "string_pattern_mismatch": f"a template needs {SLOT} exactly once, and no other braces",
        }
        message = complaint(problem)[:LONGEST_MESSAGE]
        what = said.get(problem["type"], message[0].lower() + message[1:])
        raise UserError(f"{Stated(path, lines)(*key)}: {what}.") from error
