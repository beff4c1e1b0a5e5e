"""What the files say of personal data, put together: that of no language (`data/personal_data.yaml`) and of each.

One decision: words of all languages are one list, for a number in a Finnish text may be named in English; types and
patterns know the file they stand in, and which texts they are for follows from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import regex
from pydantic import Field

from aurora.corpus.personal.check_digits import IBAN_LENGTHS
from aurora.errors import UserError
from aurora.languages import lookup
from aurora.languages.labels import CODE
from aurora.languages.personal_data import PersonalData, PersonalPattern, PersonalType, Table
from aurora.written.data_files import DataFile, read_data
from aurora.written.yaml_nodes import Key

COMMON = Path(__file__).parent / "data" / "personal_data.yaml"
_PART = regex.compile(r"(?<!\\[pP])\{([a-z]\w*)\}")
_DEEPEST_PART = 4  # named parts within named parts: deeper ones hold each other


class Veto(Table):
    """What says that a value is something else."""

    before: list[str] = Field(default_factory=list, description="What ends right before it, in lower case.")
    after: list[str] = Field(default_factory=list, description="What begins right after it, in lower case.")


class CommonData(PersonalData):
    """Personal data that belongs to no language, and what all patterns are made of."""

    vetoes: dict[str, Veto] = Field(description="What must not stand around a value, by name.")
    parts: dict[str, str] = Field(description="Pieces of patterns, written {name}.")


@dataclass(frozen=True, eq=False)
class Definition:
    """A pattern as it is written, the language whose file it stands in ("" of none), and its place in that file."""

    entry: PersonalPattern
    language: str
    place: str

    def speaks(self, lang: str) -> bool:
        """Whether the pattern is for texts in this language."""
        match self.entry.texts:
            case "prose":
                return lang != CODE
            case "code":
                return lang == CODE
            case "all":
                return True
            case None:
                return not self.language or lang == self.language

    def refused(self, what: str) -> UserError:
        """The error that says what is wrong with the pattern."""
        return UserError(f"{self.place}: the pattern {self.entry.pattern[:60]!r} is refused: {what}.")


@lookup.cached
def common() -> CommonData:
    """The file of what belongs to no language. Raises `Mistakes` naming the lines of what is wrong with it."""
    return _read_common().checked()


@lookup.cached
def types() -> dict[str, PersonalType]:
    """All types by name: those of no language, then those of each."""
    found = dict(common().types)
    for entry in lookup.entries():
        for name, one in entry.language.personal_data.types.items():
            if name in found:
                raise UserError(
                    f"{entry.place('personal_data', 'types', name)}: another file has a type {name}; rename this one."
                )
            found[name] = one
    return found


@lookup.cached
def definitions() -> list[Definition]:
    """All patterns: of those that overlap, the one that stands first here is believed.

    What nothing else looks like comes first, then what a word names, what its last character confirms, and what only
    looks so; among equals types of languages, which are narrower, then those of none.
    """
    lines = _read_common().places.lines
    found = [Definition(one, "", _place(COMMON, lines, index)) for index, one in enumerate(common().patterns)]
    for entry in lookup.entries():
        found += [
            Definition(one, entry.language.language, entry.place("personal_data", "patterns", str(index)))
            for index, one in enumerate(entry.language.personal_data.patterns)
        ]
    return sorted(found, key=_rank)


@lookup.cached
def pieces() -> dict[str, str]:
    """What {names} in patterns stand for: parts, and the words of each list as alternatives."""
    lists: dict[str, list[str]] = {name: list(words) for name, words in common().words.items()}
    for entry in lookup.entries():
        for name, words in entry.language.personal_data.words.items():
            lists.setdefault(name, []).extend(words)
    words_of = {name: "(?:" + ("|".join(words) or "(?!)") + ")" for name, words in lists.items()}
    return {**_NO_WORDS, **words_of, **common().parts, "iban": _accounts()}


def spelled(pattern: str, definition: Definition) -> str:
    """A pattern with what its {names} stand for."""
    known = pieces()
    for _ in range(_DEEPEST_PART):
        if not (found := _PART.search(pattern)):
            return pattern
        if found[1] not in known:
            raise definition.refused(f"{found[0]} is none of the parts ({', '.join(sorted(known))})")
        pattern = _PART.sub(lambda match: known.get(match[1], match[0]), pattern)
    raise definition.refused(f"its parts hold each other more than {_DEEPEST_PART} deep")


# Lists that the file of no language asks for and leaves to languages.
_NO_WORDS = dict.fromkeys(("particle", "code_sign", "money", "money_sign", "unit_sign"), "(?:(?!))")


def _rank(definition: Definition) -> tuple[int, bool, bool]:
    entry = definition.entry
    if entry.unmistakable:
        certainty = 0
    elif entry.cue:
        certainty = 1
    else:
        certainty = 2 if entry.check or entry.remainder else 3
    return certainty, entry.type in common().types, definition.language != ""


@lookup.cached
def _read_common() -> DataFile[CommonData]:
    return read_data(COMMON, CommonData, "a file of personal data")


def _place(path: Path, lines: Mapping[Key, int], index: int) -> str:
    return f"{path.name}, line {lines[('patterns', str(index))]}"


def _accounts() -> str:
    """What an IBAN looks like: the length of its country, in one piece or in groups of four."""
    return "(?:" + "|".join(_account_forms()) + ")"


def _account_forms() -> Iterator[str]:
    for length, countries in IBAN_LENGTHS.items():
        groups, rest = divmod(length - 4, 4)
        form = "|".join(
            rf"(?:{mark}[A-Z0-9]{{4}}){{{groups}}}" + (rf"{mark}[A-Z0-9]{{{rest}}}" if rest else "")
            for mark in ("", " ", "-")
        )
        yield rf"(?:{'|'.join(countries.split())})\d\d(?:{form})"
