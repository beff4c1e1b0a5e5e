from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from aurora.errors import AuroraError, UserError
from aurora.gguf.file import read_gguf
from aurora.gguf.text import text_files
from small_gguf import gguf_bytes
from small_tokenizers import TEXTS, sentencepiece

SPACES = ["  two  spaces ", "x   y", "", "\n\t", "▁", "€ 漢"]


def metadata(kind: str, **changes: Any) -> dict[str, Any]:
    """What llama.cpp's converter writes of a sentencepiece model: pieces with a kind and a score, no merges."""
    values = json.loads(sentencepiece(kind).to_str())["model"]
    vocabulary = sorted(values["vocab"], key=values["vocab"].get)
    merged = {"".join(pair): -float(number) for number, pair in enumerate(values["merges"])}
    kinds = {"<unk>": 2, "<s>": 3, "</s>": 3}
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": vocabulary,
        "tokenizer.ggml.scores": [merged.get(token, -1e6) for token in vocabulary],
        "tokenizer.ggml.token_type": [6 if token.startswith("<0x") else kinds.get(token, 1) for token in vocabulary],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.ggml.add_space_prefix": kind != "gemma",
    } | changes


def read_back(tmp_path: Path, values: dict[str, Any]) -> dict[str, Any]:
    path = tmp_path / "it.gguf"
    path.write_bytes(gguf_bytes({key: value for key, value in values.items() if value is not ...}, {}))
    return text_files(read_gguf(path))


@pytest.mark.parametrize("kind", ["llama2", "gemma"])
def test_ids_are_those_of_the_tokenizer_that_was_stored(tmp_path: Path, kind: str) -> None:
    own = sentencepiece(kind)
    read = Tokenizer.from_str(json.dumps(read_back(tmp_path, metadata(kind))["tokenizer.json"]))
    for text in [*TEXTS, *SPACES]:
        ids = own.encode(text, add_special_tokens=False).ids
        assert read.encode(text, add_special_tokens=False).ids == ids
        assert read.encode(text).ids == [1, *ids]
        assert read.decode(ids) == text.replace("▁", " ")


def test_a_text_begins_with_a_start_token_and_a_space_if_nothing_else_is_said(tmp_path: Path) -> None:
    files = read_back(tmp_path, metadata("llama2", **{"tokenizer.ggml.add_space_prefix": ...}))
    assert Tokenizer.from_str(json.dumps(files["tokenizer.json"])).encode("a").tokens == ["<s>", "▁", "a"]
    assert files["tokenizer_config.json"]["add_bos_token"] is True


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"scores": ...}, "has no score for each of its"),
        ({"scores": [0.5]}, "has no score for each of its"),
        ({"remove_extra_whitespaces": True}, "remove_extra_whitespaces is True, so texts are changed"),
        ({"precompiled_charsmap": [1, 2]}, "precompiled_charsmap is given, so texts are changed"),
        ({"model": "t5"}, "tokenizer.ggml.model is 't5', but only"),
    ],
)
def test_what_is_not_known_or_damaged_is_refused(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises((UserError, AuroraError), match=sentence):
        read_back(tmp_path, metadata("llama2") | {f"tokenizer.ggml.{key}": value for key, value in changes.items()})


def test_pieces_that_lack_bytes_would_lose_text(tmp_path: Path) -> None:
    values = metadata("llama2")
    tokens = [token.replace("<0x0A>", "newline") for token in values["tokenizer.ggml.tokens"]]
    with pytest.raises(UserError, match="no token for 1 of 256 bytes"):
        read_back(tmp_path, values | {"tokenizer.ggml.tokens": tokens})
