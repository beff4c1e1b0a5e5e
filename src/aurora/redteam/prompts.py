"""Prompts and answers from a policy: every template with every action.

One decision: harmful and benign actions share their templates, so a model can only tell them apart by what is asked;
and the split is by template, so every held-out prompt has a wording that no training prompt had.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from aurora.languages.lookup import is_spaced
from aurora.redteam.policy import SLOT, Policy

Kind = Literal["harmful", "benign"]


@dataclass(frozen=True)
class Item:
    """One prompt with the answer that the policy asks for."""

    id: str
    policy: str
    category: str
    language: str
    kind: Kind
    template: str
    prompt: str
    response: str


def expand(policy: Policy) -> Iterator[Item]:
    """Every item of a policy: languages, categories, kinds, actions and templates in their written order."""
    for language, words in policy.words.items():
        for category in policy.file.categories:
            category_words = words.categories[category.id]
            actions: list[tuple[Kind, str, str]] = [
                ("harmful", action, category_words.reason) for action in category_words.harmful
            ]
            actions += [("benign", action, answer) for action, answer in category_words.benign.items()]
            for kind, action, answer in actions:
                for template, text in words.templates.items():
                    prompt = text.replace(SLOT, action)
                    digest = _hash(policy.file.name, language, template, action)
                    # The digest picks the opening: spread evenly, and the same in every run.
                    refusal = words.openings[int(digest, 16) % len(words.openings)]
                    opening = words.agreement if kind == "benign" else refusal
                    response = opening + (" " if is_spaced(language) else "") + answer
                    yield Item(digest[:16], policy.file.name, category.id, language, kind, template, prompt, response)


def held_out_templates(policy: Policy, share: float, seed: int) -> dict[str, frozenset[str]]:
    """By language, the templates that no training item uses: about `share` of them, at least one and not all."""
    chosen: dict[str, frozenset[str]] = {}
    for language, words in policy.words.items():
        order = sorted(words.templates, key=lambda template: _hash(str(seed), language, template))
        count = min(max(1, math.floor(share * len(order) + 0.5)), len(order) - 1)
        chosen[language] = frozenset(order[:count])
    return chosen


def spread(items: list[Item]) -> list[Item]:
    """Items ordered so that any first few cover languages, kinds, categories and templates evenly.

    Within a language and kind, categories take turns; a category's own items come in hash order.
    """
    turns: dict[tuple[str, str, str], int] = {}
    keyed: list[tuple[int, str, str, str, Item]] = []
    for item in sorted(items, key=lambda item: item.id):
        group = (item.language, item.kind, item.category)
        turns[group] = turns.get(group, 0) + 1
        keyed.append((turns[group], *group, item))
    return [item for *_, item in sorted(keyed, key=lambda entry: entry[:4])]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
