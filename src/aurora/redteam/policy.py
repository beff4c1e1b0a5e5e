"""A written policy: what is refused, what stays allowed, and the words for both in each language.

One decision: a policy is one file that a lawyer can read on its own; each language's templates, actions and answers are
in a file of their own beside it, which a native speaker can review on its own. How many entries a list needs is a
matter of `checks`, so that one wrong entry does not hide what is wrong with the others.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from aurora.errors import Mistakes, UserError
from aurora.languages.labels import canonical
from aurora.languages.lookup import language_name
from aurora.recipe.names import Name
from aurora.redteam.checks import mistakes_in_policy, mistakes_in_words
from aurora.redteam.clauses import lines_of
from aurora.redteam.hazards import Hazard
from aurora.redteam.ontology import Ontology
from aurora.shipped import places
from aurora.written.data_files import read_data

SLOT = "{action}"


def _with_slot(template: str) -> str:
    before, slot, after = template.partition(SLOT)
    if not slot or set(before + after) & {"{", "}"}:
        raise ValueError(f"a template needs {SLOT} exactly once, and no other braces")
    return template


Template = Annotated[str, AfterValidator(_with_slot)]
Sentence = Annotated[str, Field(min_length=1)]


class _Table(BaseModel):
    """A table of a policy file: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Crosswalk(_Table):
    """Where a category stands in other schemes."""

    ailuminate: list[Hazard] = Field(default_factory=list)


class Category(_Table):
    """One concern of the policy: `refused` and `allowed` say where the line runs. Read by people, not by code.

    `clauses` are those of the source that it rests on. A category may be divided (`categories`); those that are not
    have words, and need all three texts.
    """

    id: Name
    title: Sentence
    definition: str = ""
    refused: str = ""
    allowed: str = ""
    clauses: list[Sentence] = Field(default_factory=list)
    crosswalk: Crosswalk = Field(default_factory=Crosswalk)
    categories: list[Category] = Field(default_factory=list)


class Source(_Table):
    """What a policy is taken from, and the parts of it that categories cite, in the policy's own words."""

    document: Sentence
    date: datetime.date | None = None
    url: str = ""
    clauses: dict[Sentence, Sentence] = Field(default_factory=dict)


class PolicyFile(_Table):
    """The policy itself, without any language's words. `license` is of the prompts that are made from them."""

    id: Name
    version: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)*$", description="numbers with dots, as '1.2', in quotes")]
    title: Sentence
    status: Literal["in force", "draft", "revoked", "voluntary"]
    status_note: str = ""
    license: Sentence = "unknown"
    source: Source
    categories: list[Category]

    def leaves(self) -> Iterator[Category]:
        """The categories that have words, in the written order."""
        return (line[-1] for line in lines_of(self))


class CategoryWords(_Table):
    """One category in one language: why it is refused, harmful actions, and look-alike benign ones with answers.

    Harmful actions are written whole, or made from slots (`ontology`), or both. `harmless` are whole prompts of any
    form that sound alike or touch the concern and may be answered; the model that is tuned answers them itself
    (`redteam.drafts`). `keywords` are beginnings of words by which a prompt of somebody else is of this category.
    """

    reason: Sentence
    harmful: list[Sentence] = Field(default_factory=list)
    ontology: list[Ontology] = Field(default_factory=list)
    benign: dict[Sentence, Sentence]
    harmless: list[Sentence] = Field(default_factory=list)
    keywords: list[Sentence] = Field(default_factory=list)

    def harmful_actions(self) -> Iterator[str]:
        """Every harmful action, in the written order."""
        yield from self.harmful
        for ontology in self.ontology:
            yield from ontology.expanded()


class Words(_Table):
    """A policy in one language. Every template takes every action as it stands.

    A refusal begins with one of `openings`, an answer with `agreement`, so the model decides in its first words whether
    to help. `refusals` are further phrases that count as refusing when answers are judged: regular expressions,
    searched in each sentence in lower case. A language whose refusals Aurora does not know must list some.
    """

    language: str
    templates: dict[str, Template]
    openings: list[Sentence]
    agreement: Sentence
    refusals: list[Sentence] = Field(default_factory=list)
    categories: dict[str, CategoryWords]


class Policy(_Table):
    """A policy with its words in each requested language."""

    file: PolicyFile
    words: dict[str, Words]


def load_policy(path: Path, languages: list[str]) -> Policy:
    """Read POLICY.yaml and POLICY/LANGUAGE.yaml; `Mistakes` names file, line and key of all that is wrong in them."""
    try:
        policy = read_data(path, PolicyFile, "a policy file")
    except FileNotFoundError as error:
        raise UserError(f"The policy {path} does not exist ({places.suggestion('policies', path)}).") from error
    wrong = policy.sentences(mistakes_in_policy)
    ids = [category.id for category in policy.content.leaves()] if policy.content is not None else None
    words: dict[str, Words] = {}
    for language, file in word_files(path, languages).items():
        if not file.exists():
            wrong.append(f"{file} does not exist: {without_words(path, language)}.")
            continue
        told = read_data(file, Words, "a policy file")
        wrong += told.sentences(partial(mistakes_in_words, language=language, policy=path.name, ids=ids))
        if told.content is not None:
            words[language] = told.content
    if wrong:
        raise Mistakes(str(path), wrong)
    assert policy.content is not None
    return Policy(file=policy.content, words=words)


def word_files(path: Path, languages: list[str]) -> dict[str, Path]:
    """The file of each language: the one whose name is a label of it (`fi.yaml`, `fin_Latn.yaml`)."""
    folder = path.with_suffix("")
    by_language = {canonical(file.stem): file for file in sorted(folder.glob("*.yaml"), reverse=True)}
    return {language: by_language.get(language, folder / f"{language}.yaml") for language in languages}


def without_words(path: Path, language: str) -> str:
    """What to do where a policy has no words in a language."""
    there = ", ".join(sorted(file.stem for file in path.with_suffix("").glob("*.yaml"))) or "none"
    return (
        f"write the policy's words in {language_name(language)}, or remove {language} from redteam.languages; words "
        f"are there in: {there}"
    )
