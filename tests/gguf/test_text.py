from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from aurora.errors import AuroraError, UserError
from aurora.gguf.file import read_gguf
from aurora.gguf.text import text_files
from small_gguf import gguf_bytes, text_metadata
from small_tokenizers import byte_level

TEXTS = [
    "Hyvää huomenta, maailma! It's 2,026 o'clock: 12345 and 7½.",
    "def main():\n\n    return 42\t# done\r\n",
    "नमस्ते दुनिया १२३",
    "こんにちは世界　123",
    "Xin chào thế giới   ",
    "e\u0301te\u0301",
]
KINDS = {"gpt-2": "gpt-2", "smollm": "smollm", "starcoder": "smollm", "refact": "smollm", "llama-bpe": "llama3"}
KINDS |= {"smaug-bpe": "olmo2", "dbrx": "olmo2", "tekken": "tekken", "qwen2": "qwen2", "deepseek-r1-qwen": "qwen2"}


def read_back(tmp_path: Path, metadata: dict[str, Any]) -> dict[str, Any]:
    path = tmp_path / "it.gguf"
    path.write_bytes(gguf_bytes({key: value for key, value in metadata.items() if value is not ...}, {}))
    return text_files(read_gguf(path))


@pytest.mark.parametrize("pre", [pre for pre in KINDS if "qwen" not in pre])
def test_ids_are_those_of_the_tokenizer_that_was_stored(tmp_path: Path, pre: str) -> None:
    own = byte_level(KINDS[pre])
    files = read_back(tmp_path, text_metadata(json.loads(own.to_str()), pre))
    read = Tokenizer.from_str(json.dumps(files["tokenizer.json"]))
    assert read.get_vocab() == own.get_vocab()
    for text in TEXTS:
        assert read.encode(text).ids == own.encode(text).ids
        assert read.decode(read.encode(text).ids) == text


@pytest.mark.parametrize("pre", ["qwen2", "deepseek-r1-qwen"])
def test_qwen_composes_a_text_first(tmp_path: Path, pre: str) -> None:
    own = byte_level("qwen2")
    files = read_back(tmp_path, text_metadata(json.loads(own.to_str()), pre))
    read = Tokenizer.from_str(json.dumps(files["tokenizer.json"]))
    assert [read.encode(text).ids for text in TEXTS[:5]] == [own.encode(text).ids for text in TEXTS[:5]]
    assert read.encode(TEXTS[5]).ids == own.encode("été").ids


def test_digits_are_cut_as_the_file_says(tmp_path: Path) -> None:
    """Whoever ignores `tokenizer.ggml.pre` gives other ids to numbers."""
    metadata = text_metadata(json.loads(byte_level("gpt-2").to_str()), "gpt-2")
    ids = {}
    for pre in ("gpt-2", "smollm"):
        files = read_back(tmp_path, {**metadata, "tokenizer.ggml.pre": pre})
        ids[pre] = Tokenizer.from_str(json.dumps(files["tokenizer.json"])).encode("12345").ids
    assert len(ids["gpt-2"]) < len(ids["smollm"]) == 5


def metadata() -> dict[str, Any]:
    return text_metadata(json.loads(byte_level("gpt-2").to_str()), "gpt-2")


def test_roles_ends_and_template_are_kept(tmp_path: Path) -> None:
    more = {"tokenizer.ggml.bos_token_id": 0, "tokenizer.ggml.eot_token_id": 1, "tokenizer.chat_template": "{{ 1 }}"}
    files = read_back(tmp_path, metadata() | more)
    assert files["chat_template.jinja"] == "{{ 1 }}"
    assert files["generation_config.json"] == {"bos_token_id": 0, "eos_token_id": [0, 1]}
    settings = files["tokenizer_config.json"]
    assert (settings["eos_token"], settings["add_bos_token"]) == ("<|endoftext|>", False)


def test_a_start_token_comes_where_special_tokens_are_asked_for(tmp_path: Path) -> None:
    more = {"tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.add_bos_token": True}
    files = read_back(tmp_path, metadata() | more)
    read = Tokenizer.from_str(json.dumps(files["tokenizer.json"]))
    plain = read.encode("a", add_special_tokens=False).ids
    assert read.encode("a").ids == [1, *plain]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tokenizer.ggml.model": "t5"}, "tokenizer.ggml.model is 't5'"),
        ({"tokenizer.ggml.pre": "bloom"}, "tokenizer.ggml.pre is 'bloom'; known are gpt-2, smollm"),
        ({"tokenizer.ggml.pre": ...}, "has no tokenizer.ggml.pre"),
        ({"tokenizer.ggml.token_type": [1]}, "but 1 types of them"),
        ({"tokenizer.ggml.merges": ["a b c"]}, "the merge 'a b c' is not of two tokens"),
        ({"tokenizer.ggml.merges": ["a <|none|>"]}, "is not of two tokens"),
        ({"tokenizer.ggml.eos_token_id": 10_000_000}, "eos_token_id is 10000000, no token"),
    ],
)
def test_what_is_not_known_or_damaged_is_refused(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises((UserError, AuroraError), match=sentence):
        read_back(tmp_path, metadata() | changes)
