"""A checkpoint folder as a model that writes and is scored, and what is none."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from api.byte_checkpoint import write_checkpoint
from aurora.api.checkpoints import Checkpoint, load_checkpoint
from aurora.errors import UserError
from aurora.model.generation import generate
from aurora.model.huggingface import export_model

TEXTS = ["Joki on leveä.", "川は広い。"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint whose tokens are bytes."""
    return write_checkpoint(tmp_path / "model")


def test_what_it_is_made_of_is_told(folder: Path) -> None:
    found = load_checkpoint(folder, device="cpu")
    assert found.path == folder
    assert found.positions == 48
    assert found.num_parameters == sum(parameter.numel() for parameter in found.network.parameters())
    assert not found.network.training
    assert {parameter.dtype for parameter in found.network.parameters()} == {torch.float32}


def test_a_prompt_is_written_in_the_model_s_own_format_and_a_text_goes_on(folder: Path) -> None:
    found = load_checkpoint(str(folder))
    ids = found.text.encode("Say a word")
    stops = found.text.stops
    asked = generate(found.network, [[*ids, *found.text.encode("|")]], 8, stops=stops)
    goes_on = generate(found.network, [[found.text.start, *ids]], 8, stops=stops)
    assert found.generate(["Say a word"], max_new_tokens=8) == found.text.tokenizer.decode_batch(asked)
    assert found.generate(["Say a word"], max_new_tokens=8, as_prompts=False) == found.text.tokenizer.decode_batch(
        goes_on
    )
    assert asked != goes_on


def test_an_answer_in_pieces_is_the_answer(folder: Path) -> None:
    found = load_checkpoint(folder)
    asked = {"max_new_tokens": 12, "temperature": 0.9, "top_p": 0.95, "seed": 4}
    (answer,) = found.generate(["One"], **asked)  # type: ignore[arg-type]
    assert "".join(found.stream("One", **asked)) == answer  # type: ignore[arg-type]
    assert found.generate(["One"], **asked | {"seed": 5}) != [answer]  # type: ignore[arg-type]


def test_a_score_is_the_cross_entropy_in_bits_by_bytes(folder: Path) -> None:
    found = load_checkpoint(folder)
    nats = 0.0
    for text in TEXTS:
        ids = torch.tensor([[found.text.start, *found.text.encode(text)]])
        with torch.no_grad():
            nats += float(found.network.token_losses(ids[:, :-1], ids[:, 1:]).sum())
    num_bytes = sum(len(text.encode()) for text in TEXTS)
    assert found.score(TEXTS) == pytest.approx(nats / math.log(2) / num_bytes, rel=1e-5)
    assert math.isnan(found.score(["", ""]))


def test_a_published_folder_is_the_same_model(folder: Path, tmp_path: Path) -> None:
    export_model(folder, tmp_path / "published")
    ours, published = load_checkpoint(folder), load_checkpoint(tmp_path / "published")
    assert published.path == tmp_path / "published"
    assert published.score(TEXTS) == ours.score(TEXTS)
    assert isinstance(published, Checkpoint)
    with pytest.raises(UserError, match=r"published is a model, not a run: leave out --stage cat"):
        load_checkpoint(tmp_path / "published", "cat")


def test_what_is_none_is_told_at_once(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is neither a run nor a checkpoint folder"):
        load_checkpoint(tmp_path)
    with pytest.raises(UserError, match=r"model is a checkpoint, not a run: leave out --stage cat"):
        load_checkpoint(folder, "cat")
