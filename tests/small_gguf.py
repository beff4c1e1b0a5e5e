"""Small GGUF files, written byte by byte."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import load_file

Tensor = tuple[tuple[int, ...], int, bytes]  # shape as numpy has it, type, data
NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def typed(value: Any) -> bytes:
    """A value with its type before it."""
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + text(value)
    if value and isinstance(value[0], str):
        return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
    if value and isinstance(value[0], float):
        return struct.pack(f"<IIQ{len(value)}f", 9, 6, len(value), *value)
    return struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)


def gguf_bytes(metadata: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> bytes:
    parts = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(metadata))]
    parts += [text(key) + typed(value) for key, value in metadata.items()]
    data = b""
    for name, (shape, kind, content) in tensors.items():
        parts.append(text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape[::-1], kind, len(data)))
        data += content + b"\0" * (-len(content) % 32)
    header = b"".join(parts)
    return header + b"\0" * (-len(header) % 32) + data


def stored(values: np.ndarray) -> Tensor:
    return values.shape, {"float32": 0, "float16": 1}[values.dtype.name], values.tobytes()


def rows_in_pairs(values: np.ndarray, heads: int) -> np.ndarray:
    """Rows of queries or keys as llama.cpp has them: the two that are turned together side by side."""
    apart = values.reshape(heads, 2, -1, *values.shape[1:])
    return np.ascontiguousarray(np.moveaxis(apart, 1, 2).reshape(values.shape))


def of_hub_folder(folder: Path, pre: str, **changes: Any) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Metadata and tensors for a folder of the hub, as llama.cpp's converter makes them."""
    config, tokenizer = (json.loads((folder / name).read_text()) for name in ("config.json", "tokenizer.json"))
    family = config["model_type"]
    metadata: dict[str, Any] = {
        "general.architecture": family,
        f"{family}.vocab_size": config["vocab_size"],
        f"{family}.block_count": config["num_hidden_layers"],
        f"{family}.context_length": config["max_position_embeddings"],
        f"{family}.embedding_length": config["hidden_size"],
        f"{family}.feed_forward_length": config["intermediate_size"],
        f"{family}.attention.head_count": config["num_attention_heads"],
        f"{family}.attention.head_count_kv": config["num_key_value_heads"],
        f"{family}.attention.key_length": config["head_dim"],
        f"{family}.attention.layer_norm_rms_epsilon": config["rms_norm_eps"],
        f"{family}.rope.freq_base": config["rope_theta"],
        **text_metadata(tokenizer, pre),
        **changes,
    }
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    tensors = {}
    for name, tensor in load_file(folder / "model.safetensors").items():
        module, _, parameter = name.rpartition(".")
        if module.startswith("model.layers."):
            number, module = module.removeprefix("model.layers.").split(".", 1)
            ours, block = NAMES[module], f"blk.{number}."
        else:
            ours, block = NAMES[module], ""
        values = tensor.numpy()
        if family == "llama" and ours in heads:
            values = rows_in_pairs(values, heads[ours])
        tensors[f"{block}{ours}.{parameter}"] = stored(values)
    return {key: value for key, value in metadata.items() if value is not ...}, tensors


def text_metadata(tokenizer: dict[str, Any], pre: str) -> dict[str, Any]:
    vocabulary = sorted(tokenizer["model"]["vocab"].items(), key=lambda entry: entry[1])
    special = {token["content"] for token in tokenizer["added_tokens"]}
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": [token for token, _ in vocabulary],
        "tokenizer.ggml.token_type": [3 if token in special else 1 for token, _ in vocabulary],
        "tokenizer.ggml.merges": [" ".join(pair) for pair in tokenizer["model"]["merges"]],
        "tokenizer.ggml.eos_token_id": 0,
    }
