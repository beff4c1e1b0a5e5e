"""The dataset that a state comes to: training and held-out rows, preference pairs and the agreement table.

One decision: it is a pure function of the state and three settings; nothing of where, when and by whom it is exported
enters it, so two exports of one log are the same bytes, and `digest` names them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from aurora.errors import UserError
from aurora.files import canonical_json
from aurora.redteam.review.agreement import agreement_table
from aurora.redteam.review.exporting.apart import clusters_of, held_out
from aurora.redteam.review.exporting.rows import Preference, Row, preferences_of, rows_of
from aurora.redteam.review.log.state import DECIDED, State

HELD_OUT_SHARE, SEED = 0.2, 1


@dataclass(frozen=True)
class Dataset:
    """Everything that is exported; `facts` says of which log and project it is."""

    train: list[Row]
    held_out: list[Row]
    preferences: list[Preference]  # of training rows
    agreement: dict[str, Any]
    facts: dict[str, Any]

    @property
    def rows(self) -> list[Row]:
        """All rows, those to train on first."""
        return [*self.train, *self.held_out]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over all rows, pairs and figures."""
        parts: list[list[dict[str, Any]]] = [
            [row.table() for row in self.train],
            [row.table() for row in self.held_out],
        ]
        parts += [[pair.table() for pair in self.preferences], [self.agreement]]
        return hashlib.sha256(canonical_json(parts)).hexdigest()

    def summary(self) -> dict[str, Any]:
        """What the dataset is of, and how much of what is in it."""
        return {
            **self.facts,
            "dataset_sha256": self.digest,
            "train": _counts(self.train),
            "held_out": _counts(self.held_out),
            "preferences": len(self.preferences),
        }


def dataset_of(state: State, share: float = HELD_OUT_SHARE, seed: int = SEED) -> Dataset:
    """The dataset of a project as it stands; `UserError` where nothing has been accepted yet."""
    assert state.head is not None
    assert state.settings is not None
    rows = rows_of(state)
    if not rows:
        raise UserError(
            f"Nothing is accepted yet ({_progress(state)}), so there is nothing to export: review some items first."
        )
    answered = [row for row in rows if row.response.strip()]
    clusters = clusters_of([(row.language, row.prompt) for row in answered])
    answered = [replace(row, cluster=answered[first].id) for row, first in zip(answered, clusters, strict=True)]
    apart = held_out(answered, share, seed) if share else frozenset()
    train = [row for row in answered if row.id not in apart]
    facts = {
        "project": state.head.project,
        "log": {"events": state.count, "last": state.last, "key": state.head.key},
        "policies": [
            {"id": policy.id, "version": policy.version, "title": policy.title} for policy in state.policies.values()
        ],
        "settings": {
            "reviews": state.settings.reviews,
            "most": state.settings.most,
            "threshold": state.settings.threshold,
            "labels": [label.model_dump() for label in state.settings.labels],
        },
        "split": {"held_out_share": share, "seed": seed},
        "items": {
            "imported": len(state.items),
            "accepted": len(rows),
            "rejected": sum(item.status == "rejected" for item in state.items.values()),
            "undecided": sum(item.status not in DECIDED for item in state.items.values()),
            "without_answer": len(rows) - len(answered),
        },
    }
    left_out = [row for row in answered if row.id in apart]
    return Dataset(train, left_out, preferences_of(state, train), agreement_table(state), facts)


def _progress(state: State) -> str:
    counted = Counter(item.status for item in state.items.values())
    told = ", ".join(f"{count:,} {status.replace('_', ' ')}" for status, count in sorted(counted.items()))
    return told or "there are no items"


def _counts(rows: Iterable[Row]) -> dict[str, Any]:
    rows = list(rows)
    return {
        "rows": len(rows),
        "by_language": _by(row.language for row in rows),
        "by_category": _by(row.category for row in rows),
        "by_kind": _by(row.kind for row in rows),
        "by_license": _by(row.license for row in rows),
        "by_source": _by(row.source for row in rows),
    }


def _by(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
