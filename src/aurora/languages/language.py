"""What a language's file says: the type that every file of `data/`, and every file of a user's, is read into.

One decision: a file is data and whole by itself. Whatever another room wants to know of a language is a field here, so
that adding a language is adding a file, and no code changes.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from aurora.languages.labels import required
from aurora.languages.personal_data import PersonalData, Table
from aurora.languages.thresholds import Thresholds


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value[:60]!r} is not a regular expression ({error})") from error
    return value


def _small_letters(value: str) -> str:
    if value != value.lower() or len(value.encode()) < 2:
        raise ValueError(f"{value[:60]!r} must be in lower case, and of at least two bytes: texts are compared so")
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]
Phrase = Annotated[str, AfterValidator(_small_letters)]
Character = Annotated[str, Field(min_length=1, max_length=1)]


class Sentences(Table):
    """How sentences end."""

    ending: str = Field(description="Characters that end a sentence.")
    closing: str = Field(description="Quotation marks and brackets that may follow the end.")


class Phrases(Table):
    """Phrases in lower case that tell what a line is."""

    filler: list[Phrase] = Field(default_factory=list, description="Text that only fills a page.")
    script: list[Phrase] = Field(default_factory=list, description="Notes about scripts of a page.")
    policy: list[Phrase] = Field(default_factory=list, description="Notices about cookies, terms and privacy.")
    generated: list[Phrase] = Field(default_factory=list, description="Of code: that a program wrote the file.")
    licence: list[Phrase] = Field(default_factory=list, description="Of code: that a comment states a licence.")

    def values(self) -> dict[str, list[str]]:
        """The phrases by kind; of kinds that have some."""
        return {kind: found for kind, found in self.model_dump().items() if found}


class Messages(Table):
    """What the messages of a translated program must hold to be text of this language, as sets of characters, and what
    they write to placeholders."""

    letters: Pattern | None = Field(None, description="At least half of a message's letters are of this set.")
    telling: Pattern | None = Field(None, description="At least one letter of this set stands in a message.")
    ending: Pattern | None = Field(
        None, description="What case endings look like that are written to a placeholder behind a colon (`%s:lle`)."
    )


class Refusals(Table):
    """How answers decline, as regular expressions that are searched for in a sentence.

    Sentences are folded first: NFKC, lower case, straight apostrophes, one space between words, `look_alikes`.
    """

    parts: dict[str, str] = Field(default_factory=dict, description="Named pieces, written {name} in the others.")
    declining: list[str] = Field(min_length=1, description="Clauses by which a sentence declines to help.")
    idioms: list[str] = Field(
        default_factory=list, description="What reads like such a clause and is none; taken out of a sentence first."
    )
    courtesy: list[Pattern] = Field(
        default_factory=list,
        description="How thanks, regrets and the like begin; a sentence of nothing else is not counted.",
    )


class Objections(Table):
    """How answers object to a request instead of declining it, as regular expressions for folded sentences."""

    clear: list[Pattern] = Field(
        min_length=1, description="Clauses about what is proper: the first sentence with one objects."
    )
    weak: list[Pattern] = Field(
        default_factory=list,
        description="Clauses that contradict; a first sentence with one objects where two of the first three talk of "
        "morals.",
    )
    moral: list[Pattern] = Field(default_factory=list, description="Words about morals.")
    unable: list[Pattern] = Field(
        default_factory=list,
        description="Clauses by which an answer says what it does not know or is no expert in: it has refused nothing.",
    )
    private: list[Pattern] = Field(default_factory=list, description="Words about privacy, with which it has.")
    preamble: list[Pattern] = Field(
        default_factory=list, description="How a sentence begins that only leads to what is said; it is not counted."
    )


class Language(Table):
    """All that Aurora knows of a language."""

    language: Annotated[str, AfterValidator(required)] = Field(
        description="Its code, as short as it can be: `fi`, not `fin_Latn`."
    )
    name: str = Field(min_length=1, description="Its English name.")
    own_name: str = Field(min_length=1, description="Its name in itself.")
    script: list[str] = Field(
        default_factory=list, description="How the Unicode names of its letters begin: `LATIN`, `DEVANAGARI`."
    )
    spaced: bool = Field(True, description="Whether words stand between spaces.")
    stop_words: str = Field("", description="Words that ordinary text has, in lower case, with spaces between.")
    sentences: Sentences | None = Field(None, description="How sentences end, where not as in `default`.")
    phrases: Phrases = Field(
        default_factory=Phrases, description="Phrases of boilerplate; of each kind in place of those of `default`."
    )
    assistant_phrases: list[Phrase] = Field(
        default_factory=list, description="Phrases by which an answer says that a language model wrote it."
    )
    messages: Messages = Field(default_factory=Messages, description="What the messages of programs must hold.")
    thresholds: Thresholds = Field(
        default_factory=Thresholds, description="Limits of the rules, where not those of `default`."
    )
    refusals: Refusals | None = Field(None, description="How answers decline; without it no answer can be judged.")
    objections: Objections | None = Field(None, description="How answers object to what they are asked.")
    personal_data: PersonalData = Field(
        default_factory=PersonalData, description="Personal data of its country or countries, and words about any."
    )
    look_alikes: dict[Character, str] = Field(
        default_factory=dict, description="Characters that answers write for one another, and what is read for them."
    )
    latin_words: list[Pattern] = Field(
        default_factory=list,
        description="Its commonest words when it is written in Latin letters against its custom; the language "
        "identification does not know such text.",
    )
