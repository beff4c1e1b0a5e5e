"""GPT-BigCode: StarCoder, StarCoderPlus and AURORA-M."""

from __future__ import annotations

from typing import Any

from aurora.model.families.family import Family, Values
from aurora.recipe.model import Architecture

ACTIVATIONS = {"gelu": "gelu", "gelu_pytorch_tanh": "gelu_pytorch_tanh", "gelu_new": "gelu_pytorch_tanh"}
DROPOUTS = ("resid_pdrop", "embd_pdrop", "attn_pdrop")


def read(values: Values) -> dict[str, Any]:
    """Activation, dropout and key/value heads."""
    if (activation := str(values["activation_function"])) not in ACTIVATIONS:
        raise ValueError(f"activation_function is {activation!r}; known are {', '.join(ACTIVATIONS)}")
    if not values["scale_attn_weights"] or values["add_cross_attention"]:
        raise ValueError("scale_attn_weights: false and add_cross_attention: true are not computed by this network")
    dropouts = [values[key] for key in DROPOUTS]
    if dropouts != dropouts[:1] * 3:
        raise ValueError("resid_pdrop, embd_pdrop and attn_pdrop differ; make them equal (0 to train without)")
    return {
        "activation": ACTIVATIONS[activation],
        "dropout": dropouts[0],
        "key_value_heads": 1 if values["multi_query"] else values["n_head"],
    }


def write(architecture: Architecture) -> dict[str, Any]:
    """The keys that `read` reads, and those that make `transformers` compute the softmax in fp32, as we do."""
    return {
        "activation_function": architecture.activation,
        **dict.fromkeys(DROPOUTS, architecture.dropout),
        "multi_query": architecture.key_value_heads == 1,
        "scale_attn_weights": True,
        "attention_softmax_in_fp32": True,
        "scale_attention_softmax_in_fp32": True,
    }


FAMILY = Family(
    name="gpt_bigcode",
    network="GPTBigCodeForCausalLM",
    names={
        "embedding": "transformer.wte",
        "positions": "transformer.wpe",
        "blocks": "transformer.h",
        "attention_norm": "ln_1",
        "attention.joined": "attn.c_attn",
        "attention.output": "attn.c_proj",
        "mlp_norm": "ln_2",
        "mlp.up": "mlp.c_fc",
        "mlp.down": "mlp.c_proj",
        "norm": "transformer.ln_f",
        "output": "lm_head",
    },
    keys={
        "n_layer": "layers",
        "n_embd": "width",
        "n_head": "heads",
        "n_inner": "inner",
        "n_positions": "positions",
        "tie_word_embeddings": "tied",
        "layer_norm_epsilon": "norm_epsilon",
        "initializer_range": "initializer_range",
    },
    defaults={
        "vocab_size": 50257,
        "n_positions": 1024,
        "n_embd": 768,
        "n_layer": 12,
        "n_head": 12,
        "activation_function": "gelu_pytorch_tanh",
        **dict.fromkeys(DROPOUTS, 0.1),
        "layer_norm_epsilon": 1e-5,
        "initializer_range": 0.02,
        "multi_query": True,
        "scale_attn_weights": True,
        "add_cross_attention": False,
        "tie_word_embeddings": True,
    },
    read=read,
    write=write,
    prefix="transformer.",
    buffers=r"transformer\.(h\.\d+\.attn\.(masked_)?)?bias",  # causal masks
)
