"""Two versions of a policy: which clauses read otherwise, and which prompts its words make otherwise.

One decision: a clause is compared by its hash, and a prompt by its id and its answer, so a moved line, a comment or a
new version number touches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from aurora.errors import UserError
from aurora.redteam.clauses import clause_hashes, clause_of, lines_of
from aurora.redteam.hazards import hazards_of
from aurora.redteam.policy import Policy, PolicyFile
from aurora.redteam.prompts import Item, expand, harmless_items


@dataclass(frozen=True)
class Edited:
    """A clause that reads otherwise: its hashes, and the keys that differ, with the category that they stand in."""

    old: str
    new: str
    keys: list[str]


@dataclass(frozen=True)
class Worded:
    """Prompts of one language that are gone, new, or answered otherwise, by id."""

    gone: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Changes:
    """What is different between two versions of a policy. `old` and `new` are the hashes of all clauses, `words` is of
    the languages that both have, and `hanging` are the prompts of the old words by the category that they hang on."""

    policy: str
    versions: tuple[str, str]
    old: dict[str, str]
    new: dict[str, str]
    edited: dict[str, Edited]
    words: dict[str, Worded]
    hanging: dict[str, list[str]]
    hazards: dict[str, list[str]]

    @property
    def gone(self) -> list[str]:
        """The categories that are no more."""
        return [name for name in self.old if name not in self.new]

    @property
    def added(self) -> list[str]:
        """The categories that were not there."""
        return [name for name in self.new if name not in self.old]

    @property
    def touched(self) -> dict[str, str]:
        """The hash that labels were given under, of each category whose clause reads otherwise or is gone."""
        return {name: self.old[name] for name in (*self.edited, *self.gone)}


def changes_between(old: Policy, new: Policy) -> Changes:
    """What an edit changed; `UserError` for two policies that are not one in two versions."""
    if old.file.id != new.file.id:
        raise UserError(
            f"These are two policies, {old.file.id} and {new.file.id}: give two versions of one, of the same id."
        )
    before, after = clause_hashes(old.file), clause_hashes(new.file)
    edited = {
        name: Edited(before[name], after[name], list(_keys(old.file, new.file, name)))
        for name in before
        if name in after and before[name] != after[name]
    }
    touched = {*edited, *(name for name in before if name not in after)}
    made = _prompts(old)
    both = set(old.words) & set(new.words)
    return Changes(
        policy=old.file.id,
        versions=(old.file.version, new.file.version),
        old=before,
        new=after,
        edited=edited,
        words=_words(_of(both, made), _of(both, _prompts(new))),
        hanging={
            name: [item.id for item in made.values() if item.category == name] for name in before if name in touched
        },
        hazards=hazards_of(old.file),
    )


def _keys(old: PolicyFile, new: PolicyFile, category: str) -> Iterator[str]:
    """The keys of a category's clause that differ, as `CATEGORY.KEY`."""
    lines = [next(line for line in lines_of(file) if line[-1].id == category) for file in (old, new)]
    ids = [[one.id for one in line] for line in lines]
    if ids[0] != ids[1]:
        yield f"{category} stands elsewhere"
        return
    for before, after in zip(clause_of(old, lines[0]), clause_of(new, lines[1]), strict=True):
        yield from (f"{before['id']}.{key}" for key in before if before[key] != after[key])


def _prompts(policy: Policy) -> dict[str, Item]:
    return {item.id: item for item in (*expand(policy), *harmless_items(policy))}


def _of(languages: set[str], prompts: dict[str, Item]) -> dict[str, Item]:
    return {id: item for id, item in prompts.items() if item.language in languages}


def _words(old: dict[str, Item], new: dict[str, Item]) -> dict[str, Worded]:
    worded: dict[str, Worded] = {}
    for id, item in old.items():
        own = worded.setdefault(item.language, Worded())
        if id not in new:
            own.gone.append(id)
        elif new[id].response != item.response:
            own.answered.append(id)
    for id, item in new.items():
        if id not in old:
            worded.setdefault(item.language, Worded()).new.append(id)
    return {language: own for language, own in worded.items() if own.gone or own.new or own.answered}
