"""Policies: prompts made of one or sorted by one, and what hangs on an edit of one.

One decision: whatever stands at the place of the output is looked at before an hour of work, and what it is decides
whether anything is done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aurora.errors import UserError
from aurora.redteam.policy import Policy, load_policy
from aurora.shipped import places
from aurora.written.yaml_nodes import read_table

if TYPE_CHECKING:
    from aurora.redteam.generating.prompt import Prompt

CATEGORIES = "categories"  # the key that a policy has and a recipe has not


def is_policy(given: Path) -> bool:
    """Whether a name or a file is a policy's, rather than a recipe's."""
    path = places.find("policies", given)
    if path != given:
        return True
    try:
        return path.is_file() and CATEGORIES in read_table(path, "a policy file")[0]
    except UserError:
        return False


def open_policy(given: Path, languages: Sequence[str] = ()) -> Policy:
    """A policy with its words in some languages, or in all that there are; `UserError` where it has none."""
    from aurora.languages.labels import canonical

    path = places.find("policies", given)
    wanted = [canonical(language) or language for language in languages]
    there = _languages_of(path)
    if there and (missing := [language for language in wanted if language not in there]):
        raise UserError(
            f"The policy {path.stem} has no words in {', '.join(missing)}: leave that out, or write them; there are "
            f"words in {', '.join(there)}."
        )
    policy = load_policy(path, list(dict.fromkeys(wanted)) or there)
    if not policy.words:
        raise UserError(
            f"The policy {policy.file.id} has no words in any language, so there is nothing to make prompts of: write "
            f"{path.with_suffix('')}/LANGUAGE.yaml, as docs/policy.md tells, or take a policy that has words."
        )
    return policy


def generate_prompts(
    given: Path, output: Path, *, languages: Sequence[str] = (), count: int = 2000, seed: int = 1
) -> dict[str, Any]:
    """Write prompts of a policy's words to a file (or `prompts.jsonl` in a folder); returns what was made."""
    from aurora.redteam.generating.templates import make
    from aurora.redteam.generating.writing import place_of, write_prompts

    path = place_of(output)
    policy = open_policy(given, languages)
    made = make(policy, count, seed)
    write_prompts(path, made.prompts)
    return {
        "file": str(path),
        "policy": policy.file.id,
        "version": policy.file.version,
        "asked_for": count,
        "harmful": made.harmful,
        "twins": made.twins,
        "whole": made.whole,
        "too_alike": made.left_out,
        **_tables(made.prompts),
    }


def choose_prompts(
    given: Path,
    output: Path,
    conversations: Path,
    *,
    keep_out: Sequence[Path] = (),
    languages: Sequence[str] = (),
    count: int = 2000,
    license: str = "unknown",
) -> dict[str, Any]:
    """Write prompts that people asked first in conversations, sorted by a policy; returns what was taken and left."""
    from aurora.redteam.generating.conversations import choose
    from aurora.redteam.generating.kept_out import KeptOut
    from aurora.redteam.generating.writing import place_of, write_prompts

    path = place_of(output)
    policy = open_policy(given, languages)
    chosen = choose(policy, conversations, count, KeptOut(keep_out), license)
    if not chosen.prompts:
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in chosen.left_out.most_common())
        raise UserError(
            f"None of the {chosen.read:,} conversations of {conversations} was taken ({reasons or 'it is empty'}): "
            "docs/conversations.md says how rows may hold them, and the policy's `keywords` what is taken."
        )
    write_prompts(path, chosen.prompts)
    return {
        "file": str(path),
        "policy": policy.file.id,
        "version": policy.file.version,
        "read": chosen.read,
        "taken": len(chosen.prompts),
        "left_out": dict(chosen.left_out.most_common()),
        **_tables(chosen.prompts),
    }


def compare_policies(old: Path, new: Path, data: Sequence[Path] = (), runs: Sequence[Path] = ()) -> dict[str, Any]:
    """What hangs on the clauses that differ between two versions of a policy, in files and in runs."""
    from aurora.redteam.changes.clauses import changes_between
    from aurora.redteam.changes.files import look_through
    from aurora.redteam.changes.runs import look_into

    changes = changes_between(with_words(old), with_words(new))
    found = [look_through(place, changes) for place in data]
    told = asdict(changes) | {"gone": changes.gone, "added": changes.added}
    return {
        **{key: value for key, value in told.items() if key not in ("old", "new", "hazards")},
        "rows": [asdict(rows) for of_place, _ in found for rows in of_place],
        "labels": [asdict(labels) for _, of_place in found for labels in of_place],
        "runs": [asdict(look_into(run, changes)) for run in runs],
    }


def with_words(given: Path) -> Policy:
    """A policy with all the words that there are, which may be none."""
    path = places.find("policies", given)
    return load_policy(path, _languages_of(path))


def _languages_of(path: Path) -> list[str]:
    from aurora.languages.labels import canonical

    return sorted(filter(None, (canonical(file.stem) for file in path.with_suffix("").glob("*.yaml"))))


def _tables(prompts: Sequence[Prompt]) -> dict[str, dict[str, int]]:
    return {
        "by_language": dict(sorted(Counter(prompt.language for prompt in prompts).items())),
        "by_category": dict(sorted(Counter(prompt.category for prompt in prompts).items())),
    }
