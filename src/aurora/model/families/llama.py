"""Llama 2 and 3, and models of the same architecture: SmolLM2, EuroLLM, Poro 2."""

from __future__ import annotations

from aurora.model.families.common import later_family

FAMILY = later_family(
    "llama",
    "LlamaForCausalLM",
    defaults={
        "vocab_size": 32000,
        "hidden_size": 4096,
        "intermediate_size": 11008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "max_position_embeddings": 2048,
        "attention_bias": False,
        "mlp_bias": False,
    },
)
