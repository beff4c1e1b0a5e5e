from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from aurora.errors import AuroraError
from aurora.gguf.folder import hub_folder, is_gguf
from small_gguf import gguf_bytes, stored

METADATA = {
    "general.architecture": "llama",
    "llama.block_count": 1,
    "llama.context_length": 16,
    "llama.embedding_length": 4,
    "llama.feed_forward_length": 8,
    "llama.attention.head_count": 2,
    "llama.rope.freq_base": 10_000.0,
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "smollm",
    "tokenizer.ggml.tokens": ["<|endoftext|>", "a", "b", "ab"],
    "tokenizer.ggml.token_type": [3, 1, 1, 1],
    "tokenizer.ggml.merges": ["a b"],
    "tokenizer.ggml.eos_token_id": 0,
}
TENSORS = {
    "token_embd.weight": stored(np.ones((4, 4), np.float32)),
    "rope_freqs.weight": stored(np.ones(1, np.float32)),
    "blk.0.attn_q.weight": stored(np.ones((4, 4), np.float32)),
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def written(folder: Path, content: bytes) -> Path:
    path = folder / "it.gguf"
    path.write_bytes(content)
    return path


def without_frequencies() -> bytes:
    return gguf_bytes(METADATA, {name: it for name, it in TENSORS.items() if name != "rope_freqs.weight"})


def test_a_folder_of_the_hub_is_made_in_the_cache(tmp_path: Path) -> None:
    folder = hub_folder(written(tmp_path, without_frequencies()))
    assert folder.is_relative_to(tmp_path / "cache")
    names = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"]
    assert sorted(file.name for file in folder.iterdir()) == names
    assert json.loads((folder / "config.json").read_text())["hidden_size"] == 4
    assert hub_folder(tmp_path / "it.gguf") == folder


def test_another_table_is_another_folder(tmp_path: Path) -> None:
    first = hub_folder(written(tmp_path, without_frequencies()))
    other = {**METADATA, "tokenizer.ggml.pre": "gpt-2"}
    tensors = {"token_embd.weight": TENSORS["token_embd.weight"]}
    assert hub_folder(written(tmp_path, gguf_bytes(other, tensors))) != first


def test_a_folder_with_the_ending_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "it.gguf").mkdir()
    assert not is_gguf(tmp_path / "it.gguf")
    assert is_gguf(tmp_path / "none.gguf")


@pytest.mark.parametrize("whole", [without_frequencies(), gguf_bytes(METADATA, TENSORS)], ids=["read", "refused"])
def test_whatever_byte_is_wrong_it_is_one_sentence(tmp_path: Path, whole: bytes) -> None:
    """Files with a few bytes changed are read, or refused as every damaged file is; nothing else happens."""
    chance = random.Random(5)
    refused = 0
    for _ in range(700):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            content[chance.randrange(4, len(content))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        try:
            hub_folder(written(tmp_path, bytes(content)))
        except AuroraError:
            refused += 1
    assert refused > 300
