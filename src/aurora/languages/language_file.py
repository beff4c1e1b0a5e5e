"""Reading a language's file, and saying what is wrong with one.

One decision: whatever is wrong is one sentence with file, line and key, for files of ours and of users alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from aurora.complaints import MISSING, UNKNOWN, complaint
from aurora.errors import UserError
from aurora.languages.language import Language
from aurora.yaml_nodes import Key, read_table

_LONGEST_MESSAGE = 300  # characters; some quote what stood there


@dataclass(frozen=True, eq=False)
class Entry:
    """A language, the file it was read from, and the line of every key."""

    language: Language
    path: Path
    lines: dict[Key, int] = field(repr=False)

    def place(self, *key: str) -> str:
        """File and line of a key, as messages name them."""
        stated = next((key[:length] for length in range(len(key), 0, -1) if key[:length] in self.lines), None)
        return f"{self.path}, line {self.lines[stated]}" if stated else str(self.path)


def read(path: Path) -> Entry:
    """A language's file. Raises `UserError` naming file, line and key of what is wrong with it."""
    try:
        values, lines = read_table(path, "a language's file")
        return Entry(Language.model_validate(values), path, lines)
    except FileNotFoundError as error:
        raise UserError(f"There is no language's file {path}: check `languages` in the recipe.") from error
    except ValidationError as error:
        raise UserError(sentence_of(error, path, lines)) from error


def sentence_of(error: ValidationError, path: Path, lines: dict[Key, int]) -> str:
    """The first problem of a file of data in one sentence: file, line, key, what is wrong."""
    # A misspelt key often also makes another one "missing": the misspelling is the cause, so it comes first.
    problem = min(error.errors(), key=lambda problem: problem["type"] != UNKNOWN)
    key = tuple(str(part) for part in problem["loc"] if part != "[key]")
    stated = next((key[:length] for length in range(len(key), 0, -1) if key[:length] in lines), None)
    where = f"{path}, line {lines[stated]}" if stated else str(path)
    message = complaint(problem)[:_LONGEST_MESSAGE]
    known = "docs/language.md lists the keys"
    said = {UNKNOWN: f"there is no such key; {known}", MISSING: f"this key is missing; {known}"}
    return f"{where}: {'.'.join(key)}: {said.get(problem['type'], message[0].lower() + message[1:])}."
