"""The tokens of a run for a terminal: every figure stands in its column, and no text steers the terminal."""

from __future__ import annotations

from typing import Any

from aurora.tokens.describe import describe, describe_sequence

PART = {
    "loss_tokens": 1500, "share": 0.75, "tokens": 2000, "token_share": 0.5, "padding": 12, "epochs": 1.5,
    "cut": 0, "left_out": 0,
}  # fmt: skip


def facts(**part: Any) -> dict[str, Any]:
    sources = {"web/fi": PART | part, "web/en": PART | {"share": 0.25}}
    return {
        "tokenizer": {"vocabulary": 49_152},
        "bytes_per_token": {"fi": 3.456, "en": 4.0},
        "stores": {"web/fi": {"documents": 1234, "tokens": 56_789, "loss_tokens": 56_000, "num_bytes": 2_500_000}},
        "stages": {
            "cap": {"tokens": 4000, "sequences": 1000, "loss_tokens": 3000, "padding": 24, "sources": sources},
        },
    }


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_lengths_stores_and_stages_have_a_table_each() -> None:
    text = describe(facts())
    assert text.startswith("Tokenizer of 49,152 entries, on held-out text:\n")
    found = rows(text)
    assert ["fi", "3.46"] in found
    assert ["en", "4.00"] in found
    assert ["web/fi", "1,234", "56,789", "56,000", "2.50"] in found
    assert "Stage cap: 4,000 tokens in 1,000 sequences; 3,000 have a loss, 24 (0.6%) are padding" in text
    assert ["web/fi", "1,500", "75.0%", "2,000", "50.0%", "12", "1.50"] in found
    assert "before extension" not in text
    assert "left out" not in text


def test_an_extended_tokenizer_is_compared_with_the_one_before() -> None:
    extension = {lang: {"bytes_per_token_before": before} for lang, before in (("fi", 2.0), ("en", 4.0))}
    text = describe(facts() | {"extension": extension})
    assert "before extension" in text
    assert ["fi", "3.46", "2.00"] in rows(text)


def test_what_is_cut_or_left_out_is_told() -> None:
    text = describe(facts(left_out=1200, cut=34))
    assert "1,200 conversations of web/fi are left out: none of their answers stands within the sequence." in text
    assert "34 conversations of web/fi are cut: they go on beyond the sequence." in text
    assert "of web/en are" not in text


def test_a_sequence_is_shown_with_what_is_known_of_each_document() -> None:
    documents = [
        {"number": 1, "id": "a", "url": None, "license": "MIT", "loss_tokens": 7, "text": "One\n two"},
        {"number": 2, "id": "b\x1b[2J\nc", "category": "privacy", "loss_tokens": 1000, "text": "three"},
    ]
    where = {"sequence": 1234, "stage": "cap", "step": 5, "index": 99, "source": "web/fi", "epoch": 2}
    assert describe_sequence({**where, "documents": documents}).split("\n") == [
        "Sequence 1,234 of stage cap (step 5): number 99 of web/fi, pass 2",
        "",
        "── document 1  id a  license MIT  7 tokens with a loss",
        "One",
        " two",
        "",
        "── document 2  id b\N{REPLACEMENT CHARACTER}[2J c  category privacy  1,000 tokens with a loss",
        "three",
    ]
