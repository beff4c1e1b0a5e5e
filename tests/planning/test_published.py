"""Published networks, as their configurations describe them: as many parameters as `transformers` builds."""

from __future__ import annotations

import pytest
import torch

from aurora.model.families import FAMILIES
from aurora.model.tensors import tensor_table
from aurora.planning.published import CONFIGURATIONS, published_shape

transformers = pytest.importorskip("transformers")

# As counted in the published files.
SIZES = {
    "bigcode/tiny_starcoder_py": 164_144_128,
    "bigcode/starcoderbase-1b": 1_137_207_296,
    "bigcode/starcoderbase-3b": 3_043_311_104,
    "bigcode/starcoderbase-7b": 7_327_263_232,
    "bigcode/starcoderplus": 15_517_456_384,
    "HuggingFaceTB/SmolLM2-135M": 134_515_008,
    "HuggingFaceTB/SmolLM2-360M": 361_821_120,
    "HuggingFaceTB/SmolLM2-1.7B": 1_711_376_384,
    "HuggingFaceTB/SmolLM3-3B": 3_075_098_624,
    "meta-llama/Llama-2-7b-hf": 6_738_415_616,
    "meta-llama/Llama-3.1-8B": 8_030_261_248,
    "meta-llama/Llama-3.1-70B": 70_553_706_496,
    "meta-llama/Llama-3.2-1B": 1_235_814_400,
    "LumiOpen/Llama-Poro-2-8B-base": 8_030_261_248,
    "utter-project/EuroLLM-1.7B": 1_656_850_432,
    "mistralai/Mistral-7B-v0.1": 7_241_732_096,
    "Qwen/Qwen2.5-0.5B": 494_032_768,
    "Qwen/Qwen3-0.6B-Base": 596_049_920,
    "Qwen/Qwen3-8B-Base": 8_190_735_360,
    "allenai/OLMo-2-1124-7B": 7_298_617_344,
    "allenai/Olmo-3-1025-7B": 7_298_011_136,
    "swiss-ai/Apertus-8B-2509": 8_053_338_176,
    "google/gemma-3-1b-pt": 999_885_952,
}


def test_every_listed_model_has_a_size() -> None:
    assert SIZES.keys() == CONFIGURATIONS.keys()
    assert published_shape("some/where") is None


@pytest.mark.parametrize("name", SIZES)
def test_a_published_network_has_its_size(name: str) -> None:
    shape = published_shape(name)
    assert shape is not None
    assert sum(spec.size for spec in tensor_table(*shape).values()) == SIZES[name]
    kind, configuration = CONFIGURATIONS[name]
    theirs = getattr(transformers, FAMILIES[kind].network)
    with torch.device("meta"):
        network = theirs(theirs.config_class(**configuration, pad_token_id=None))
    assert network.num_parameters() == SIZES[name]
