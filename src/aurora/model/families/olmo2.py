"""OLMo 2: norms after attention and MLP, and one norm over all heads of query and one of key."""

from __future__ import annotations

from typing import Any

from aurora.model.families.common import HEAD_NORMS, NAMES, later_family

OTHER_NAMES = {
    **HEAD_NORMS,
    "attention_after": "post_attention_layernorm",
    "mlp_after": "post_feedforward_layernorm",
}
SHARED: dict[str, Any] = {  # with OLMo 3
    "names": {ours: theirs for ours, theirs in NAMES.items() if not ours.endswith("_norm")} | OTHER_NAMES,
    "fixed": {"norm_place": "after", "head_norm": "all"},
}
DEFAULTS: dict[str, Any] = {
    "vocab_size": 50304,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-5,
    "attention_bias": False,
}
FAMILY = later_family("olmo2", "Olmo2ForCausalLM", DEFAULTS, **SHARED)
