from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aurora.errors import AuroraError, UserError
from aurora.gguf.file import GgufFile, read_gguf
from aurora.gguf.network import LLAMA3, configuration, hub_names, hub_tensors
from small_gguf import Tensor, gguf_bytes, rows_in_pairs, stored

ROWS = np.arange(64, dtype=np.float32).reshape(8, 8)


def read(tmp_path: Path, tensors: dict[str, Tensor] | None = None, family: str = "llama", **changes: Any) -> GgufFile:
    said: dict[str, Any] = {
        "block_count": 2,
        "context_length": 16,
        "embedding_length": 8,
        "feed_forward_length": 12,
        "attention.head_count": 2,
        "attention.layer_norm_rms_epsilon": 1e-5,
        **{key.replace("__", "."): value for key, value in changes.items()},
    }
    metadata = {"general.architecture": family} | {f"{family}.{key}": value for key, value in said.items()}
    path = tmp_path / "it.gguf"
    path.write_bytes(gguf_bytes(metadata, {"token_embd.weight": stored(ROWS), **(tensors or {})}))
    return read_gguf(path)


def test_numbers_are_the_shortest_that_are_the_same(tmp_path: Path) -> None:
    values = configuration(read(tmp_path, rope__freq_base=100000.0))
    assert (values["rms_norm_eps"], values["rope_theta"]) == (1e-5, 100000.0)
    assert (values["num_key_value_heads"], values["head_dim"], values["vocab_size"]) == (2, 4, 8)
    assert values["tie_word_embeddings"] is True


def test_an_output_layer_unties_and_biases_are_seen(tmp_path: Path) -> None:
    tensors = {"output.weight": stored(ROWS), "blk.0.attn_q.bias": stored(ROWS[0])}
    values = configuration(read(tmp_path, tensors))
    assert (values["tie_word_embeddings"], values["attention_bias"], values["mlp_bias"]) == (False, True, False)


def test_rows_of_queries_are_put_back_in_llama_alone(tmp_path: Path) -> None:
    bias = ROWS[0]
    tensors = {
        "blk.0.attn_q.weight": stored(rows_in_pairs(ROWS, 2)),
        "blk.0.attn_q.bias": stored(rows_in_pairs(bias, 2)),
        "blk.0.attn_v.weight": stored(ROWS),
    }
    found = dict(hub_tensors(read(tmp_path, tensors)))
    assert np.array_equal(found["model.layers.0.self_attn.q_proj.weight"], ROWS)
    assert np.array_equal(found["model.layers.0.self_attn.q_proj.bias"], bias)
    assert np.array_equal(found["model.layers.0.self_attn.v_proj.weight"], ROWS)
    of_qwen = dict(hub_tensors(read(tmp_path, {"blk.0.attn_q.weight": stored(ROWS)}, "qwen2")))
    assert np.array_equal(of_qwen["model.layers.0.self_attn.q_proj.weight"], ROWS)


def divisors(scaling: dict[str, Any], base: float, width: int) -> np.ndarray:
    """One frequency at a time, as Llama 3.1's own code says it."""
    numbers = []
    for place in range(0, width, 2):
        wave = 2 * np.pi * base ** (place / width)
        old = scaling["original_max_position_embeddings"]
        if wave < old / scaling["high_freq_factor"]:
            numbers.append(1.0)
        elif wave > old / scaling["low_freq_factor"]:
            numbers.append(scaling["factor"])
        else:
            smooth = (old / wave - 1.0) / 3.0
            numbers.append(1 / ((1 - smooth) / scaling["factor"] + smooth))
    return np.array(numbers, np.float32)


@pytest.mark.parametrize("scaling", LLAMA3, ids=["3.1", "3.2"])
def test_the_scaling_of_llama_3_is_told_by_its_frequencies(tmp_path: Path, scaling: dict[str, Any]) -> None:
    stored_divisors = divisors(scaling, 500_000.0, 128)
    keys = {"attention__key_length": 128, "rope__freq_base": 500_000.0}
    file = read(tmp_path, {"rope_freqs.weight": stored(stored_divisors)}, **keys)
    assert configuration(file)["rope_scaling"] == scaling
    assert "rope_freqs.weight" not in hub_names(file)
    other = read(tmp_path, {"rope_freqs.weight": stored(stored_divisors * 1.1)}, **keys)
    with pytest.raises(UserError, match="not those of Llama 3"):
        configuration(other)


def test_frequencies_of_another_shape_are_refused_before_any_is_computed(tmp_path: Path) -> None:
    file = read(tmp_path, {"rope_freqs.weight": stored(ROWS[0])}, attention__key_length=(1 << 32) - 2)
    with pytest.raises(UserError, match="not those of Llama 3"):
        configuration(file)


def test_linear_scaling_is_kept(tmp_path: Path) -> None:
    values = configuration(read(tmp_path, rope__scaling__type="linear", rope__scaling__factor=4.0))
    assert values["rope_scaling"] == {"rope_type": "linear", "factor": 4.0}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"family": "mamba"}, "general.architecture is 'mamba', but only GGUF files of llama"),
        ({"expert_count": 8}, "llama.expert_count is '8', which this network does not compute"),
        ({"rope__scaling__type": "yarn"}, "rope.scaling.type is 'yarn'; known are none, linear"),
        ({"attention__head_count_kv": [2, 1]}, "differs between layers"),
        ({"vocab_size": 9}, "llama.vocab_size is 9, but this network has 8"),
        ({"rope__dimension_count": 2}, "rope.dimension_count is 2, but this network has 4"),
        ({"attention__head_count": 0}, "num_attention_heads would be '0', not a count"),
        ({"block_count": "2"}, "llama.block_count is '2', not a number"),
        ({"tensors": {"blk.0.ffn_gate_inp.weight": stored(ROWS)}}, "'blk.0.ffn_gate_inp.weight', which this network"),
        ({"tensors": {"blk.0.attn_q.weight": stored(ROWS[:6, :])}}, "has 6 rows, which 2 heads cannot share"),
    ],
)
def test_what_would_be_computed_otherwise_is_refused(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises((UserError, AuroraError), match=sentence):
        dict(hub_tensors(read(tmp_path, **changes)))
