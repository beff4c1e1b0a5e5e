"""Finds all mistakes of a recipe at once.

One decision: mistakes are repaired in a copy as far as possible without guessing a number, and the copy is validated
again, because types look into a table only when its values are valid. The copy is discarded: nothing runs on a guess.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from aurora.nearest import nearest
from aurora.recipe.recipe import APART, Recipe
from aurora.recipe.references import references
from aurora.written.mistakes import Mistake, mistakes_of, said
from aurora.written.sections import section_at
from aurora.written.yaml_nodes import Key

MOST_ROUNDS = 8  # each repairs one level of tables, and recipes nest no deeper
# The smallest valid tables: where one is too broken to repair, its stand-in lets the tables beside it be checked.
STAND_INS: dict[str, Any] = {
    "name": "recipe",
    "tokens": {"train": {}},
    "model": {"architecture": {"layers": 1, "width": 2, "heads": 1, "positions": 2}},
    "stages": {
        "0": {
            "start": "model",
            "tokens": 2,
            "batch_tokens": 2,
            "sequence_length": 2,
            "mixture": {"redteam/benign": 1},
            "schedule": {"peak": 1},
        }
    },
}


def validated(values: Mapping[str, Any]) -> tuple[Recipe | None, list[Mistake]]:
    """(the recipe, no mistakes), or (the recipe as far as it could be mended, all that is wrong with `values`)."""
    try:
        return Recipe.model_validate(values), []
    except ValidationError as error:
        first = error
    found = dict.fromkeys(mistakes_of(first, values, Recipe))
    found |= {said((), what): None for what in references(values)}
    mended, gone = copy.deepcopy(dict(values)), list[Key]()
    for _ in range(MOST_ROUNDS):
        try:
            return Recipe.model_validate(mended, context=APART), [*found]
        except ValidationError as error:
            all_now = mistakes_of(error, mended, Recipe)
        now = [mistake for mistake in all_now if not _follows(mistake, gone)]
        found |= dict.fromkeys(now)
        if not [mistake for mistake in now if _mend(mended, mistake, gone)]:
            for mistake in all_now:
                _leave_out(mended, mistake.key)
    return None, [*found]


def _leave_out(values: dict[str, Any], key: Key) -> None:
    """Take the stage, source or table out that a key lies in, with a stand-in for what no recipe can be without."""
    top = key[0] if key else ""
    if top == "stages" and len(key) > 1 and isinstance(values.get(top), dict):
        values[top].pop(key[1], None)
    elif top == "corpus" and key[1:2] == ("sources",) and len(key) > 2:
        values[top][key[1]].pop(key[2], None)
    else:
        values.pop(top, None)
    for name, stand_in in STAND_INS.items():
        if not values.get(name):
            values[name] = copy.deepcopy(stand_in)


def _follows(mistake: Mistake, gone: Sequence[Key]) -> bool:
    """Whether a mistake is only there because a value was taken away, not because of what is stated."""
    key = mistake.key
    return any(key == taken[: len(key)] or (mistake.judged and key[: len(taken) - 1] == taken[:-1]) for taken in gone)


def _mend(values: dict[str, Any], mistake: Mistake, gone: list[Key]) -> bool:
    """Take a mistake out of the values, where that is possible; what was meant to be another key becomes that."""
    key = mistake.key[:-1] if mistake.key[-1:] == ("kind",) else mistake.key
    *above, last = key or ("",)
    table: Any = values
    for part in above:
        table = table[int(part)] if isinstance(table, list) else table.get(part) if isinstance(table, dict) else None
    if isinstance(table, list) and last.isdecimal() and int(last) < len(table):
        table[int(last)] = table[0 if int(last) else -1]  # not taken out: places of other mistakes would move
        gone.append(key)
        return True
    if not isinstance(table, dict) or last not in table:
        return False
    meant = _meant(tuple(above), last, values) if mistake.subject == "unknown key" else None
    value = table.pop(last)
    if meant is not None and meant not in table:
        table[meant] = value
    elif mistake.subject != "unknown key":
        gone.append(key)
    return True


def _meant(table: Key, name: str, values: Mapping[str, Any]) -> str | None:
    section = section_at(Recipe, table, values)
    return nearest(name, section.model_fields) if section else None
