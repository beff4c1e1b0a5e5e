from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from aurora.errors import AuroraError
from aurora.files import sha256
from aurora.recipe.schedule import Schedule
from aurora.recipe.stages import Change, Stage
from aurora.tokens.stage import stage_loader, warn
from aurora.tokens.store import StoreWriter, store_stem

LENGTH, ROWS = 4, 5


@pytest.fixture
def tokens(tmp_path: Path, tokenizer_folder: Path) -> Path:
    """A run's `tokens` folder with two stores of ten sequences."""
    (tmp_path / "tokenizer").symlink_to(tokenizer_folder)
    for name in ("web/en", "web/fi"):
        with StoreWriter(store_stem(tmp_path / "train", name), 400) as writer:
            for _ in range(10):
                writer.add([1, 2, 3, 0])
            writer.add([0])
            writer.close(*name.split("/"), sha256(tokenizer_folder / "tokenizer.json"))
    return tmp_path


def stage_of(steps: int = 8, **settings: Any) -> Stage:
    values: dict[str, Any] = {
        "start": "model",
        "tokens": steps * ROWS * LENGTH,
        "batch_tokens": ROWS * LENGTH,
        "sequence_length": LENGTH,
        "mixture": {"web/en": 1},
        "schedule": Schedule(peak=1e-2),
    }
    return Stage(**(values | settings))


def test_a_change_begins_at_the_step_after_its_tokens(tokens: Path) -> None:
    """41 tokens end in the third step of 20, so the fourth is the first with the new mixture."""
    stage = stage_of(changes=[Change(from_tokens=41, mixture={"web/fi": 3})])
    loader = stage_loader(stage, "cap", 1, tokens)
    read = [{window.source for window in batch.windows} for batch in loader.batches(0, 8)]
    assert read == [{"web/en"}] * 3 + [{"web/fi"}] * 5
    assert stage.token_shares == pytest.approx({"web/en": 3 / 8, "web/fi": 5 / 8})


def test_documents_are_numbered_where_masks_or_resets_need_them(tokens: Path) -> None:
    asked = {
        (masks, resets): stage_loader(stage_of(document_masks=masks, position_resets=resets), "cap", 1, tokens)
        .batch(0)
        .documents
        is not None
        for masks in (False, True)
        for resets in (False, True)
    }
    assert asked == {(False, False): False, (False, True): True, (True, False): True, (True, True): True}


def test_a_store_of_another_tokenizer_is_refused(tokens: Path) -> None:
    side = tokens / "train/web.en.json"
    side.write_text(json.dumps(json.loads(side.read_text()) | {"tokenizer": "another"}))
    with pytest.raises(AuroraError, match=r"web\.en was made with another tokenizer: build the tokens again"):
        stage_loader(stage_of(), "cap", 1, tokens)


def test_many_passes_are_named(tokens: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stage = stage_of(mixture={"web/en": 3, "web/fi": 1})  # 30 of 10 sequences, and 10 of 10
    loader = stage_loader(stage, "cap", 1, tokens)
    warn(stage.model_copy(update={"warn_epochs": 3.0}), "cap", loader)
    assert capsys.readouterr().err == ""
    warn(stage.model_copy(update={"warn_epochs": 2.9}), "cap", loader)
    said = capsys.readouterr().err
    assert "Stage cap passes 3.0 times over web/en: give it more text or less weight" in said
    assert "web/fi" not in said


def test_pairs_that_are_cut_are_named(tokens: Path, tokenizer_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with StoreWriter(store_stem(tokens / "train", "redteam/pairs"), 400, masked=True) as writer:
        for size in (4, 5, 6, 10):
            writer.add([*[1] * (size - 1), 0], [1] * size)
        writer.close("redteam", "pairs", sha256(tokenizer_folder / "tokenizer.json"))
    stage = stage_of(mixture={"web/en": 1, "redteam/pairs": 1}, warn_epochs=100.0)
    warn(stage, "safety", stage_loader(stage, "safety", 1, tokens))
    assert capsys.readouterr().err.strip() == (
        "Stage safety cuts 2 of the 4 pairs of redteam/pairs, which are longer than its sequence_length of 4."
    )
