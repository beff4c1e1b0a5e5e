"""What hangs on an edited policy in files: prompts, rows and pairs by the hash of their clause, and labels of a review.

One decision: what a file is shows in its first line, so a folder can be given as it stands, with the log of a review
(or the review app's own database) beside the prompts and the dataset that came of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aurora.errors import UserError
from aurora.files import read_json_lines
from aurora.redteam.changes.clauses import Changes
from aurora.redteam.clauses import HASH_DIGITS
from aurora.redteam.generating.writing import ENDING
from aurora.redteam.review.log.contents import PolicyVersion
from aurora.redteam.review.log.event import Event
from aurora.redteam.review.log.file import read_state
from aurora.redteam.review.log.replay import hanging, replay
from aurora.redteam.review.log.state import State

PROJECT = "review.sqlite"  # as the review app names it, whose packages need not be here


@dataclass
class Rows:
    """A file of prompts, rows or pairs: how many of the policy's there are, the ids of those that hang on an edited
    clause, and how many were made under a clause of neither version."""

    file: str
    rows: int = 0
    hanging: list[str] = field(default_factory=list)
    unknown: int = 0


@dataclass
class Labels:
    """The log of a review: how many labels stand, those that hang on an edited clause by the number of their event, and
    the items that they are of."""

    file: str
    labels: int
    hanging: list[int]
    items: list[str]


def look_through(place: Path, changes: Changes) -> tuple[list[Rows], list[Labels]]:
    """The files of a place that have to do with the policy."""
    rows: list[Rows] = []
    labels: list[Labels] = []
    for path in _files(place):
        if path.name == PROJECT:
            labels.append(_labels(path, _state_in(path), changes))
            continue
        first = next(iter(read_json_lines(path)), None)
        if not isinstance(first, dict):
            continue
        if first.get("kind") == "head" and "previous" in first:
            labels.append(_labels(path, read_state(path), changes))
        else:
            rows.append(_rows(path, changes))
    _add_pairs(rows, changes)
    return [one for one in rows if one.rows], labels


def version_of(changes: Changes) -> PolicyVersion:
    """The new version of the policy as the log of a review names it."""
    return PolicyVersion(id=changes.policy, version=changes.versions[1], title=changes.policy, clauses=changes.new)


def _files(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    elif place.is_dir():
        inside = (path for name in (f"*{ENDING}", PROJECT) for path in place.rglob(name) if path.is_file())
        yield from sorted(path for path in inside if not any(part.startswith(".") for part in path.parts))
    else:
        raise UserError(f"--data {place} does not exist: give a file of JSON lines, or a folder.")


def _rows(path: Path, changes: Changes) -> Rows:
    """The rows of a file that name the policy; pairs, which name the row that they are of, are seen to afterwards."""
    found = Rows(str(path))
    touched, known = changes.touched, {*changes.old.values(), *changes.new.values()}
    for row in read_json_lines(path):
        if not isinstance(row, dict) or row.get("policy") != changes.policy:
            continue
        found.rows += 1
        clause = str(row.get("clause", ""))
        if touched.get(str(row.get("category"))) == clause:
            found.hanging.append(str(row.get("id", "")))
        elif len(clause) != HASH_DIGITS or clause not in known:
            found.unknown += 1
    return found


def _add_pairs(rows: list[Rows], changes: Changes) -> None:
    """Let a pair hang where the row beside it does that it is of."""
    for found in rows:
        if found.rows:
            continue
        path = Path(found.file)
        beside = {id for other in rows if Path(other.file).parent == path.parent for id in other.hanging}
        pairs = [
            row
            for row in read_json_lines(path)
            if isinstance(row, dict) and {"item", "chosen", "rejected"} <= row.keys()
        ]
        found.rows = len(pairs)
        found.hanging = [str(pair.get("id", "")) for pair in pairs if _of(pair) in beside]


def _of(pair: dict[str, Any]) -> str:
    return str(pair["item"])


def _state_in(path: Path) -> State:
    """The state of a review in its app's own database, which is only read: the app may be running."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            lines = database.execute("SELECT line FROM events ORDER BY sequence")  # as the app's tables say
            return replay(Event.read(line) for (line,) in lines)
    except sqlite3.Error as error:
        raise UserError(
            f"{path} cannot be read as a review ({error}): write its log by `aurora redteam review --data DIR "
            "--save-log FILE`, and give that."
        ) from error


def _labels(path: Path, state: State, changes: Changes) -> Labels:
    fallen = hanging(state, version_of(changes)) if changes.policy in state.policies else []
    given = {
        one.number: item.id
        for item in state.items.values()
        for one in (*item.reviews.values(), *filter(None, [item.adjudication]))
    }
    return Labels(str(path), len(given), fallen, sorted({given[number] for number in fallen}))
