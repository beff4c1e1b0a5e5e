"""Invariants say nothing of a scorer that is right, on every kind of attention and tokenizer there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aurora.evaluation.self_test.invariants import INVARIANTS
from aurora.evaluation.self_test.lab import Lab

LLAMA = {"family": "llama", "norm": "rms", "rotary": {"base": 500.0}}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "multi-query": ("gpt-2", {}),
    "grouped-rotary": ("llama3", {**LLAMA, "key_value_heads": 2}),
    "window": ("qwen2", {**LLAMA, "family": "mistral", "key_value_heads": 4, "window": {"tokens": 7, "layers": [0]}}),
    "few-positions": ("gpt-2", {"positions": 24}),
}


@pytest.mark.parametrize("kind", list(KINDS))
def test_there_is_no_false_alarm(make: Callable[..., Lab], kind: str) -> None:
    tokenizer, shape = KINDS[kind]
    lab = make(tokenizer, **shape)
    assert {invariant.__name__: invariant(lab) for invariant in INVARIANTS} == {
        invariant.__name__: "" for invariant in INVARIANTS
    }
