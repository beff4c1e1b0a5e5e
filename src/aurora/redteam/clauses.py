"""The clause of a category: what a reviewer reads beside an item, and its hash.

One decision: a label hangs on the text that it was given under. The hash is of that text alone (the category's own, the
clauses of the source that it cites, and what stands above it), so a corrected clause changes the hash of its categories
and of no other, whatever the version of the file says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aurora.files import canonical_json

if TYPE_CHECKING:
    from aurora.redteam.policy import Category, PolicyFile

HASH_DIGITS = 16


def lines_of(file: PolicyFile) -> Iterator[tuple[Category, ...]]:
    """Each category that has words, with all that stand above it: (top, ..., itself)."""

    def below(above: tuple[Category, ...], categories: list[Category]) -> Iterator[tuple[Category, ...]]:
        for category in categories:
            line = (*above, category)
            if category.categories:
                yield from below(line, category.categories)
            else:
                yield line

    return below((), file.categories)


def clause_of(file: PolicyFile, line: tuple[Category, ...]) -> list[dict[str, Any]]:
    """The clause of a category as it is hashed: a table for each category of its line."""
    return [
        {
            "id": category.id,
            "title": category.title,
            "definition": category.definition,
            "refused": category.refused,
            "allowed": category.allowed,
            "clauses": {name: file.source.clauses.get(name, "") for name in category.clauses},
        }
        for category in line
    ]


def clause_hashes(file: PolicyFile) -> dict[str, str]:
    """The hash of each category's clause, by its id."""
    return {line[-1].id: _hash(clause_of(file, line)) for line in lines_of(file)}


def clause_hash(file: PolicyFile, category: str) -> str:
    """The hash of one category's clause; `KeyError` where there is no such category."""
    return clause_hashes(file)[category]


def _hash(clause: list[dict[str, Any]]) -> str:
    return hashlib.sha256(canonical_json(clause)).hexdigest()[:HASH_DIGITS]
