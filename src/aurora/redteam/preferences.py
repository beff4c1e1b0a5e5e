"""Preference pairs of a red-team set: each prompt with the answer that is wanted, and one that is not.

One decision: people's choices come first. Of reviewed items the pairs are what reviewers passed over. Of a policy's own
prompts the unwanted answer is made of its words: of a harmful one a plain agreement that says no more, of a benign one
the refusal of its category, as if it were harmful. So nothing that a policy forbids is ever written here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aurora.errors import UserError
from aurora.files import as_written, atomic_file, read_json_lines
from aurora.redteam.policy import Policy
from aurora.redteam.prompts import Item, joined
from aurora.tokens.build import PREFERENCES_FILE


def opposite(item: Item, policy: Policy) -> str:
    """The answer that the policy does not want."""
    words = policy.words[item.language]
    if item.kind == "harmful":
        return words.agreement
    # The id picks the opening: spread evenly, and the same in every run.
    opening = words.openings[int(item.id, 16) % len(words.openings)]
    return joined(item.language, opening, words.categories[item.category].reason)


def write_preferences(path: Path, items: Sequence[Item], policy: Policy, reviewed: Path | None) -> None:
    """Write the pairs of items as JSON lines: those of the folder `reviewed`, or with their opposites."""
    rows = list(_with_opposites(items, policy) if reviewed is None else _passed_over(items, reviewed))
    if not rows:
        raise UserError(
            f"redteam.preferences: {reviewed} has no pairs of training items: reviewers passed over no draft and "
            "edited no answer; leave the key out."
        )
    with atomic_file(path, "w") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _with_opposites(items: Iterable[Item], policy: Policy) -> Iterator[dict[str, Any]]:
    for item in items:
        row = asdict(item)
        row["chosen"], row["rejected"] = row.pop("response"), opposite(item, policy)
        yield row


def _passed_over(items: Iterable[Item], reviewed: Path) -> Iterator[dict[str, Any]]:
    """The pairs of an exported folder that are of `items`."""
    ids = {item.id for item in items}
    path = reviewed / PREFERENCES_FILE
    with as_written(path):
        yield from (row for row in read_json_lines(path) if row["item"] in ids)
