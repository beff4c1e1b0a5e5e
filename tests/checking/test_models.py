"""A model that cannot be continued is seen before it is imported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checking.conftest import MODEL, TOKENS, checked

SHAPE = {"model_type": "gpt_bigcode", "n_embd": 16, "n_layer": 1, "n_head": 2, "vocab_size": 400}


@pytest.mark.parametrize(
    ("path", "files", "said"),
    [
        ("bsae", {}, "there is no bsae (did you mean base?)"),
        ("./elsewhere", {}, "there is no elsewhere (give a folder, a GGUF file, or OWNER/NAME of the hub)"),
        (
            "base",
            {"config.json": '{"model_type": "bert"}'},
            "base/config.json: model_type is 'bert'; models that can be",
        ),
        ("base", {}, "base/config.json does not exist: give the folder of a Hugging Face model"),
        ("base", {"config.json": json.dumps(SHAPE)}, "base holds no model.safetensors"),
    ],
)
def test_a_model_that_cannot_be_continued(recipe: Path, path: str, files: dict[str, str], said: str) -> None:
    (recipe.parent / "base").mkdir()
    for name, text in files.items():
        (recipe.parent / "base" / name).write_text(text)
    found = checked(recipe, (TOKENS, f"tokens: {{path: {path}}}\n"), (MODEL, f"  path: {path}\n")).mistakes
    (only,) = found
    assert only.startswith("7: model.path: ")
    assert said in only


def test_sequences_longer_than_the_model_are_seen(recipe: Path) -> None:
    base = recipe.parent / "base"
    base.mkdir()
    (base / "config.json").write_text(json.dumps({**SHAPE, "n_positions": 8}))
    (base / "model.safetensors").write_bytes(b"")
    found = checked(recipe, (TOKENS, "tokens: {path: base}\n"), (MODEL, "  path: base\n")).mistakes
    assert found == [
        "7: model.path: base has no tokenizer.json: save its tokenizer there with transformers' save_pretrained.",
        "13: stages.base.sequence_length: 16 is more than the 8 positions of base; give that or less.",
    ]


def test_a_network_that_is_not_of_its_familys_form_is_seen(recipe: Path) -> None:
    shape = "architecture: {family: llama, layers: 1, width: 16, heads: 2, positions: 32}"
    (only,) = checked(recipe, (MODEL, f"  {shape}\n")).mistakes
    assert "model.architecture: rotary is None, but a llama network of this shape has {'base': 10000.0," in only
    assert only.endswith("give it that, or name another `family`.")
