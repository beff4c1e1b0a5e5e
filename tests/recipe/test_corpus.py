"""The `corpus` table: what it refuses, and what of it changes the corpus."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from aurora.recipe.corpus import Corpus

WEB = {"kind": "jsonl", "paths": ["a.jsonl"]}


def corpus(**keys: Any) -> Corpus:
    return Corpus.model_validate({"sources": {"web": WEB}} | keys)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"sources": {}}, "at least 1 item"),
        (
            {"curation": {"prefer_sources": ["thrid"]}},
            r"curation\.prefer_sources: there is no source thrid \(known: web\)",
        ),
        ({"curation": {"rules": ["flagged-words"]}}, r"name them in corpus\.curation\.flagged_words"),
        ({"curation": {"rules": ["perplexity"]}}, r"name them in corpus\.curation\.perplexity"),
        ({"curation": {"rules": ["basics"]}}, "Input should be 'basic'"),
        ({"curation": {"thresholds": {"fi": {"min_words": 1}, "fin_Latn": {"min_words": 2}}}}, "two of fi, fin_Latn"),
        ({"curation": {"contamination": {"sets": {}}}}, "at least 1 item"),
        ({"sources": {"web.00001": WEB}}, r"'web\.00001' is not a name of lower-case letters"),  # as a shard's
        ({"sources": {"web": {"kind": "wheels", "sets": ["eld"]}}}, r"eld is text for measuring only; name it in"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        corpus(**keys)


def test_measuring_text_may_be_measured_on() -> None:
    assert corpus(other_domain={"measured": {"kind": "wheels", "sets": ["eld"]}}).other_domain


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("held_out_share", (1e-9, 0.999), (0, 1)),
        ("near_similarity", (0.51, 1), (0.5, 1.01)),  # of half and less, bands find no pairs
        ("passage_words", (10,), (9,)),
    ],
)
def test_limits(key: str, good: tuple[float, ...], bad: tuple[float, ...]) -> None:
    for value in good:
        assert getattr(corpus(curation={key: value}).curation, key) == value
    for value in bad:
        with pytest.raises(ValidationError, match=f"curation.{key}"):
            corpus(curation={key: value})


def test_where_curation_runs_changes_no_byte_and_how_it_cuts_shards_may() -> None:
    elsewhere = corpus(execution={"runner": "ray", "workers": 9, "keep_work": False}, cache="there")
    assert elsewhere.numerics() == corpus().numerics()
    assert corpus(shard_megabytes=1).numerics() != corpus().numerics()
