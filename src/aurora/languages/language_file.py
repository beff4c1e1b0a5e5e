"""Reading a language's file, and saying what is wrong with one.

One decision: whatever is wrong is a sentence with file, line and key, for files of ours and of users alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from aurora.errors import UserError
from aurora.languages.language import Language
from aurora.written.data_files import Places, read_data


@dataclass(frozen=True, eq=False)
class Entry:
    """A language, and where its file says what."""

    language: Language
    places: Places = field(repr=False)

    @property
    def path(self) -> Path:
        """The file it was read from."""
        return self.places.path

    def place(self, *key: str) -> str:
        """File and line of a key, as messages name them."""
        return self.places.place(*key)


def read(path: Path) -> Entry:
    """A language's file. Raises `Mistakes` naming file, line and key of all that is wrong with it."""
    try:
        file = read_data(path, Language, "a language's file")
    except FileNotFoundError as error:
        raise UserError(f"There is no language's file {path}: check `languages` in the recipe.") from error
    return Entry(file.checked(), file.places)
