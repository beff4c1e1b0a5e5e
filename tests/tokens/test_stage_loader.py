from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aurora.errors import AuroraError, UserError
from aurora.files import sha256
from aurora.recipe.stages.schedule import Schedule
from aurora.recipe.stages.stage import Change, Stage
from aurora.run.folder import RunFolder
from aurora.tokens.stage_loader import stage_facts, stage_loader, warn
from aurora.tokens.store import StoreWriter, store_stem
from aurora.tokens.text.text_facts import TextFacts
from tokens.conftest import TEXTS

LENGTH, ROWS = 4, 5


@pytest.fixture
def run(tmp_path: Path, tokenizer_folder: Path) -> RunFolder:
    """A run with two stores of ten sequences."""
    run = RunFolder(tmp_path)
    run.tokenizer.parent.mkdir()
    run.tokenizer.symlink_to(tokenizer_folder)
    for name in ("web/en", "web/fi"):
        with StoreWriter(store_stem(run.stores, name), 400) as writer:
            for _ in range(10):
                writer.add([1, 2, 3, 0])
            writer.add([0])
            writer.close(*name.split("/"), sha256(tokenizer_folder / "tokenizer.json"))
    return run


def stage_of(steps: int = 8, **settings: Any) -> Stage:
    values: dict[str, Any] = {
        "start": "model",
        "tokens": steps * ROWS * LENGTH,
        "batch_tokens": ROWS * LENGTH,
        "sequence_length": LENGTH,
        "mixture": {"web/en": 1},
        "schedule": Schedule(peak=1e-2),
    }
    return Stage(**(values | settings)).named("cap")


def test_a_change_begins_at_the_step_after_its_tokens(run: RunFolder) -> None:
    """41 tokens end in the third step of 20, so the fourth is the first with the new mixture."""
    stage = stage_of(changes=[Change(from_tokens=41, mixture={"web/fi": 3})])
    loader = stage_loader(stage, 1, run)
    read = [{window.source for window in batch.windows} for batch in loader.batches(0, 8)]
    assert read == [{"web/en"}] * 3 + [{"web/fi"}] * 5
    facts = stage_facts(stage, stage.steps, loader)
    assert {name: part["share"] for name, part in facts["sources"].items()} == {"web/en": 3 / 8, "web/fi": 5 / 8}


def test_shares_count_what_the_steps_of_a_ramp_read(run: RunFolder) -> None:
    """Steps of 8 and 12 tokens, then of 20; the change holds from the fourth step on, behind 8 + 12 + 20 tokens."""
    ramp = {"start": 8, "increment": 4, "tokens": 24}
    stage = stage_of(4, ramp=ramp, changes=[Change(from_tokens=37, mixture={"web/fi": 1})])
    behind, tokens_read = stage.first_step(stage.changes[0]), stage.tokens_before(stage.steps)
    facts = stage_facts(stage, stage.steps, stage_loader(stage, 1, run))
    assert facts["sources"]["web/en"]["loss_tokens"] == stage.tokens_before(behind)
    assert facts["sources"]["web/fi"]["loss_tokens"] == tokens_read - stage.tokens_before(behind)


def test_documents_are_numbered_where_masks_or_resets_need_them(run: RunFolder) -> None:
    asked = {
        (masks, resets): stage_loader(stage_of(document_masks=masks, position_resets=resets), 1, run).batch(0).documents
        is not None
        for masks in (False, True)
        for resets in (False, True)
    }
    assert asked == {(False, False): False, (False, True): True, (True, False): True, (True, True): True}


def test_all_languages_of_a_source_are_read_by_their_size(run: RunFolder, tokenizer_folder: Path) -> None:
    with StoreWriter(store_stem(run.stores, "web/fi"), 400) as writer:
        for _ in range(90):
            writer.add([1, 2, 3, 0])
        writer.add([0])
        writer.close("web", "fi", sha256(tokenizer_folder / "tokenizer.json"))
    for temperature, share in ((1.0, 0.9), (2.0, 0.75)):  # 1 to 9, and 1 to 3
        stage = stage_of(200, mixture={"web/*": 1}, temperature=temperature, warn_epochs=99.0)
        facts = stage_facts(stage, stage.steps, stage_loader(stage, 1, run))
        assert facts["sources"]["web/fi"]["share"] == pytest.approx(share, abs=0.003)


