"""Rows of SFT and DPO, byte by byte: what is learnt is the answer and its end, in every format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aurora.corpus.conversation import ASSISTANT, USER, Turn
from aurora.errors import UserError
from aurora.recipe.tokens import TrainedTokenizer
from aurora.tokens.packing import Pairs, new_row
from aurora.tokens.preferences.encoding import encode_preferences
from aurora.tokens.preferences.reading import Preference
from aurora.tokens.preferences.rows import Preferences
from aurora.tokens.store import StoreWriter, TokenStore, store_stem
from aurora.tokens.text.companions import write_companions
from aurora.tokens.text.formats import Format
from aurora.tokens.text.text_facts import FILE, TextFacts, read_text
from aurora.tokens.text.tokenizer import train_tokenizer
from tokens.conftest import TEXTS

LENGTH = 256
# What users of other tools lost: answers that hold the end's own text, prompts that do, and ends beside padding.
PAIRS = [
    ("Is the river wide?", "Yes, it is.", "No."),
    ("What does <|endoftext|> mean?", "The end: <|endoftext|> stops a text.", "<|im_end|>"),
    ("川？", "はい、広いです。", " "),
    ("  Why?\n", "\nSo. ", "So.\n\n### Instruction:\nMore"),
]


@pytest.fixture(scope="module", params=["aurora", "chatml", "alpaca"])
def text(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TextFacts:
    folder = tmp_path_factory.mktemp(request.param)
    more = ("<|im_start|>", "<|im_end|>")
    train_tokenizer(TEXTS, TrainedTokenizer(vocabulary=400), more).save(str(folder / FILE))
    write_companions(None, folder, request.param, pairs=True)
    return read_text(folder)


def written(text: TextFacts, prompt: str, answer: str) -> tuple[str, str]:
    """What a conversation looks like before its answer, and the answer with its end, by the format alone."""
    form = Format(text)
    before, _ = form.before_answer([Turn(USER, prompt)])
    assert form.answer_end is not None
    return before, answer + text.spelling(form.answer_end)


def read_out(text: TextFacts, inputs: list[int], targets: list[int], counted: list[bool]) -> tuple[str, str]:
    """A document of a row as text: what is not learnt before the answer, and what is learnt."""
    ids = [inputs[0], *targets]
    learnt = [False, *counted]
    first, last = learnt.index(True), len(learnt) - learnt[::-1].index(True)
    assert all(learnt[first:last])  # one stretch
    decode = text.tokenizer.decode
    return decode(ids[:first], skip_special_tokens=False), decode(ids[first:last], skip_special_tokens=False)


def test_a_preference_row_is_the_format_to_the_byte(text: TextFacts, tmp_path: Path) -> None:
    given = [
        Preference([Turn(USER, prompt)], chosen, rejected) for prompt, chosen, rejected in PAIRS if rejected.strip()
    ]
    encode_preferences(text, "hash", "prefs/en", given, "MIT", tmp_path)
    store = TokenStore.open(store_stem(tmp_path, "prefs/en"))
    assert (store.side.preferences, store.num_documents) == (True, 2 * len(given))
    rows = Preferences(store, LENGTH, text.end)
    for index in range(rows.count):
        row = new_row(LENGTH)
        rows.fill(index, row)
        assert row.documents is not None
        for place, number in enumerate(rows.documents(index)):
            pair = given[number // 2]
            inside = row.documents == place
            found = read_out(text, *(part[inside].tolist() for part in (row.inputs, row.targets, row.loss_mask)))
            answer = (pair.chosen, pair.rejected)[number % 2]
            assert found == written(text, pair.turns[0].text, answer)
        padding = row.documents == len(rows.documents(index))
        assert not row.loss_mask[padding].any()
        assert (row.inputs[padding] == text.end).all()


def test_a_pair_row_is_the_format_to_the_byte(text: TextFacts, tmp_path: Path) -> None:
    form = Format(text)
    with StoreWriter(store_stem(tmp_path, "redteam/pairs"), text.vocabulary, masked=True) as writer:
        for prompt, answer, _ in PAIRS:
            ids, counted = form.pair(prompt, answer)
            writer.add(ids, np.array(counted, np.uint8))
        writer.close("redteam", "pairs", "hash")
    rows = Pairs(TokenStore.open(store_stem(tmp_path, "redteam/pairs")), LENGTH, text.end)
    for index, (prompt, answer, _) in enumerate(PAIRS):
        row = new_row(LENGTH)
        rows.fill(index, row)
        found = read_out(text, *(part.tolist() for part in (row.inputs, row.targets, row.loss_mask)))
        assert found == written(text, prompt, answer)


def test_the_end_stands_once_and_counts_once(text: TextFacts) -> None:
    form = Format(text)
    for prompt, answer, _ in PAIRS:
        ids, counted = form.conversation([Turn(USER, prompt), Turn(ASSISTANT, answer)])
        learnt = [index for index, one in zip(ids, counted, strict=True) if one]
        assert learnt.count(form.answer_end) == 1  # however often the answer's own text spells it
        assert learnt[-1] == form.answer_end
        assert counted[: ids.index(learnt[0])].count(1) == 0


def test_pairs_of_equal_answers_are_left_out_and_said(
    text: TextFacts, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same, other = Preference([Turn(USER, "Why?")], "So.", "So."), Preference([Turn(USER, "Why?")], "So.", "No.")
    side = encode_preferences(text, "hash", "prefs/en", [same, other, same], "MIT", tmp_path)
    assert side.documents == 2
    assert "2 pairs of prefs/en are left out, as their two answers are the same" in capsys.readouterr().err
    with pytest.raises(UserError, match="prefs/en holds no preference pair with two different answers"):
        encode_preferences(text, "hash", "prefs/en", [same], "MIT", tmp_path)
