"""The red-team set on disk: training items, held-out items and a summary.

One decision: JSON lines with one item each, which people and every tool of the field can read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from aurora.console.progress import say
from aurora.errors import UserError
from aurora.files import atomic_file, read_json, write_json
from aurora.recipe.safety import Redteam
from aurora.redteam.judge import Judge
from aurora.redteam.policy import Policy, load_policy
from aurora.redteam.prompts import Item, expand, harmless_items, held_out_items, held_out_templates, spread
from aurora.shipped import places
from aurora.tokens.build import PAIRS_FILE

HELD_OUT, SUMMARY = "held_out.jsonl", "summary.json"
HARMLESS = "harmless.jsonl"  # prompts that a model is still to answer

__all__ = ["HELD_OUT", "SUMMARY", "Item", "build_redteam", "read_items", "read_judge"]


def build_redteam(redteam: Redteam, base: Path, seed: int, folder: Path) -> dict[str, Any]:
    """Expand the recipe's policy into `train.jsonl`, `held_out.jsonl` and `summary.json`; returns the summary."""
    policy = load_policy(places.find("policies", redteam.policy, base), list(redteam.languages))
    held_out = held_out_templates(policy, redteam.held_out_share, seed)
    parts: dict[str, list[Item]] = {"train": [], "held_out": []}
    for item in expand(policy):
        parts["held_out" if item.template in held_out[item.language] else "train"].append(item)
    harmless: list[Item] = []
    if redteam.drafts is not None:
        harmless = list(harmless_items(policy))
        _refuse_without(harmless, policy)
        kept = held_out_items(harmless, redteam.held_out_share, seed)
        parts["held_out"] += [item for item in harmless if item.id in kept]
        harmless = [item for item in harmless if item.id not in kept]
        _write(folder / HARMLESS, sorted(harmless, key=lambda item: item.id))
    # Sorted by id, which is a hash: every stretch of the training items mixes languages and kinds.
    _write(folder / PAIRS_FILE, sorted(parts["train"], key=lambda item: item.id))
    _write(folder / HELD_OUT, spread(parts["held_out"]))
    summary = {
        "policy": {"name": policy.file.name, "title": policy.file.title, "status": policy.file.status},
        "openings": {language: words.openings for language, words in policy.words.items()},
        "refusals": {language: words.refusals for language, words in policy.words.items()},
        "held_out_templates": {language: sorted(templates) for language, templates in held_out.items()},
        **{part: _counts(items) for part, items in parts.items()},
    }
    if redteam.drafts is not None:
        summary["harmless"] = len(harmless)
    write_json(folder / SUMMARY, summary)
    say(f"  {len(parts['train']):,} items to train on, {len(parts['held_out']):,} held out by template")
    return summary


def _refuse_without(harmless: list[Item], policy: Policy) -> None:
    """`UserError` for a language of the policy without harmless prompts to draft answers to."""
    for language in policy.words:
        if sum(item.language == language for item in harmless) < 2:
            raise UserError(
                f"redteam.drafts: the policy {policy.file.name} has no `harmless` prompts in {language}: add some to "
                "its categories, or remove the language or redteam.drafts."
            )


def read_items(path: Path) -> list[Item]:
    """Items of a JSON lines file; `UserError` names the first line that is not an item."""
    items: list[Item] = []
    with open(path, encoding="utf-8") as lines:  # not splitlines(), which also cuts at separators inside a prompt
        for number, line in enumerate(lines, 1):
            try:
                items.append(Item(**json.loads(line)))
            except (ValueError, TypeError, RecursionError) as error:
                raise UserError(
                    f"{path}, line {number}: this is not a red-team item ({error}): correct the line, or generate the "
                    "set again."
                ) from error
    return items


def read_judge(summary: Path) -> Judge:
    """The judge of a red-team set, which knows the phrases that its policy refuses with."""
    values = read_json(summary)
    return Judge(values["openings"], values["refusals"])


def _write(path: Path, items: Iterable[Item]) -> None:
    with atomic_file(path, "w") as stream:
        for item in items:
            stream.write(json.dumps(asdict(item), ensure_ascii=False) + "\n")


def _counts(items: list[Item]) -> dict[str, Any]:
    """How many items there are by language and kind, and by category."""
    by_language: dict[str, dict[str, int]] = {}
    for item in items:
        counts = by_language.setdefault(item.language, {"harmful": 0, "benign": 0})
        counts[item.kind] += 1
    return {
        "items": len(items),
        "by_language": by_language,
        "by_category": dict(sorted(Counter(item.category for item in items).items())),
    }
