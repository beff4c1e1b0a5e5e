"""Prompts made up for tests, as `aurora redteam generate` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from aurora.redteam.clauses import clause_hashes
from aurora.redteam.generating.prompt import Prompt
from aurora.redteam.policy import PolicyFile, load_policy
from aurora.shipped import places


@cache
def policy() -> PolicyFile:
    """The policy that the prompts are of."""
    return load_policy(places.find("policies", Path("eo-14110")), []).file


def prompt(number: int, text: str, **more: Any) -> Prompt:
    """A prompt; harmful, in English and of the first category, unless more is said."""
    category = next(iter(policy().leaves())).id
    values = {
        "id": f"{number:016x}", "policy": policy().id, "version": policy().version, "category": category,
        "clause": clause_hashes(policy())[category], "language": "en", "kind": "harmful", "template": "help",
        "prompt": text, "response": "", "twin": None, "source": "made up", "license": "CC0-1.0",
    }  # fmt: skip
    return Prompt(**{**values, **more})


def written(path: Path, prompts: Iterable[Prompt]) -> Path:
    """The file of some prompts."""
    lines = [json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in prompts]
    path.write_text("".join(lines), encoding="utf-8")
    return path
