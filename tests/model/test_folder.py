from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from aurora.errors import AuroraError
from aurora.model.folder import load_model, read_architecture, save_model
from aurora.model.network import Network
from aurora.model.weights import read_weights, write_weights

Build = Callable[..., Network]


@pytest.fixture
def folder(build: Build, tokenizer_file: Path, tmp_path: Path) -> Path:
    save_model(build(), tmp_path / "model", tokenizer_file)
    return tmp_path / "model"


def test_a_model_comes_back_whole(build: Build, folder: Path, tokenizer_file: Path) -> None:
    model, text = load_model(folder)
    tokens = torch.tensor([[1, 2, 3, 4]])
    assert torch.equal(model(tokens), build()(tokens))
    assert model.architecture == build().architecture
    assert text.tokenizer.decode(text.encode("Hyvää 42 こ")) == "Hyvää 42 こ"
    assert 0 not in text.encode("<|endoftext|>")  # text that spells a special token is text
    assert (folder / "tokenizer.json").read_bytes() == tokenizer_file.read_bytes()
    assert read_architecture(folder) == (model.architecture, 320)


def test_equal_weights_give_equal_bytes(build: Build, folder: Path, tmp_path: Path) -> None:
    save_model(load_model(folder)[0], tmp_path / "again", folder / "tokenizer.json")
    for name in ("model.safetensors", "architecture.json", "tokenizer.json"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    save_model(load_model(folder)[0], folder, folder / "tokenizer.json")  # over itself
    assert (folder / "model.safetensors").read_bytes() == (tmp_path / "again/model.safetensors").read_bytes()


def test_weights_are_converted_on_loading_and_not_on_saving(folder: Path, tmp_path: Path) -> None:
    model, _ = load_model(folder, dtype=torch.bfloat16)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.bfloat16}
    save_model(model, tmp_path / "half", folder / "tokenizer.json")
    stored = read_weights([tmp_path / "half/model.safetensors"])
    assert {tensor.dtype for tensor in stored.values()} == {torch.bfloat16}
    assert load_model(tmp_path / "half")[0].embedding.weight.dtype == torch.float32


def test_loaded_weights_are_not_the_file(folder: Path) -> None:
    model, _ = load_model(folder)
    with torch.no_grad():
        model.embedding.weight.zero_()
    assert load_model(folder)[0].embedding.weight.any()


def test_an_interrupted_save_is_not_a_model(
    build: Build, folder: Path, tokenizer_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aurora.model.folder.write_weights", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_model(build(), folder, tokenizer_file)
    with pytest.raises(AuroraError, match=r"not a finished model folder: it has no architecture\.json"):
        load_model(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "architecture.json"])
def test_missing_and_damaged_files_are_named(folder: Path, name: str) -> None:
    path = folder / name
    whole = path.read_bytes()
    for content in (b"", b"{}", b"[1]", whole[: len(whole) // 2], b"\xff\xfe"):
        path.write_bytes(content)
        with pytest.raises(AuroraError, match=name.replace(".", r"\.")):
            load_model(folder)
    path.unlink()
    with pytest.raises(AuroraError, match=name.replace(".", r"\.")):
        load_model(folder)


def test_parts_that_do_not_fit_are_named(folder: Path) -> None:
    path = folder / "architecture.json"
    right = json.loads(path.read_text())
    for changes, message in (
        ({"layers": 3}, r"lacks transformer\.h\.2\.ln_1"),
        ({"layers": 1}, r"holds transformer\.h\.1\."),
        ({"positions": 50}, r"transformer\.wpe\.weight has shape \[96, 32\], but the architecture says \[50, 32\]"),
        ({"vocabulary": 299}, r"wte\.weight has shape \[320, 32\]"),
        ({"vocabulary": "many"}, r"architecture\.json describes no network"),
        ({"heads": 0}, r"architecture\.json describes no network"),
        ({"heads": 5}, r"c_attn\.weight has shape \[48, 32\]"),
    ):
        path.write_text(json.dumps({**right, **changes}))
        with pytest.raises(AuroraError, match=message):
            load_model(folder)


def test_a_tokenizer_of_another_model_is_refused(build: Build, folder: Path) -> None:
    tensors = read_weights([folder / "model.safetensors"])
    tensors["transformer.wte.weight"] = tensors["transformer.wte.weight"][:100]
    write_weights(folder / "model.safetensors", tensors)
    path = folder / "architecture.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "vocabulary": 100}))
    with pytest.raises(AuroraError, match=r"tokenizer\.json has token id \d+, but the model's last id is 99"):
        load_model(folder)


def test_saving_without_a_tokenizer_is_refused(build: Build, tmp_path: Path) -> None:
    with pytest.raises(AuroraError, match=r"nowhere\.json cannot be read"):
        save_model(build(), tmp_path / "model", tmp_path / "nowhere.json")
    assert not (tmp_path / "model").exists()