def test_a_store_of_another_tokenizer_is_refused(run: RunFolder) -> None:
    side = run.stores / "web.en.json"
    side.write_text(json.dumps(json.loads(side.read_text()) | {"tokenizer": "another"}))
    with pytest.raises(AuroraError, match=r"web\.en was made with another tokenizer: build the tokens again"):
        stage_loader(stage_of(), 1, run)


def test_many_passes_are_named(run: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    stage = stage_of(mixture={"web/en": 3, "web/fi": 1})  # 30 of 10 sequences, and 10 of 10
    loader = stage_loader(stage, 1, run)
    warn(stage.model_copy(update={"warn_epochs": 3.0}), loader)
    assert capsys.readouterr().err == ""
    warn(stage.model_copy(update={"warn_epochs": 2.9}), loader)
    said = capsys.readouterr().err
    assert "Stage cap reads web/en 3.0 times: give it more text or less weight" in said
    assert "web/fi" not in said


def add_pairs(run: RunFolder, tokenizer_folder: Path, sizes: list[tuple[int, int]]) -> None:
    """A store of pairs with prompts and responses of these sizes behind the start token."""
    with StoreWriter(store_stem(run.stores, "redteam/pairs"), 400, masked=True) as writer:
        for prompt, response in sizes:
            writer.add([0, *[1] * (prompt + response - 1), 0], [0] * (1 + prompt) + [1] * response)
        writer.close("redteam", "pairs", sha256(tokenizer_folder / "tokenizer.json"))


def test_what_is_cut_or_left_out_is_named(
    run: RunFolder, tokenizer_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the conversations one has a second answer that ends beyond four targets, the other its only one; of the pairs
    two go on, and the prompt of one fills the row."""
    add_pairs(run, tokenizer_folder, [(1, 2), (1, 3), (2, 3), (3, 6), (4, 1)])
    with StoreWriter(store_stem(run.stores, "chats/fi"), 400, masked=True) as writer:
        writer.add([0, 1, 2, 1, 2], [0, 0, 1, 0, 1])
        writer.add([0, 1, 2, 1, 2, 2], [0, 0, 1, 0, 1, 1])
        writer.add([0, 1, 1, 2, 2, 2], [0, 0, 0, 1, 1, 1])
        writer.close("chats", "fi", sha256(tokenizer_folder / "tokenizer.json"))
    mixture = {"web/en": 1, "redteam/pairs": 1, "chats/fi": 1}
    stage = stage_of(mixture=mixture, warn_epochs=100.0).named("safety")
    loader = stage_loader(stage, 1, run)
    warn(stage, loader)
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if "padding" not in line] == [
        "Stage safety cuts 1 of the 3 conversations of chats/fi, which go on beyond its sequence_length of 4.",
        "Stage safety leaves out 1 of the 3 conversations of chats/fi, which have nothing to learn that stands within "
        "its sequence_length of 4.",
        "Stage safety cuts 2 of the 5 pairs of redteam/pairs, which go on beyond its sequence_length of 4.",
        "Stage safety leaves out 1 of the 5 pairs of redteam/pairs, which have nothing to learn that stands within "
        "its sequence_length of 4.",
    ]
    sources = stage_facts(stage, stage.steps, loader)["sources"]
    assert [(sources[name]["cut"], sources[name]["left_out"]) for name in ("redteam/pairs", "chats/fi")] == [
        (2, 1),
        (1, 1),
    ]
    assert "cut" not in sources["web/en"]


def test_sequences_that_are_mostly_filled_up_are_named(
    run: RunFolder, tokenizer_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add_pairs(run, tokenizer_folder, [(1, 1)] * 5)
    stage = stage_of(mixture={"web/en": 1, "redteam/pairs": 1}, warn_epochs=100.0).named("safety")
    warn(stage, stage_loader(stage, 1, run))
    assert "Stage safety spends 40% of its tokens on padding the sequences of redteam/pairs" in (
        capsys.readouterr().err
    )


def test_pairs_without_a_token_to_learn_are_refused(run: RunFolder, tokenizer_folder: Path) -> None:
    add_pairs(run, tokenizer_folder, [(4, 1), (9, 9)])
    stage = stage_of(mixture={"redteam/pairs": 1}).named("safety")
    with pytest.raises(
        UserError, match="Stage safety learns nothing from redteam/pairs, as none of its answers stands within"
    ):
        stage_loader(stage, 1, run)


@pytest.mark.parametrize("packing", ["own", "best-fit"])
def test_half_of_the_weight_is_half_of_the_tokens_with_a_loss(
    run: RunFolder, tokenizer_folder: Path, packing: str
) -> None:
    """And what is read, counts and fills up is said to the token."""
    add_pairs(run, tokenizer_folder, [(1, 1), (2, 1), (1, 2), (1, 1)] * 3)
    stage = stage_of(400, mixture={"web/en": 1, "redteam/pairs": 1}, packing=packing, document_masks=True)
    loader = stage_loader(stage, 1, run)
    facts = stage_facts(stage, stage.steps, loader)
    batches = list(loader.batches(0, stage.steps))
    assert facts["loss_tokens"] == sum(int(batch.loss_mask.sum()) for batch in batches)
    assert facts["tokens"] == sum(batch.targets.size for batch in batches)
    pairs, text = facts["sources"]["redteam/pairs"], facts["sources"]["web/en"]
    assert pairs["share"] == pytest.approx(0.5, abs=2e-3)
    assert pairs["share"] + text["share"] == pytest.approx(1)
    assert pairs["token_share"] > 0.6
    assert pairs["tokens"] + text["tokens"] + facts["padding"] == facts["tokens"]
    assert (text["padding"], pairs["padding"]) == (0, facts["padding"])
    assert (pairs["cut"], pairs["left_out"]) == (0, 0)


@pytest.mark.parametrize("packing", ["own", "best-fit"])
def test_a_fifth_of_the_weight_for_conversations_is_a_fifth_of_what_is_learnt(
    run: RunFolder, tokenizer_folder: Path, packing: str
) -> None:
    """Of one to five answers, some cut at a turn; counted in the batches of one, two and four ranks."""
    draw = random.Random(1)
    with StoreWriter(store_stem(run.stores, "chats/fi"), 400, masked=True) as writer:
        for _ in range(60):
            mask = [0, *([0] * draw.randint(1, 6) + [1] * draw.randint(2, 8)) * draw.randint(1, 5)]
            writer.add([0, *[1] * (len(mask) - 1)], mask)
        writer.close("chats", "fi", sha256(tokenizer_folder / "tokenizer.json"))
    shape = {
        "sequence_length": 40,
        "batch_tokens": 320,
        "tokens": 320 * 200,
        "packing": packing,
        "document_masks": True,
    }
    stage = stage_of(mixture={"web/en": 0.8, "chats/fi": 0.2}, **shape)
    for ranks in (1, 2, 4):
        counted = {"web/en": 0, "chats/fi": 0}
        for rank in range(ranks):
            for batch in stage_loader(stage, 1, run).batches(0, stage.steps, rank, ranks):
                for window, mask in zip(batch.windows, batch.loss_mask, strict=True):
                    counted[window.source] += int(mask.sum())
        assert counted["chats/fi"] / sum(counted.values()) == pytest.approx(0.2, abs=0.002)


def test_a_store_that_says_so_is_read_infilled(run: RunFolder, facts: TextFacts, tokenizer_folder: Path) -> None:
    """The same for any number of ranks, and again."""
    with StoreWriter(store_stem(run.stores, "web/en"), 400) as writer:
        for _ in range(40):
            writer.add(facts.document(facts.encode(TEXTS[0])))
        mark = sha256(tokenizer_folder / "tokenizer.json")
        writer.close("web", "en", mark, {"rate": 0.5, "suffix_first": 0.5})
    stage = stage_of(4, sequence_length=50, batch_tokens=400, tokens=1600)
    whole = [batch.targets for batch in stage_loader(stage, 1, run).batches(0, 4)]
    assert facts.markers is not None
    assert 5 < sum(int((targets == facts.markers.middle).sum()) for targets in whole) < 40
    halves = [list(stage_loader(stage, 1, run).batches(2, 4, rank, 2, threads=2)) for rank in range(2)]
    for step, parts in enumerate(zip(*halves, strict=True), start=2):
        assert np.array_equal(np.concatenate([part.targets for part in parts]), whole[step])
