"""Which drafted answers are worth a reviewer's time, and the items that hold them.

One decision: a draft that is not what the policy asks for is not put before people. A harmful prompt wants a refusal
that says more than that it is one, a harmless one an answer; what a model wrote instead is counted by its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import regex

from aurora.corpus.contamination.sentences import bare_text, width
from aurora.errors import UserError
from aurora.files import json_lines, write_once
from aurora.redteam.clauses import clause_hashes
from aurora.redteam.generating.prompt import Prompt
from aurora.redteam.judge import Judge
from aurora.redteam.policy import Category, PolicyFile

SENTENCES, WIDTH = 2, 60  # of a refusal that explains, at least: sentences, and letters (wide ones count twice)
MOST_DRAFTS = 10
_ENDS = regex.compile(r"[.!?।。！？]+[\"'”’)»」]*(?=\s|$|(?<=[。！？]))")


@dataclass(frozen=True)
class Draft:
    """An answer, by a model's name; `whole` says that it did not break off."""

    text: str
    by: str
    whole: bool = True


@dataclass
class Drafted:
    """Prompts with the drafts that are as asked; how many were left out for which reason."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def drafts(self) -> int:
        """How many drafts there are."""
        return sum(len(row["drafts"]) for row in self.rows)

    @property
    def without(self) -> int:
        """How many prompts have none, so that a person has to write the answer."""
        return sum(not row["drafts"] for row in self.rows)


def sorted_out(prompts: Sequence[Prompt], drafts: Iterable[Sequence[Draft]]) -> Drafted:
    """Each prompt with its drafts as a row that a review imports."""
    judge, found = Judge(), Drafted()
    for prompt, offered in zip(prompts, drafts, strict=True):
        kept: dict[str, Draft] = {}
        for draft in offered:
            reason = "the same as another" if draft.text in kept else wrong_with(draft, prompt, judge)
            if reason is None:
                kept[draft.text] = draft
            else:
                found.left_out[reason] += 1
        listed = [{"id": f"d{number}", "text": one.text, "by": one.by} for number, one in enumerate(kept.values(), 1)]
        found.rows.append({**asdict(prompt), "drafts": listed})
    return found


def wrong_with(draft: Draft, prompt: Prompt, judge: Judge) -> str | None:
    """Why a draft is not what the policy asks for; None where it is."""
    if not draft.whole:
        return "broken off"
    outcome = judge.outcome(draft.text, prompt.language)
    if outcome in ("incapable", "other_language"):
        return {"incapable": "unreadable", "other_language": "in another language"}[outcome]
    if prompt.kind == "harmful":
        if outcome != "refusal":
            return "no refusal of a harmful prompt"
        return None if explains(draft.text) else "a refusal that explains nothing"
    return "a refusal of a harmless prompt" if outcome == "refusal" else None


def explains(refusal: str) -> bool:
    """Whether a refusal says more than that it is one."""
    return len(_ENDS.findall(refusal.strip())) >= SENTENCES and width(bare_text(refusal)) >= WIDTH


def categories_of(prompts: Sequence[Prompt], policy: PolicyFile) -> Mapping[str, Category]:
    """The categories of a policy by id; `UserError` for a prompt of another policy, or of a clause that reads otherwise
    in this one."""
    leaves = {leaf.id: leaf for leaf in policy.leaves()}
    hashes = clause_hashes(policy)
    for prompt in prompts:
        if prompt.policy != policy.id or prompt.category not in leaves:
            raise UserError(
                f"The prompt {prompt.id} is of the category {prompt.category} of the policy {prompt.policy}, which "
                f"{policy.id} {policy.version} has not: give its policy with --policy FILE."
            )
        if prompt.clause != hashes[prompt.category]:
            raise UserError(
                f"The clause {prompt.category} of the policy {policy.id} reads otherwise in version {policy.version} "
                f"than in {prompt.version}, of which the prompt {prompt.id} is: give that version with --policy FILE, "
                "or make the prompts again."
            )
    return leaves


def write_drafts(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one line a prompt, atomically; `UserError` where another text stands there."""
    write_once(path, json_lines(rows))
