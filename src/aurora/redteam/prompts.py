"""Prompts and answers from a policy: every template with every action.

One decision: harmful and benign actions share their templates, so a model can only tell them apart by what is asked;
and the split is by template, so every held-out prompt has a wording that no training prompt had.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from aurora.languages.lookup import is_spaced
from aurora.redteam.policy import SLOT, Policy

Kind = Literal["harmful", "benign"]
WHOLE = "whole"  # stands for the template of a prompt that none made


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
        for category in policy.file.leaves():
            category_words = words.categories[category.id]
            actions: list[tuple[Kind, str, str]] = [
                ("harmful", action, category_words.reason) for action in category_words.harmful_actions()
            ]
            actions += [("benign", action, answer) for action, answer in category_words.benign.items()]
            for kind, action, answer in actions:
                for template, text in words.templates.items():
                    prompt = text.replace(SLOT, action)
                    digest = _hash(policy.file.id, language, template, action)
                    # The digest picks the opening: spread evenly, and the same in every run.
                    refusal = words.openings[int(digest, 16) % len(words.openings)]
                    opening = words.agreement if kind == "benign" else refusal
                    response = joined(language, opening, answer)
                    yield Item(digest[:16], policy.file.id, category.id, language, kind, template, prompt, response)


def joined(language: str, opening: str, rest: str) -> str:
    """An answer's first sentence with what follows it."""
    return opening + (" " if is_spaced(language) else "") + rest


def harmless_items(policy: Policy) -> Iterator[Item]:
    """The policy's whole prompts, which no template made and nobody has answered yet."""
    for language, words in policy.words.items():
        for category in policy.file.leaves():
            for prompt in words.categories[category.id].harmless:
                digest = _hash(policy.file.id, language, WHOLE, prompt)[:16]
                yield Item(digest, policy.file.id, category.id, language, "benign", WHOLE, prompt, "")


def items_apart(items: Iterable[Item], shares: Sequence[float], seed: int) -> list[frozenset[str]]:
    """For each share the ids of about so many of the items of each language and category, at least one, and none of an
    earlier share; some are left of all."""
    groups: dict[tuple[str, str], list[str]] = {}
    for item in items:
        groups.setdefault((item.language, item.category), []).append(item.id)
    chosen: list[set[str]] = [set() for _ in shares]
    for ids in groups.values():
        order = sorted(ids, key=lambda own: _hash(str(seed), own))
        for part, own in zip(chosen, _parts(order, shares), strict=True):
            part.update(own)
    return [frozenset(part) for part in chosen]


def templates_apart(policy: Policy, shares: Sequence[float], seed: int) -> list[dict[str, frozenset[str]]]:
    """For each share, by language, the templates that no training item uses: about so many, at least one, and none of
    an earlier share; some are left of all."""
    chosen: list[dict[str, frozenset[str]]] = [{} for _ in shares]
    for language, words in policy.words.items():
        order = sorted(words.templates, key=lambda template: _hash(str(seed), language, template))
        for part, own in zip(chosen, _parts(order, shares), strict=True):
            part[language] = frozenset(own)
    return chosen


def spread(items: list[Item]) -> list[Item]:
    """Items ordered so that any first few cover languages, kinds, categories and templates evenly.

    Within a language and kind, categories take turns, and in a category its whole prompts with those of templates;
    each of these come in hash order.
    """
    turns: dict[tuple[str, str, str, bool], int] = {}
    keyed: list[tuple[int, tuple[str, str, str, bool], Item]] = []
    for item in sorted(items, key=lambda item: item.id):
        group = (item.language, item.kind, item.category, item.template == WHOLE)
        turns[group] = turns.get(group, 0) + 1
        keyed.append((turns[group], group, item))
    return [item for *_, item in sorted(keyed, key=lambda entry: entry[:2])]


def _parts(order: Sequence[str], shares: Sequence[float]) -> Iterator[Sequence[str]]:
    """The next of `order` for each share, one or more; but one is left for every later share, and one for none."""
    begin = 0
    for later, share in zip(range(len(shares), 0, -1), shares, strict=True):
        count = min(max(1, math.floor(share * len(order) + 0.5)), max(0, len(order) - begin - later))
        yield order[begin : begin + count]
        begin += count


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
