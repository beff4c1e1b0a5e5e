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


@pytest.mark.parametrize(
    ("vocabulary", "said"),
    [
        (300, "5: tokens.path: 1 of the 2 ids of the model's tokenizer mean the same in other/tokenizer.json (id 1"),
        (1, "7: model.path: base/tokenizer.json has token id 1, but the model's last id is 0: put the model's own "),
    ],
)
def test_a_tokenizer_of_another_model_is_seen_before_the_corpus_is_built(
    recipe: Path, vocabulary: int, said: str
) -> None:
    from tokenizers import Tokenizer, models

    from aurora.tokens.text.text_facts import END_OF_TEXT

    base, other = recipe.parent / "base", recipe.parent / "other"
    for folder, entries in ((base, {END_OF_TEXT: 0, "b": 1}), (other, {END_OF_TEXT: 0, "c": 1})):
        folder.mkdir()
        Tokenizer(models.BPE(entries, [])).save(str(folder / "tokenizer.json"))
    (base / "config.json").write_text(json.dumps({**SHAPE, "n_positions": 16, "vocab_size": vocabulary}))
    (base / "model.safetensors").write_bytes(b"")
    (only,) = checked(recipe, (TOKENS, "tokens: {path: other}\n"), (MODEL, "  path: base\n")).mistakes
    assert only.startswith(said)


def test_a_network_that_is_not_of_its_familys_form_is_seen(recipe: Path) -> None:
    shape = "architecture: {family: llama, layers: 1, width: 16, heads: 2, positions: 32}"
    (only,) = checked(recipe, (MODEL, f"  {shape}\n")).mistakes
    assert "model.architecture: rotary is None, but a llama network of this shape has {'base': 10000.0," in only
    assert only.endswith("give it that, or name another `family`.")
