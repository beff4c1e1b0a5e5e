"""What a published checkpoint is: told from another by its files, and read from safetensors alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aurora.errors import AuroraError, UserError
from aurora.model.published import find_model, model_identity, weight_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint of one file of weights."""
    path = tmp_path / "exported"
    path.mkdir()
    (path / "config.json").write_text('{"n_head": 4}')
    (path / "tokenizer.json").write_text("{}")
    (path / "model.safetensors").write_bytes(b"weights")
    return path


def test_an_identity_changes_with_the_checkpoint(folder: Path, tmp_path: Path) -> None:
    before = model_identity("exported", None, tmp_path)
    assert before == model_identity(str(folder), None, Path("/"))
    (folder / "README.md").write_text("words")
    assert before == model_identity("exported", None, tmp_path)
    seen = {before}
    for name, content in (
        ("config.json", '{"n_head": 2}'),
        ("model.safetensors", "other"),
        ("tokenizer.json", '{"a": 1}'),
        ("generation_config.json", "{}"),
        ("model-00001-of-00002.safetensors", "more"),
    ):
        (folder / name).write_text(content)
        seen.add(model_identity("exported", None, tmp_path))
    assert len(seen) == 6


def test_a_hub_model_is_known_by_its_name_and_revision(tmp_path: Path) -> None:
    assert model_identity("bigcode/tiny", "abc", tmp_path) == "bigcode/tiny@abc"
    assert model_identity("bigcode/tiny", None, tmp_path) == "bigcode/tiny@main"


def test_a_folder_is_found_from_where_the_recipe_lies(folder: Path, tmp_path: Path) -> None:
    assert find_model("exported", None, tmp_path) == folder
    with pytest.raises(UserError, match=r"model\.path: .*gone is not a folder"):
        find_model("gone", None, tmp_path)


def test_weights_are_one_file_or_those_of_an_index(folder: Path) -> None:
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"b": "2.safetensors", "a": "1.safetensors", "c": "1.safetensors"}}))
    assert weight_files(folder) == [folder / "model.safetensors"]  # an index beside it is a left-over
    (folder / "model.safetensors").unlink()
    assert weight_files(folder) == [folder / "1.safetensors", folder / "2.safetensors"]


@pytest.mark.parametrize(
    "content", [{}, [], {"weight_map": {}}, {"weight_map": 1}, {"weight_map": {"a": "../other.safetensors"}}]
)
def test_an_index_that_names_nothing_or_leads_out_of_the_folder_is_refused(folder: Path, content: object) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps(content))
    with pytest.raises(AuroraError, match=r"index\.json has no usable weight_map: fetch the checkpoint again"):
        weight_files(folder)


def test_pickles_are_never_read(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"only as pickled \.bin files, which can run code when read: convert it"):
        weight_files(folder)
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(UserError, match=r"holds no model\.safetensors or model\.safetensors\.index\.json: give a"):
        weight_files(folder)
