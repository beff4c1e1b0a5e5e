"""Every family beside `transformers`: the same logits, gradients and text, and the same bytes there and back."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from aurora.errors import UserError
from aurora.model.families import FAMILIES
from aurora.model.folder import load_model, write_model
from aurora.model.generation import generate
from aurora.model.huggingface import export_model, import_model, published_architecture
from aurora.model.layers.causal_attention import KeyValueCache
from aurora.model.network import Network
from aurora.recipe.model import Architecture
from aurora.tokens.text.text_facts import read_text

transformers = pytest.importorskip("transformers")

VOCABULARY, POSITIONS = 320, 96
SHAPE: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 48,
    "intermediate_size": 88,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": POSITIONS,
    "initializer_range": 0.12,
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 5000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 48,
}
YARN = {"rope_type": "yarn", "rope_theta": 5000.0, "factor": 8.0, "original_max_position_embeddings": 48}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}

# Odd widths of heads, one and all key/value heads, tied and not, and what else a family lets vary.
CASES = {
    "llama": ("LlamaForCausalLM", {}),
    "llama-multi-query": ("LlamaForCausalLM", {"num_key_value_heads": 1, "tie_word_embeddings": True}),
    "llama-multi-head": ("LlamaForCausalLM", {"num_key_value_heads": 6, "attention_bias": True, "mlp_bias": True}),
    "llama-head-width": ("LlamaForCausalLM", {"head_dim": 22, "hidden_act": "gelu"}),
    "llama-3.1": ("LlamaForCausalLM", {"rope_parameters": LLAMA3}),
    "llama-linear": ("LlamaForCausalLM", {"rope_parameters": LINEAR}),
    "mistral": ("MistralForCausalLM", {"sliding_window": None, "head_dim": 10}),
    "mistral-window": ("MistralForCausalLM", {"sliding_window": 20, "num_key_value_heads": 6}),
    "qwen2": ("Qwen2ForCausalLM", {"tie_word_embeddings": True}),
    "qwen2-window": (
        "Qwen2ForCausalLM",
        {"use_sliding_window": True, "sliding_window": 70, "max_window_layers": 1, "num_key_value_heads": 1},
    ),
    "qwen3": ("Qwen3ForCausalLM", {"head_dim": 10, "tie_word_embeddings": True}),
    "qwen3-bias": ("Qwen3ForCausalLM", {"head_dim": 8, "attention_bias": True, "num_key_value_heads": 6}),
    "olmo2": ("Olmo2ForCausalLM", {}),
    "olmo2-tied": (
        "Olmo2ForCausalLM",
        {"num_key_value_heads": 6, "tie_word_embeddings": True, "rope_parameters": LLAMA3},
    ),
    "apertus": ("ApertusForCausalLM", {"hidden_act": "xielu"}),
    "apertus-bias": (
        "ApertusForCausalLM",
        {"hidden_act": "xielu", "attention_bias": True, "num_key_value_heads": 6, "tie_word_embeddings": True},
    ),
    "qwen2-yarn": ("Qwen2ForCausalLM", {"rope_parameters": YARN}),
    "olmo3": ("Olmo3ForCausalLM", {"num_hidden_layers": 4, "sliding_window": 20}),
    "olmo3-yarn": (
        "Olmo3ForCausalLM",
        {
            "sliding_window": 30,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
            "rope_parameters": {
                "full_attention": YARN,
                "sliding_attention": {"rope_type": "default", "rope_theta": 900.0},
            },
        },
    ),
    "gemma3": ("Gemma3ForCausalLM", {"head_dim": 10, "sliding_window": 20, "sliding_window_pattern": 2}),
    "gemma3-global": (
        "Gemma3ForCausalLM",
        {
            "head_dim": 8,
            "num_key_value_heads": 1,
            "query_pre_attn_scalar": 50,
            "sliding_window": 70,
            "layer_types": ["full_attention", "full_attention", "sliding_attention"],
            "rope_parameters": {
                "full_attention": LINEAR,
                "sliding_attention": {"rope_type": "default", "rope_theta": 900.0},
            },
        },
    ),
    "smollm3": ("SmolLM3ForCausalLM", {"no_rope_layer_interval": 2}),
    "smollm3-window": (
        "SmolLM3ForCausalLM",
        {"use_sliding_window": True, "sliding_window": 30, "no_rope_layer_interval": 3, "tie_word_embeddings": False},
    ),
}


@dataclass
class Pair:
    """A random network of `transformers`, where it was saved, and ours after importing it."""

    theirs: Any
    published: Path
    ours: Network
    folder: Path


@pytest.fixture(params=CASES)
def pair(request: pytest.FixtureRequest, tokenizer_file: Path, tmp_path: Path) -> Pair:
    name, changes = CASES[request.param]
    torch.manual_seed(1)
    network = getattr(transformers, name)
    theirs = network(network.config_class(**{**SHAPE, **changes})).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():  # norms and biases too must not be what any network starts with
            parameter.add_(torch.randn(parameter.shape) * 0.05)
    theirs.save_pretrained(tmp_path / "theirs")
    shutil.copy(tokenizer_file, tmp_path / "theirs")
    import_model("theirs", None, tmp_path, tmp_path / "ours")
    ours, _ = load_model(tmp_path / "ours")
    return Pair(theirs, tmp_path / "theirs", ours.eval(), tmp_path / "ours")


def tokens(*shape: int, seed: int = 5) -> torch.Tensor:
    return torch.randint(1, VOCABULARY, shape, generator=torch.Generator().manual_seed(seed))


def test_logits_and_gradients_are_the_same_up_to_the_last_position(pair: Pair) -> None:
    ids = tokens(2, POSITIONS)
    with torch.no_grad():
        logits = pair.ours(ids)
        assert logits.std() > 0.5
        torch.testing.assert_close(logits, pair.theirs(ids).logits, atol=1e-5, rtol=1e-5)
    assert pair.theirs.num_parameters() == pair.ours.num_parameters
    pair.ours.loss(ids[:, :-1], ids[:, 1:]).backward()  # type: ignore[no-untyped-call]
    pair.theirs(ids, labels=ids).loss.backward()
    named = pair.ours.named
    for name, parameter in pair.theirs.named_parameters():
        torch.testing.assert_close(named[name].grad, parameter.grad, atol=1e-5, rtol=1e-4)
    with torch.no_grad():  # in fp64 no difference of rounding hides another
        exact = pair.ours.double()(ids)
        torch.testing.assert_close(exact, pair.theirs.double()(ids).logits, atol=2e-6, rtol=1e-6)


def test_batched_greedy_text_is_that_of_left_padded_batches(pair: Pair) -> None:
    prompts = [tokens(length, seed=length).tolist() for length in (3, 17, 40, 9)]
    longest = max(map(len, prompts))
    padded = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    written = pair.theirs.generate(padded, attention_mask=mask, max_new_tokens=POSITIONS - longest, do_sample=False)
    answers = generate(pair.ours, prompts, POSITIONS - longest, stops=[0])
    for answer, row in zip(answers, written[:, longest:].tolist(), strict=True):
        assert answer == (row[: row.index(0)] if 0 in row else row)


def test_the_cache_and_documents_change_nothing(pair: Pair) -> None:
    ids = tokens(2, 60)
    cache = KeyValueCache(pair.ours.architecture, 2, 60, torch.device("cpu"), torch.float32)
    with torch.no_grad():
        whole = pair.ours(ids)
        parts = [pair.ours(ids[:, :40], cache=cache)]
        for start, end in ((40, 41), (41, 55), (55, 60)):
            parts.append(pair.ours(ids[:, start:end], torch.arange(start, end).expand(2, -1), cache))
        torch.testing.assert_close(torch.cat(parts, 1), whole, atol=2e-5, rtol=1e-5)
        documents, positions = torch.arange(60).expand(2, -1) // 30, torch.arange(60).expand(2, -1) % 30
        apart = torch.cat([pair.ours.hidden(ids[:, start : start + 30]) for start in (0, 30)], 1)
        together = pair.ours.hidden(ids, positions, documents=documents)
        torch.testing.assert_close(together, apart, atol=2e-5, rtol=1e-5)


def test_there_and_back_are_the_same_bytes_and_transformers_loads_them(pair: Pair, tmp_path: Path) -> None:
    export_model(pair.folder, tmp_path / "first")
    published, exported = (load_file(folder / "model.safetensors") for folder in (pair.published, tmp_path / "first"))
    assert published.keys() == exported.keys()
    assert all(torch.equal(tensor, exported[name]) for name, tensor in published.items())
    loaded = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "first").eval()
    assert type(loaded) is type(pair.theirs)
    ids = tokens(1, 50)
    with torch.no_grad():
        assert torch.equal(loaded(ids).logits, pair.theirs(ids).logits)
    import_model("first", None, tmp_path, tmp_path / "again")
    assert (tmp_path / "again/architecture.json").read_bytes() == (pair.folder / "architecture.json").read_bytes()
    export_model(tmp_path / "again", tmp_path / "second")
    for path in (tmp_path / "first").iterdir():
        assert path.name == "manifest.json" or path.read_bytes() == (tmp_path / "second" / path.name).read_bytes()


TEMPLATE = "{% for turn in messages %}<{{ turn.role }}> {{ turn.content }}{{ eos_token }}{% endfor %}"


@pytest.mark.parametrize("name", FAMILIES)
def test_the_tokenizer_and_template_of_an_export_are_those_of_transformers(
    name: str, tokenizer_file: Path, tmp_path: Path
) -> None:
    """By the name of its class transformers 5 would cut texts in another way; of Qwen2 networks it does in any case."""
    family = FAMILIES[name]
    small = {"n_embd": 48, "n_layer": 2, "n_head": 4, "n_positions": 64, "multi_query": True, "head_dim": 12}
    architecture = family.architecture({**SHAPE, "num_hidden_layers": 2, **small, "num_attention_heads": 4})
    network = Network(architecture, VOCABULARY)
    network.initialise(torch.Generator().manual_seed(1))
    (tmp_path / "ours").mkdir()
    weights = {name: parameter.detach() for name, parameter in network.named.items()}
    write_model(tmp_path / "ours", weights, architecture, VOCABULARY, tokenizer_file)
    (tmp_path / "ours/chat_template.jinja").write_text(TEMPLATE)
    (tmp_path / "ours/tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "GPT2Tokenizer", "eos_token": "<|endoftext|>"})
    )
    export_model(tmp_path / "ours", tmp_path / "out")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    turns = [{"role": "user", "content": "In 2024?"}, {"role": "assistant", "content": "No: 1999."}]
    said = theirs.apply_chat_template(turns, tokenize=False)
    assert said == "<user> In 2024?<|endoftext|><assistant> No: 1999.<|endoftext|>"
    text = read_text(tmp_path / "out")
    ids = theirs("In 2024, the bridge 99", add_special_tokens=False)["input_ids"]
    assert name == "qwen2" or ids == text.encode("In 2024, the bridge 99")


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("llama", {"attention_dropout": 0.1}, r"attention_dropout is 0\.1, but this network computes 0\.0 only"),
        (
            "llama",
            {"hidden_act": "relu"},
            r"activation: 'relu' is none of gelu, gelu_pytorch_tanh, silu, xielu \(did you mean gelu\?\)",
        ),
        ("llama", {"rope_scaling": {"rope_type": "longrope"}}, r"rope_type is 'longrope'; known are"),
        (
            "llama",
            {"rope_scaling": {"rope_type": "linear"}},
            r"does not describe .* \(KeyError\('factor'\)\)",
        ),
        ("llama", {"rope_scaling": 8}, r"does not describe a llama network"),
        ("llama", {"partial_rotary_factor": 0.5}, r"partial_rotary_factor is 0\.5"),
        ("gemma3_text", {"final_logit_softcapping": 30.0}, r"final_logit_softcapping is 30\.0, but this network"),
        ("gemma3_text", {"use_bidirectional_attention": True}, "use_bidirectional_attention is True, but"),
        ("llama", {"head_dim": 7}, r"head_width 7 is odd"),
        (
            "qwen2",
            {"use_sliding_window": True, "layer_types": ["sliding_attention"] * 9, "sliding_window": 9},
            "some of the layers 0 to 2",
        ),
        ("llama", {"num_key_value_heads": 4}, r"heads 6 is not divisible by key_value_heads 4"),
    ],
)
def test_what_would_be_computed_otherwise_is_refused_by_name(
    kind: str, changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind, **SHAPE, **changes}))
    with pytest.raises(UserError, match=message):
        published_architecture(tmp_path / "config.json")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "rotary is None, but a llama network of this shape has"),
        ({"rotary": {}, "norm": "layer"}, "norm is 'layer', but a llama network of this shape has 'rms'"),
        ({"rotary": {}, "norm": "rms", "biases": ["mlp"], "gated": False}, "gated is False"),
        ({"family": "gpt_bigcode", "key_value_heads": 2}, "key_value_heads is 2, but a gpt_bigcode network"),
    ],
)
def test_a_new_network_is_one_of_its_family(changes: dict[str, Any], message: str) -> None:
    shape = {"family": "llama", "layers": 1, "width": 32, "heads": 4, "positions": 8, **changes}
    architecture = Architecture.model_validate(shape)
    with pytest.raises(ValueError, match=message):
        FAMILIES[architecture.family].refuse(architecture)


def test_weights_of_the_network_alone_lack_the_beginning_of_their_names(pair: Pair, tmp_path: Path) -> None:
    pair.theirs.base_model.save_pretrained(tmp_path / "alone")
    names = load_file(tmp_path / "alone/model.safetensors").keys()
    assert not any(name.startswith("model.") for name in names)
    shutil.copy(pair.published / "tokenizer.json", tmp_path / "alone")
    shutil.copy(pair.published / "config.json", tmp_path / "alone")
    if pair.ours.architecture.tied:
        import_model("alone", None, tmp_path, tmp_path / "in")
        assert (tmp_path / "in/model.safetensors").read_bytes() == (pair.folder / "model.safetensors").read_bytes()


def test_a_constant_of_another_value_is_refused(tokenizer_file: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    theirs = transformers.ApertusForCausalLM(transformers.ApertusConfig(**SHAPE))
    theirs.model.layers[1].mlp.act_fn.beta.fill_(0.25)
    theirs.save_pretrained(tmp_path / "theirs")
    shutil.copy(tokenizer_file, tmp_path / "theirs")
    with pytest.raises(UserError, match=r"layers\.1\.mlp\.act_fn\.beta is 0\.25, but this network computes 0\.5 only"):
        import_model("theirs", None, tmp_path, tmp_path / "ours")
