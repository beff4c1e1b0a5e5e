"""Files of data that people write (a policy, its words, a language), read into types.

One decision: as of a recipe, all that is wrong is told at once. What can be mended without guessing a value is mended
in a copy, which is only looked at: so what its keys mean together is told as well, and nothing is made of it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from aurora.errors import Mistakes
from aurora.nearest import nearest
from aurora.written.mistakes import Mistake, mistakes_of
from aurora.written.sections import section_at
from aurora.written.yaml_nodes import Key, read_table

Read = TypeVar("Read", bound=BaseModel)


@dataclass(frozen=True)
class Places:
    """Where the keys of a file stand."""

    path: Path
    lines: Mapping[Key, int] = field(repr=False)

    def place(self, *key: str) -> str:
        """File and line of a key, or of the table it would stand in."""
        line = self.line(key)
        return f"{self.path}, line {line}" if line else str(self.path)

    def line(self, key: Key) -> int:
        """The line of a key, or of the table it would stand in; 0 where that is the file."""
        return next((self.lines[key[:length]] for length in range(len(key), 0, -1) if key[:length] in self.lines), 0)

    def sentences(self, mistakes: Iterable[Mistake]) -> list[str]:
        """A sentence for each mistake, in the order of their lines."""
        placed = sorted(dict.fromkeys(mistakes), key=lambda one: self.line(one.key))
        return [one.sentence(self.place(*one.key), "this file") for one in placed]


@dataclass(frozen=True)
class DataFile(Generic[Read]):
    """A file as it was read: its `content`, whole or as far as it could be mended, and what is wrong with it."""

    content: Read | None
    places: Places
    wrong: list[Mistake]
    gone: list[Key]

    def sentences(self, judged: Callable[[Read], Iterable[Mistake]] | None = None) -> list[str]:
        """All that is wrong, with what `judged` finds in the content that does not follow from what was mended."""
        found = list(self.wrong)
        if judged is not None and self.content is not None:
            found += [
                one for one in judged(self.content) if not any(one.key == key[: len(one.key)] for key in self.gone)
            ]
        return self.places.sentences(found)

    def checked(self, judged: Callable[[Read], Iterable[Mistake]] | None = None) -> Read:
        """The content; raises `Mistakes` where anything is wrong with it."""
        if told := self.sentences(judged):
            raise Mistakes(str(self.places.path), told)
        assert self.content is not None
        return self.content


def read_data(path: Path, kind: type[Read], what: str) -> DataFile[Read]:
    """A file of `what`; raises FileNotFoundError, and `UserError` for one that cannot be read at all."""
    values, lines = read_table(path, what)
    places = Places(path, lines)
    try:
        return DataFile(kind.model_validate(values), places, [], [])
    except ValidationError as error:
        wrong = mistakes_of(error, values, kind)
    mended, gone = copy.deepcopy(values), list[Key]()
    for mistake in reversed(wrong):  # items of a list from its end, so that places stay what they are
        _mend(mended, mistake, kind, gone)
    try:
        return DataFile(kind.model_validate(mended), places, wrong, gone)
    except ValidationError:
        return DataFile(None, places, wrong, gone)


def _mend(values: dict[str, Any], mistake: Mistake, kind: type[BaseModel], gone: list[Key]) -> None:
    """Take a mistake out of the values; a key that was meant to be another becomes that."""
    *above, last = mistake.key or ("",)
    table: Any = values
    for part in above:
        table = table[int(part)] if isinstance(table, list) else table.get(part) if isinstance(table, dict) else None
    if isinstance(table, list) and last.isdecimal() and int(last) < len(table):
        del table[int(last)]
        gone.append(mistake.key)
    elif isinstance(table, dict) and last in table:
        value = table.pop(last)
        section = section_at(kind, tuple(above), values)
        meant = nearest(last, section.model_fields) if section else None
        if mistake.subject != "unknown key":
            gone.append(mistake.key)
        elif meant is not None and meant not in table:
            table[meant] = value
