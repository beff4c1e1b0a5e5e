"""The network that a GGUF file describes, in the hub's terms: `config.json`, and the hub's names for its tensors.

One decision: an unknown key or tensor is refused by name, because llama.cpp may compute something with it that our
network would not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aurora.errors import AuroraError, UserError
from aurora.gguf.file import GgufFile

# Architectures that have the same name in GGUF files and on the hub.
FAMILIES = ("llama", "qwen2", "qwen3")
EMBEDDING, OUTPUT, FREQUENCIES = "token_embd", "output", "rope_freqs.weight"
MODULES = {
    EMBEDDING: "model.embed_tokens",
    "output_norm": "model.norm",
    OUTPUT: "lm_head",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
KEYS = {
    "block_count": "num_hidden_layers",
    "context_length": "max_position_embeddings",
    "embedding_length": "hidden_size",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.key_length": "head_dim",
    "attention.layer_norm_rms_epsilon": "rms_norm_eps",
    "rope.freq_base": "rope_theta",
}
NEEDED = ("block_count", "context_length", "embedding_length", "feed_forward_length", "attention.head_count")
# Keys that repeat what others say: they must agree.
REPEATED = ("vocab_size", "rope.dimension_count", "attention.value_length")
SCALING = ("rope.scaling.type", "rope.scaling.factor")
SCALINGS = ("none", "linear")
# Files of Llama 3.1 and 3.2 hold the divisors of their frequencies instead of these settings; these are all settings
# that were published.
LLAMA3 = [
    {
        "rope_type": "llama3",
        "factor": factor,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
    for factor in (8.0, 32.0)
]


def configuration(file: GgufFile) -> dict[str, Any]:
    """`config.json` of the network; `UserError` naming a key that our network would not compute."""
    family = file.metadata.get("general.architecture")
    if family not in FAMILIES:
        raise UserError(
            f"{file.path}: general.architecture is {str(family)[:40]!r}, but only GGUF files of {', '.join(FAMILIES)} "
            "can be continued: give another, or the model's Hugging Face folder."
        )
    if file.metadata.get("split.count", 1) != 1:
        raise UserError(f"{file.path} is one part of several: join them with llama.cpp's gguf-split first.")
    said = {
        key.removeprefix(f"{family}."): value for key, value in file.metadata.items() if key.startswith(f"{family}.")
    }
    for key, value in said.items():
        if not isinstance(value, int | float | str):
            raise UserError(
                f"{file.path}: {family}.{key} differs between layers, which this network does not compute: give "
                "another model."
            )
        if key not in (*KEYS, *REPEATED, *SCALING) and value != 0:
            raise UserError(f"{file.path}: {family}.{key} is {str(value)[:40]!r}, which this network does not compute.")
        if key in KEYS and type(value) not in (int, float):
            raise AuroraError(f"{file.path}: {family}.{key} is {str(value)[:40]!r}, not a number: fetch it again.")
    for key in NEEDED:
        if key not in said:
            raise AuroraError(f"{file.path} has no {family}.{key}: fetch it again.")
    values = {theirs: _shortest(said[ours]) for ours, theirs in KEYS.items() if ours in said}
    values.setdefault("num_key_value_heads", values["num_attention_heads"])
    _refuse_contradictions(file, family, said, values)
    values |= {"model_type": family, "vocab_size": _rows(file)}
    values["tie_word_embeddings"] = f"{OUTPUT}.weight" not in file.tensors
    values.setdefault("rope_theta", 10_000.0)  # llama.cpp's defaults
    values.setdefault("rms_norm_eps", 1e-5)
    if family == "llama":
        values["attention_bias"] = "blk.0.attn_q.bias" in file.tensors
        values["mlp_bias"] = "blk.0.ffn_gate.bias" in file.tensors
    return values | _scaling(file, family, said, values)


def hub_names(file: GgufFile) -> dict[str, str]:
    """The hub's name for every tensor but the frequencies; `UserError` naming an unknown one."""
    names: dict[str, str] = {}
    for name in file.tensors:
        match = re.fullmatch(r"(?:blk\.(\d{1,4})\.)?(\w+)\.(weight|bias)", name, re.ASCII)
        if name == FREQUENCIES:
            continue
        if match is None or match[2] not in MODULES:
            raise UserError(f"{file.path} holds the tensor {name[:100]!r}, which this network does not have.")
        number, module, parameter = match.groups()
        block = f"model.layers.{number}." if number else ""
        names[name] = f"{block}{MODULES[module]}.{parameter}"
    return names


