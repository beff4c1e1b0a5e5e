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
from aurora.redteam.clauses import clause_hashes
from aurora.redteam.hazards import hazards_of
from aurora.redteam.judge import AnyJudge, Judge
from aurora.redteam.judging.learned import read_judge_file, taken_over
from aurora.redteam.policy import Policy, load_policy
from aurora.redteam.preferences import write_preferences
from aurora.redteam.prompts import Item, expand, harmless_items, items_apart, spread, templates_apart
from aurora.redteam.reviewed import clauses_of, reviewed_items
from aurora.shipped import places
from aurora.tokens.build import PAIRS_FILE, PREFERENCES_FILE

HELD_OUT, SUMMARY = "held_out.jsonl", "summary.json"
WATCHED = "watched.jsonl"  # what stages with `stop_when` ask while they train
FEWEST_TEMPLATES = 3  # of a language, where some are watched too
CLAUSES = "clauses.json"  # which clause each reviewed item was labelled under
JUDGE = "judge.safetensors"  # of answers, where the recipe names one
HARMLESS = "harmless.jsonl"  # prompts that a model is still to answer

__all__ = ["HELD_OUT", "SUMMARY", "Item", "build_redteam", "read_items", "read_judge"]


def build_redteam(redteam: Redteam, base: Path, seed: int, folder: Path) -> dict[str, Any]:
    """Expand the recipe's policy into `train.jsonl`, `held_out.jsonl` and `summary.json`, and `watched.jsonl` and
    `preferences.jsonl` where the recipe wants them; returns the summary."""
    policy = load_policy(places.find("policies", redteam.policy, base), list(redteam.languages))
    refuse_too_few(redteam, policy)
    names = ["held_out"] if redteam.watched_share is None else ["held_out", "watched"]
    shares = [redteam.held_out_share, *filter(None, [redteam.watched_share])]
    if redteam.reviewed is not None:
        parts = reviewed_items(base / redteam.reviewed, redteam.languages, redteam.watched_share, seed)
        templates = {name: _templates(parts[name], redteam.languages) for name in names}
        write_json(folder / CLAUSES, clauses_of(base / redteam.reviewed))
    else:
        templates = dict(zip(names, templates_apart(policy, shares, seed), strict=True))
        parts = {"train": [], **{name: [] for name in names}}
        for item in expand(policy):
            part = next((name for name in names if item.template in templates[name][item.language]), "train")
            parts[part].append(item)
    harmless: list[Item] = []
    if redteam.drafts is not None:
        harmless = list(harmless_items(policy))
        _refuse_without(harmless, policy)
        for name, ids in zip(names, items_apart(harmless, shares, seed), strict=True):
            parts[name] += [item for item in harmless if item.id in ids]
            harmless = [item for item in harmless if item.id not in ids]
    for part in parts.keys() - {"held_out"}:
        parts[part] = [item for item in parts[part] if item.language in redteam.trained]
    if redteam.drafts is not None:
        harmless = [item for item in harmless if item.language in redteam.trained]
        _write(folder / HARMLESS, sorted(harmless, key=lambda item: item.id))
    # Sorted by id, which is a hash: every stretch of the training items mixes languages and kinds.
    train = sorted(parts["train"], key=lambda item: item.id)
    _write(folder / PAIRS_FILE, train)
    if redteam.preferences:
        reviewed = None if redteam.reviewed is None else base / redteam.reviewed
        write_preferences(folder / PREFERENCES_FILE, train, policy, reviewed)
    for name in names:
        _write(folder / f"{name}.jsonl", spread(parts[name]))
    summary = {
        "policy": {
            "name": policy.file.id,
            "version": policy.file.version,
            "title": policy.file.title,
            "status": policy.file.status,
        },
        "clauses": clause_hashes(policy.file),
        "hazards": hazards_of(policy.file),
        "openings": {language: words.openings for language, words in policy.words.items()},
        "refusals": {language: words.refusals for language, words in policy.words.items()},
        **{
            f"{name}_templates": {language: sorted(chosen) for language, chosen in templates[name].items()}
            for name in names
        },
        **{part: _counts(items) for part, items in parts.items()},
    }
    if redteam.train_languages is not None:
        summary["trained_in"] = redteam.trained
    if redteam.drafts is not None:
        summary["harmless"] = len(harmless)
    if redteam.judge is not None:
        summary["judge"] = taken_over(base / redteam.judge, folder / JUDGE)
    write_json(folder / SUMMARY, summary)
    watched = f", {len(parts['watched']):,} watched" if "watched" in parts else ""
    say(f"  {len(parts['train']):,} items to train on, {len(parts['held_out']):,} held out by template{watched}")
    return summary


def _templates(items: Iterable[Item], languages: Iterable[str]) -> dict[str, frozenset[str]]:
    """The templates of items, by language."""
    items = list(items)
    return {language: frozenset(one.template for one in items if one.language == language) for language in languages}


def refuse_too_few(redteam: Redteam, policy: Policy) -> None:
    """`UserError` for a language with too few templates to train on, to hold out and to watch."""
    if redteam.reviewed is not None:
        return
    for language, words in policy.words.items():
        if redteam.watched_share is not None and len(words.templates) < FEWEST_TEMPLATES:
            raise UserError(
                f"redteam.watched_share: the policy {policy.file.id} has {len(words.templates)} templates in "
                f"{language}: write {FEWEST_TEMPLATES} or more, or leave the key out."
            )


def _refuse_without(harmless: list[Item], policy: Policy) -> None:
    """`UserError` for a language of the policy without harmless prompts to draft answers to."""
    for language in policy.words:
        if sum(item.language == language for item in harmless) < 2:
            raise UserError(
                f"redteam.drafts: the policy {policy.file.id} has no `harmless` prompts in {language}: add some to "
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


def read_judge(summary: Path) -> AnyJudge:
    """The judge of a red-team set: the recipe's own, or the rules; it knows the phrases that its policy refuses
    with."""
    values = read_json(summary)
    rules = Judge(values["openings"], values["refusals"])
    said = values.get("judge")
    if said is None:
        return rules
    return read_judge_file(summary.parent / JUDGE, said["name"], rules)


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
