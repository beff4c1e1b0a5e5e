"""Clauses, and what changes their hash."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.redteam.clauses import clause_hash, clause_hashes
from aurora.redteam.policy import PolicyFile

POLICY: dict[str, Any] = {
    "id": "house",
    "version": "1.0",
    "title": "House rules",
    "status": "draft",
    "source": {"document": "rules", "clauses": {"4": "No theft.", "5": "No noise."}},
    "categories": [
        {
            "id": "things",
            "title": "Things",
            "definition": "What belongs to the house.",
            "categories": [
                {"id": name, "title": name, "definition": "d", "refused": "r", "allowed": "a", "clauses": ["4"]}
                for name in ("books", "chairs")
            ],
        },
        {"id": "noise", "title": "Noise", "definition": "d", "refused": "r", "allowed": "a", "clauses": ["5"]},
    ],
}


def changed(*key: Any, value: Any) -> PolicyFile:
    """The policy with one value replaced."""
    values: Any = PolicyFile.model_validate(POLICY).model_dump()
    table = values
    for part in key[:-1]:
        table = table[part]
    table[key[-1]] = value
    return PolicyFile.model_validate(values)


@pytest.mark.parametrize(
    ("key", "touched"),
    [
        (("version",), set()),
        (("title",), set()),
        (("status",), set()),
        (("source", "url"), set()),
        (("categories", 1, "crosswalk"), set()),
        (("categories", 1, "refused"), {"noise"}),
        (("categories", 1, "title"), {"noise"}),
        (("categories", 0, "categories", 1, "allowed"), {"chairs"}),
        (("categories", 0, "definition"), {"books", "chairs"}),
        (("source", "clauses", "5"), {"noise"}),
        (("source", "clauses", "4"), {"books", "chairs"}),
    ],
)
def test_a_clause_changes_with_its_own_text_and_with_what_it_rests_on(key: tuple[Any, ...], touched: set[str]) -> None:
    values = {"status": "in force", "version": "1.1", "crosswalk": {"ailuminate": ["ncr"]}}
    before, after = (
        clause_hashes(PolicyFile.model_validate(POLICY)),
        clause_hashes(changed(*key, value=values.get(key[-1], "other words"))),
    )
    assert set(before) == {"books", "chairs", "noise"}
    assert {name for name in before if before[name] != after[name]} == touched


def test_the_hash_of_a_clause_is_what_labels_were_given_under() -> None:
    """Golden: another hash would set every label aside that was ever given."""
    assert clause_hash(PolicyFile.model_validate(POLICY), "noise") == "86c17a2d7b8c5dbe"
    with pytest.raises(KeyError):
        clause_hash(PolicyFile.model_validate(POLICY), "things")
