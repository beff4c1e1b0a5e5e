"""A whole run that starts from a GGUF file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from aurora.cli import aurora
from aurora.model.folder import load_model, save_model
from aurora.model.huggingface import export_model
from aurora.model.network import Network
from aurora.pipeline.running import run_recipe
from aurora.recipe import load_recipe
from aurora.recipe.model import Architecture
from small_gguf import gguf_bytes, of_hub_folder
from small_run import WORDS, write_small_project

RECIPE = """\
name: quantized
seed: 3
corpus:
  sources:
    web: {kind: jsonl, paths: [web.jsonl], language_key: lang, license: CC0-1.0}
  cache: cache
tokens: {path: base.gguf}
model: {path: base.gguf}
stages:
  cap:
    start: model
    tokens: 2048
    batch_tokens: 512
    sequence_length: 64
    mixture: {web/en: 1, web/fi: 1}
    schedule: {peak: 1e-3}
evaluation: {held_out_kilobytes: 2, sample_tokens: 4}
execution: {threads: 1}
"""
SHAPE = {
    "family": "llama",
    "layers": 2,
    "width": 32,
    "heads": 4,
    "key_value_heads": 2,
    "inner": 64,
    "positions": 64,
    "rotary": {"base": 10_000.0},
    "norm": "rms",
    "gated": True,
    "activation": "silu",
    "biases": [],
}


def write_base(path: Path, work: Path) -> None:
    """A new Llama network with matrices of Q8_0."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=["<|endoftext|>"], initial_alphabet=sorted(alphabet), show_progress=False
    )
    tokenizer.train_from_iterator(WORDS.values(), trainer)
    work.mkdir()
    tokenizer.save(str(work / "tokenizer.json"))
    network = Network(Architecture.model_validate(SHAPE), 320)
    network.initialise(torch.Generator().manual_seed(3))
    save_model(network, work / "own", work / "tokenizer.json")
    export_model(work / "own", work / "hub")
    metadata, tensors = of_hub_folder(work / "hub", "smollm")
    for name, (shape, _, data) in tensors.items():
        if len(shape) == 2:
            blocks = np.frombuffer(data, np.float32).reshape(-1, 32)
            scales = (np.abs(blocks).max(axis=1, keepdims=True) / 127).astype("<f2")
            integers = np.rint(blocks / scales.astype(np.float32)).clip(-127, 127).astype(np.int8)
            tensors[name] = (shape, 8, np.concatenate([scales.view(np.uint8), integers.view(np.uint8)], 1).tobytes())
    path.write_bytes(gguf_bytes(metadata, tensors))


@pytest.mark.slow
def test_a_run_from_a_quantised_base_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = write_small_project(tmp_path / "project").parent
    write_base(folder / "base.gguf", tmp_path / "work")
    recipe = folder / "quantized.yaml"
    recipe.write_text(RECIPE)
    planned = CliRunner().invoke(aurora, ["train", str(recipe), "--stage", "cap", "--dry-run", "--json"])
    run_recipe(load_recipe(recipe), folder / "run")
    report = json.loads((folder / "run/report.json").read_text())
    assert report["environment"]["dequantized_from"] == "Q8_0"
    assert "dequantised from Q8_0" in (folder / "run/report.html").read_text()
    changes = report["retention"]["cap"]
    before, after = report["base"]["bits_per_byte"], report["stages"][0]["bits_per_byte"]
    assert changes == pytest.approx({language: after[language] / before[language] - 1 for language in before}, abs=1e-6)
    assert before.keys() == {"en", "fi", "hi"}
    assert "From the imported model to cap" in (folder / "run/report.html").read_text()
    (row,) = json.loads(planned.output)
    assert row["parameters"] == report["network"]["parameters"]
    own, _ = load_model(tmp_path / "work/own")
    base, _ = load_model(folder / "run/checkpoints/model")
    trained, _ = load_model(folder / "run/checkpoints/cap")
    near = {name: (value - own.state_dict()[name]).abs().max() for name, value in base.state_dict().items()}
    assert 0 < max(near.values()) < 0.001
    assert any(not torch.equal(value, base.state_dict()[name]) for name, value in trained.state_dict().items())