def hub_tensors(file: GgufFile) -> Iterator[tuple[str, NDArray[Any]]]:
    """The tensors by the hub's names, with rows in the hub's order; bfloat16 as uint16."""
    values = configuration(file)
    # llama.cpp rotates neighbouring elements of a head where the hub rotates its halves, so files of Llama have the
    # rows of queries and keys in another order; those of Qwen have the hub's.
    heads = {"attn_q": values["num_attention_heads"], "attn_k": values["num_key_value_heads"]}
    for name, hub_name in hub_names(file).items():
        tensor = file.values(name)
        module = name.rsplit(".", 2)[-2]
        if values["model_type"] == "llama" and module in heads:
            tensor = _halves_together(file, name, tensor, heads[module])
        yield hub_name, tensor


def _halves_together(file: GgufFile, name: str, tensor: NDArray[Any], heads: int) -> NDArray[Any]:
    """The rows of each head, reordered: first the even ones, then the odd ones."""
    rows, *rest = tensor.shape
    if rows % (2 * heads):
        raise AuroraError(f"{file.path}: {name} has {rows:,} rows, which {heads} heads cannot share: fetch it again.")
    return tensor.reshape(heads, -1, 2, *rest).swapaxes(1, 2).reshape(tensor.shape)


def _shortest(value: Any) -> Any:
    """A float32 of the file as the shortest number that rounds to it: 1e-05 for 9.999999747378752e-06."""
    return float(str(np.float32(value))) if isinstance(value, float) else value


def _rows(file: GgufFile) -> int:
    stored = file.tensors.get(f"{EMBEDDING}.weight")
    if stored is None:
        raise AuroraError(f"{file.path} has no {EMBEDDING}.weight: fetch it again.")
    return stored.shape[0]


def _refuse_contradictions(file: GgufFile, family: str, said: dict[str, Any], values: dict[str, Any]) -> None:
    for key in ("num_hidden_layers", "hidden_size", "num_attention_heads", "num_key_value_heads"):
        if type(values[key]) is not int or values[key] < 1:
            raise AuroraError(f"{file.path}: {key} would be {str(values[key])[:40]!r}, not a count: fetch it again.")
    width = values.setdefault("head_dim", values["hidden_size"] // values["num_attention_heads"])
    for key, ours in zip(REPEATED, (_rows(file), width, width), strict=True):
        if said.get(key, ours) != ours:
            raise UserError(f"{file.path}: {family}.{key} is {str(said[key])[:40]}, but this network has {ours}.")


def _scaling(file: GgufFile, family: str, said: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """The scaling of rotary positions, as keys of `config.json`."""
    kind = said.get("rope.scaling.type", "none")
    if kind not in SCALINGS:
        raise UserError(
            f"{file.path}: {family}.rope.scaling.type is {str(kind)[:40]!r}; known are {', '.join(SCALINGS)}."
        )
    if FREQUENCIES in file.tensors:
        same_shape = file.tensors[FREQUENCIES].shape == (values["head_dim"] // 2,)  # checked before memory is allocated
        for scaling in LLAMA3 if kind == "none" and same_shape else ():
            expected = _divisors(scaling, values["rope_theta"], values["head_dim"])
            if np.allclose(file.values(FREQUENCIES), expected, rtol=1e-5):  # the file's are rounded to float32
                return {"rope_scaling": scaling}
        raise UserError(f"{file.path}: {FREQUENCIES} are not those of Llama 3.1 or 3.2, the only ones that are known.")
    if kind == "linear":
        return {"rope_scaling": {"rope_type": "linear", "factor": _shortest(said.get("rope.scaling.factor", 1.0))}}
    return {}


def _divisors(scaling: dict[str, Any], base: float, width: int) -> NDArray[Any]:
    """The divisors of a head's frequencies in Llama 3.1: 1 for short waves, `factor` for long ones."""
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    with np.errstate(all="ignore"):  # an impossible base is refused later, with the rest of the configuration
        waves = 2 * np.pi * np.float64(base) ** (np.arange(0, width, 2) / width)
        share = np.clip((scaling["original_max_position_embeddings"] / waves - low) / (high - low), 0, 1)
        divisors: NDArray[Any] = 1 / ((1 - share) / scaling["factor"] + share)
    return divisors
