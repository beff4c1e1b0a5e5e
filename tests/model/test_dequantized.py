from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from aurora.errors import AuroraError, UserError
from aurora.gguf.blocks import TYPES
from aurora.model.folder import load_model, save_model
from aurora.model.huggingface import export_model, import_model, model_identity
from aurora.model.network import Network
from aurora.recipe.model import DEQUANTIZED
from aurora.tokens.text.text_facts import load_tokenizer
from small_gguf import Tensor, gguf_bytes, of_hub_folder

FAMILIES = {
    "llama": {"family": "llama", "biases": ()},
    "llama-biases": {"family": "llama"},
    "qwen2": {"family": "qwen2", "biases": ("query_key_value",)},
    "qwen3": {"family": "qwen3", "biases": (), "head_norm": "head"},
}
SHAPE = {
    "norm": "rms",
    "gated": True,
    "activation": "silu",
    "key_value_heads": 2,
    "head_width": 16,
    "inner": 96,
    "rotary": {"base": 10_000.0},
    "tied": False,
    "norm_epsilon": 1e-6,
}
IDS = torch.tensor([[5, 17, 3, 200, 9, 42, 7]])


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def hub(build: Callable[..., Network], tokenizer_file: Path, tmp_path: Path) -> Callable[..., Path]:
    def exported(**changes: Any) -> Path:
        save_model(build(**{**SHAPE, **FAMILIES["llama"], **changes}), tmp_path / "own", tokenizer_file)
        export_model(tmp_path / "own", tmp_path / "hub")
        return tmp_path / "hub"

    return exported


def written(folder: Path, metadata: dict[str, Any], tensors: dict[str, Tensor]) -> Path:
    path = folder / "it.gguf"
    path.write_bytes(gguf_bytes(metadata, tensors))
    return path


def imported(path: Path, **settings: Any) -> Path:
    import_model(path.name, None, path.parent, path.parent / "imported", **settings)
    return path.parent / "imported"


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
def test_a_network_and_its_text_come_back_to_the_bit(
    hub: Callable[..., Path], tmp_path: Path, family: str, tied: bool
) -> None:
    source = hub(**FAMILIES[family], tied=tied)
    folder = imported(written(tmp_path, *of_hub_folder(source, "starcoder")))
    own, read = load_file(tmp_path / "own" / "model.safetensors"), load_file(folder / "model.safetensors")
    assert own.keys() == read.keys()
    assert all(torch.equal(own[name], read[name]) for name in own)
    (first, _), (second, text) = load_model(tmp_path / "own"), load_model(folder)
    with torch.no_grad():
        assert torch.equal(first(IDS), second(IDS))
    for sample in ("Hyvää 1234 huomenta", "नमस्ते 12"):
        assert text.encode(sample) == load_tokenizer(source).encode(sample).ids
    assert text.end == 0
    assert json.loads((folder / DEQUANTIZED).read_text()) == {"file": "it.gguf", "types": ["F32"], "quantized": []}


def quantized(tensors: dict[str, Tensor], kind: int) -> dict[str, Tensor]:
    """The matrices as random blocks of a type, small enough that the network's numbers stay finite."""
    block, generator = TYPES[kind], np.random.default_rng(kind)
    made = dict(tensors)
    for name, (shape, _, _) in tensors.items():
        if len(shape) == 2:
            blocks = generator.integers(0, 256, (int(np.prod(shape)) // block.values, block.bytes), dtype=np.uint8)
            blocks[:, 1::2] &= 0x1F  # no half is infinite, or none, wherever it lies
            made[name] = (shape, kind, blocks.tobytes())
    return made


@pytest.mark.parametrize("kind", [2, 3, 8, 12, 14], ids=["Q4_0", "Q4_1", "Q8_0", "Q4_K", "Q6_K"])
def test_quantised_weights_are_those_of_transformers_to_the_bit(
    hub: Callable[..., Path], tmp_path: Path, kind: int
) -> None:
    for package in ("gguf.quants", "accelerate"):  # which transformers reads such files with
        pytest.importorskip(package)
    transformers = pytest.importorskip("transformers")
    metadata, tensors = of_hub_folder(hub(width=256, inner=256, head_width=64), "starcoder")
    path = written(tmp_path, metadata, quantized(tensors, kind))
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path, gguf_file=path.name, dtype=torch.float32
    ).state_dict()
    read = load_file(imported(path) / "model.safetensors")
    assert all(torch.equal(theirs[name], read[name]) for name in read)


def test_quantised_types_are_named_and_weights_are_fp32(hub: Callable[..., Path], tmp_path: Path) -> None:
    metadata, tensors = of_hub_folder(hub(), "starcoder")
    folder = imported(written(tmp_path, metadata, quantized(tensors, 3)))
    assert json.loads((folder / DEQUANTIZED).read_text())["quantized"] == ["Q4_1"]
    assert {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()} == {torch.float32}


def test_bfloat16_stays_as_it_is(hub: Callable[..., Path], tmp_path: Path) -> None:
    metadata, tensors = of_hub_folder(hub(), "starcoder")
    halved = {
        name: (shape, 30, np.frombuffer(data, np.uint16)[1::2].tobytes()) for name, (shape, _, data) in tensors.items()
    }
    read = load_file(imported(written(tmp_path, metadata, halved)) / "model.safetensors")
    own = load_file(tmp_path / "own" / "model.safetensors")
    name = "model.layers.0.self_attn.v_proj.weight"
    assert read[name].dtype == torch.bfloat16
    assert torch.equal(read[name].view(torch.uint16), (own[name].view(torch.int32) >> 16).to(torch.uint16))


def test_the_file_tells_one_model_from_another(hub: Callable[..., Path], tmp_path: Path) -> None:
    metadata, tensors = of_hub_folder(hub(), "starcoder")
    before = model_identity(written(tmp_path, metadata, tensors).name, None, tmp_path)
    after = model_identity(written(tmp_path, metadata, quantized(tensors, 8)).name, None, tmp_path)
    assert before != after


def test_a_missing_tensor_a_revision_and_no_file_are_refused(hub: Callable[..., Path], tmp_path: Path) -> None:
    metadata, tensors = of_hub_folder(hub(), "starcoder")
    del tensors["blk.1.attn_v.weight"]
    path = written(tmp_path, metadata, tensors)
    with pytest.raises(AuroraError, match=r"lacks model\.layers\.1\.self_attn\.v_proj\.weight"):
        imported(path)
    with pytest.raises(UserError, match="has no revision"):
        import_model(path.name, "main", tmp_path, tmp_path / "imported")
    with pytest.raises(UserError, match=r"none\.gguf does not exist"):
        import_model("none.gguf", None, tmp_path, tmp_path / "imported")


def test_the_tokenizer_of_a_file_is_a_tokenizer_of_its_own(hub: Callable[..., Path], tmp_path: Path) -> None:
    from aurora.tokens.text.tokenizer import published_tokenizer

    source = hub()
    path = written(tmp_path, *of_hub_folder(source, "starcoder"))
    found = published_tokenizer(path.name, None, tmp_path)
    assert load_tokenizer(found).get_vocab() == load_tokenizer(source).get_vocab()
    folder = imported(path, tokenizer_file=found)
    assert (folder / "tokenizer.json").read_bytes() == found.read_bytes()
