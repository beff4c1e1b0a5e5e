"""Qwen3: Llama with a norm on every head of query and key."""

from __future__ import annotations

from aurora.model.families import qwen2
from aurora.model.families.common import HEAD_NORMS, NAMES, later_family

FAMILY = later_family(
    "qwen3",
    "Qwen3ForCausalLM",
    defaults={**qwen2.DEFAULTS, "head_dim": 128, "attention_bias": False},
    names={**NAMES, **HEAD_NORMS},
    fixed={"head_norm": "head"},
    read=qwen2.read,
    write=qwen2.write,
)
