"""What is left of documents that were cut: judged as if it had been read that way, until nothing changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from aurora.corpus.phases import remains
from aurora.corpus.phases.remains import NOTHING_LEFT, judge_remains
from aurora.corpus.plan import load_plan
from corpus.repeats.test_repeated import STRETCH, built, own
from corpus.sample_texts import TEXTS, text_hash


def stretch(number: int) -> str:
    """A stretch of three sentences that no other number gives."""
    return " ".join(f"Sentence {number}-{place} tells {own('en', 1000 * number + place)}" for place in range(3))


def longer_than(*numbers: int) -> dict[str, Any]:
    """Rules that no stretch of these numbers passes alone."""
    longest = max(len(stretch(number).replace(" ", "")) for number in numbers)
    limits = {"min_characters": longest + 1, "min_words": 1, "max_digit_share": 1, "min_letter_share": 0}
    return {"rules": ["basic"], "thresholds": {"en": limits}}


def test_a_document_that_is_none_any_more_holds_no_passage_for_others(tmp_path: Path) -> None:
    # `b` loses its first stretch to `a` and is then too short, so that `c` keeps the second; `d` loses both to them.
    texts = {
        "a": [f"{stretch(1)} {own('en', 1)}"],
        "b": [f"{stretch(1)} {stretch(2)}"],
        "c": [f"{stretch(2)} {own('en', 3)}"],
        "d": [f"{stretch(1)} {stretch(2)} {TEXTS['en']}"],
    }
    ledger, kept = built(tmp_path, texts, "en", **longer_than(1, 2))
    assert kept == texts | {"b": [], "d": []}
    losses = {(loss["source"], loss["step"], loss["rule"]) for loss in ledger["losses"]}
    assert losses == {("b", "cuts", "too-short"), ("d", "cuts", "too-short")}


@pytest.mark.parametrize("most", [1, 2, 8])
def test_no_stretch_of_a_chain_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    # Each document shares a stretch with the one before, and is too short without it.
    monkeypatch.setattr(remains, "MOST_TURNS", most)
    chain = [f"{stretch(number)} {stretch(number + 1)}" for number in range(9)]
    _, kept = built(tmp_path, {"a": chain}, "en", **longer_than(*range(10)))
    assert all(any(stretch(number) in text for text in kept["a"]) for number in range(10))
    if most == 8:
        assert kept["a"] == chain[::2]


def test_what_is_left_has_the_hash_of_a_text_that_was_read_so(tmp_path: Path) -> None:
    left = own("en", 3)
    texts = {
        "a": [f"{own('en', 1)}\n{STRETCH['en']}"],
        "b": [own("en", 2), f"{STRETCH['en']}\n\n{left}", STRETCH["en"]],
    }
    built(tmp_path, texts, "en")
    rows = pq.read_table(tmp_path / "out.work/remains/b.parquet").to_pylist()
    assert rows == [
        {"row": 1, "hash": text_hash(left).to_bytes(16), "rule": None, "value": None},
        {"row": 2, "hash": text_hash("").to_bytes(16), "rule": NOTHING_LEFT, "value": "0"},
    ]
    assert pq.read_table(tmp_path / "out.work/remains/a.parquet").num_rows == 0


def test_judged_again_it_is_the_same_to_the_byte(tmp_path: Path) -> None:
    built(tmp_path, {"a": [f"{own('en', 1)}\n{STRETCH['en']}", f"{STRETCH['en']}\n{own('en', 2)}"]}, "en")
    path = tmp_path / "out.work/remains/a.parquet"
    before = path.read_bytes()
    path.unlink()
    plan = load_plan(tmp_path / "out.work/plan.json")
    judge_remains(plan, plan.by_name["a"])
    assert path.read_bytes() == before
