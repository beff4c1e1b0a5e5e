"""Published networks, as their configurations describe them: as many parameters as `transformers` builds."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from aurora.model.families import FAMILIES
from aurora.model.tensors import tensor_table

transformers = pytest.importorskip("transformers")


def shape(layers: int, width: int, inner: int, heads: int, shared: int, vocabulary: int, **more: Any) -> dict[str, Any]:
    return {
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": inner,
        "num_attention_heads": heads,
        "num_key_value_heads": shared,
        "vocab_size": vocabulary,
        **more,
    }


TIED = {"tie_word_embeddings": True}
PUBLISHED = {
    "SmolLM2-135M": ("llama", shape(30, 576, 1536, 9, 3, 49152, **TIED), 134_515_008),
    "SmolLM2-1.7B": ("llama", shape(24, 2048, 8192, 32, 32, 49152, **TIED), 1_711_376_384),
    "Llama-2-7b": ("llama", shape(32, 4096, 11008, 32, 32, 32000), 6_738_415_616),
    "Llama-3.1-8B": ("llama", shape(32, 4096, 14336, 32, 8, 128256), 8_030_261_248),
    "Llama-3.1-70B": ("llama", shape(80, 8192, 28672, 64, 8, 128256), 70_553_706_496),
    "Llama-3.2-1B": ("llama", shape(16, 2048, 8192, 32, 8, 128256, head_dim=64, **TIED), 1_235_814_400),
    "Mistral-7B-v0.1": ("mistral", shape(32, 4096, 14336, 32, 8, 32000), 7_241_732_096),
    "Qwen2.5-0.5B": ("qwen2", shape(24, 896, 4864, 14, 2, 151936, **TIED), 494_032_768),
    "Qwen3-0.6B": ("qwen3", shape(28, 1024, 3072, 16, 8, 151936, head_dim=128, **TIED), 596_049_920),
    "Qwen3-8B": ("qwen3", shape(36, 4096, 12288, 32, 8, 151936, head_dim=128), 8_190_735_360),
    "SmolLM3-3B": ("smollm3", shape(36, 2048, 11008, 16, 4, 128256, **TIED), 3_075_098_624),
    "OLMo-2-1124-7B": ("olmo2", shape(32, 4096, 11008, 32, 32, 100352), 7_298_617_344),
    "Olmo-3-7B": ("olmo3", shape(32, 4096, 11008, 32, 32, 100278), 7_298_011_136),
    "Apertus-8B": ("apertus", shape(32, 4096, 21504, 32, 8, 131072), 8_053_338_176),
    "gemma-3-1b": ("gemma3_text", shape(26, 1152, 6912, 4, 1, 262144, head_dim=256, **TIED), 999_885_952),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_network_has_its_size(name: str) -> None:
    kind, configuration, size = PUBLISHED[name]
    architecture = FAMILIES[kind].architecture(configuration)
    assert sum(spec.size for spec in tensor_table(architecture, configuration["vocab_size"]).values()) == size
    theirs = getattr(transformers, FAMILIES[kind].network)
    with torch.device("meta"):
        network = theirs(theirs.config_class(**configuration, pad_token_id=None))
    assert network.num_parameters() == size
