"""Prompts made of a policy's templates and actions: as many as are asked for, spread evenly, none twice.

One decision: nothing is drawn at random. In each language and category actions take turns and templates with them, in
the order of a hash with the seed, so that any number of prompts uses as many of both as it can; and each harmless twin
stands in the template of a harmful prompt of its category.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aurora.redteam.clauses import clause_hashes
from aurora.redteam.generating.apart import Apart
from aurora.redteam.generating.prompt import Prompt, prompts_of
from aurora.redteam.policy import Policy
from aurora.redteam.prompts import Item, expand, harmless_items, spread

Cell = tuple[str, str]  # language, category
BENIGN_SHARE = 2  # one harmless twin for so many harmful prompts


@dataclass
class Made:
    """What was made: prompts in an order of which any first few cover everything, and how many were too alike."""

    prompts: list[Prompt]
    left_out: int
    harmful: int
    twins: int
    whole: int


@dataclass
class _Turns:
    """The prompts of a cell that may still be taken, and those that were."""

    items: Iterator[Item]
    wanted: int
    taken: list[Item] = field(default_factory=list)


def make(policy: Policy, count: int, seed: int) -> Made:
    """`count` harmful prompts, a harmless twin for every second of them, and the policy's whole harmless prompts.

    Fewer where the words give no more.
    """
    cells = [(language, leaf.id) for language in policy.words for leaf in policy.file.leaves()]
    by_kind = _by_cell(policy)
    apart, left_out = Apart(), 0
    whole = [item for item, fits in _fitting(apart, list(harmless_items(policy))) if fits]
    harmful = {cell: _Turns(_in_turn(by_kind["harmful"][cell], seed), share) for cell, share in _shares(cells, count)}
    left_out += _fill(apart, harmful)
    twins: dict[str, str] = {}
    benign = {
        cell: _Turns(_twins(by_kind["benign"][cell], harmful[cell].taken, seed, twins), share)
        for cell, share in _shares(cells, count // BENIGN_SHARE)
    }
    left_out += _fill(apart, benign)
    items = [item for turns in (*harmful.values(), *benign.values()) for item in turns.taken] + whole
    prompts = prompts_of(spread(items), policy, clause_hashes(policy.file), twins)
    return Made(prompts, left_out, _number(harmful), _number(benign), len(whole))


def _number(cells: Mapping[Cell, _Turns]) -> int:
    return sum(len(turns.taken) for turns in cells.values())


def _shares(cells: Sequence[Cell], count: int) -> Iterator[tuple[Cell, int]]:
    """Each cell with its part of `count`, as evenly as whole numbers allow."""
    for number, cell in enumerate(cells):
        yield cell, (number + 1) * count // len(cells) - number * count // len(cells)


def _by_cell(policy: Policy) -> dict[str, dict[Cell, list[list[Item]]]]:
    """By kind and cell, for each action its prompts by template."""
    by_kind: dict[str, dict[Cell, list[list[Item]]]] = {"harmful": {}, "benign": {}}
    for item in expand(policy):
        actions = by_kind[item.kind].setdefault((item.language, item.category), [])
        if not actions or len(actions[-1]) == len(policy.words[item.language].templates):
            actions.append([])
        actions[-1].append(item)
    return by_kind


def _in_turn(actions: Sequence[Sequence[Item]], seed: int) -> Iterator[Item]:
    """Every prompt of a cell once: actions in turn, each time in the next template."""
    ordered = sorted(actions, key=lambda prompts: _key(seed, prompts[0].id))
    templates = sorted(range(len(ordered[0])), key=lambda place: _key(seed, ordered[0][place].template))
    for turn in range(len(templates)):
        for number, prompts in enumerate(ordered):
            yield prompts[templates[(number + turn) % len(templates)]]


def _twins(
    actions: Sequence[Sequence[Item]], harmful: Sequence[Item], seed: int, twins: dict[str, str]
) -> Iterator[Item]:
    """Harmless prompts in the templates of harmful ones, actions in turn; `twins` gets what each is the twin of."""
    ordered = sorted(actions, key=lambda prompts: _key(seed, prompts[0].id))
    by_template = [{item.template: item for item in prompts} for prompts in ordered]
    for turn in range(len(ordered)):
        for number, one in enumerate(harmful):
            twin = by_template[(number + turn) % len(ordered)][one.template]
            if twin.id not in twins:
                twins[twin.id] = one.id
                yield twin


def _fill(apart: Apart, cells: dict[Cell, _Turns]) -> int:
    """Let each cell take what it wants of its prompts; returns how many were too like others."""
    left_out = 0
    while True:
        candidates: list[tuple[_Turns, Item]] = []
        for turns in cells.values():
            missing = turns.wanted - len(turns.taken)
            candidates += [(turns, item) for _, item in zip(range(missing), turns.items, strict=False)]
        if not candidates:
            return left_out
        fitting = _fitting(apart, [item for _, item in candidates])
        for (turns, _), (item, fits) in zip(candidates, fitting, strict=True):
            if fits:
                turns.taken.append(item)
            else:
                left_out += 1


def _fitting(apart: Apart, items: Sequence[Item]) -> list[tuple[Item, bool]]:
    fits = apart.take([item.prompt for item in items], [item.language for item in items])
    return list(zip(items, fits, strict=True))


def _key(seed: int, name: str) -> str:
    return hashlib.sha256(f"{seed}\0{name}".encode()).hexdigest()
