"""A prompt says which clause of which version it hangs on."""

from __future__ import annotations

from pathlib import Path

from aurora.redteam.clauses import clause_hashes
from aurora.redteam.generating.prompt import prompts_of
from aurora.redteam.policy import load_policy
from aurora.redteam.prompts import expand


def test_a_prompt_keeps_its_item_and_names_clause_version_and_license(root: Path) -> None:
    policy = load_policy(root / "policies/eo-14110.yaml", ["en"])
    items = list(expand(policy))[:3]
    clauses = clause_hashes(policy.file)
    prompts = prompts_of(items, policy, clauses, {items[1].id: items[0].id})
    assert [(one.id, one.prompt, one.response) for one in prompts] == [(it.id, it.prompt, it.response) for it in items]
    assert {one.clause for one in prompts} == {clauses["mass-harm"]}
    assert [one.twin for one in prompts] == [None, items[0].id, None]
    assert {(one.version, one.license, one.source) for one in prompts} == {
        ("1.0", "Apache-2.0", "the words of the policy eo-14110 1.0")
    }
