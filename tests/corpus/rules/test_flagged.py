"""Flagged words as a score, by lists of invented terms."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.artifact import read_documents
from aurora.corpus.curate import build_corpus
from aurora.corpus.rules.flagged import LONGEST_TERM, FlaggedWords
from aurora.errors import UserError
from aurora.recipe.corpus import Corpus
from corpus.sample_texts import TEXTS

LISTS = {
    "en": "# what nobody says\nblorp\nquux of zand\nblorp blorp\n\n",
    "fi": "höpsis\n",
    "hi": "झमक\n",
    "ja": "ぽぺ\n",
    "vi": "bùm chíu\n",
}


@pytest.fixture
def words(tmp_path: Path) -> FlaggedWords:
    for lang, terms in LISTS.items():
        (tmp_path / f"{lang}.txt").write_text(terms, encoding="utf-8")
    return FlaggedWords({lang: tmp_path / f"{lang}.txt" for lang in LISTS})


def score(words: FlaggedWords, text: str, lang: str) -> float:
    found: float = words.measure(pa.array([text], pa.large_string()), [lang])[0].as_py()
    return found


@pytest.mark.parametrize(
    ("lang", "text", "share"),
    [
        ("en", "a blorp here now", 1 / 4),
        ("en", "BLORP! (ｂｌｏｒｐ)", 1),
        ("en", "blorps and unblorp and quux of", 0),
        ("en", "quux of zand, quux of Zand", 1),
        ("en", "Quux Of\nZand was", 3 / 4),
        ("en-GB", "a blorp", 1 / 2),
        ("fi", "on se HÖPSIS", 1 / 3),
        ("fi", "on se höpsistä", 0),
        ("hi", "यह झमक है।", 1 / 3),
        ("hi", "यह झमका है।", 0),
        ("ja", "これぽぺです", 2 / 6),
        ("vi", "nghe bùm chíu quá", 2 / 4),
        ("vi", "nghe bum chiu quá", 0),
        ("en", "", 0),
    ],
)
def test_whole_terms_are_found_in_every_script(words: FlaggedWords, lang: str, text: str, share: float) -> None:
    assert score(words, text, lang) == pytest.approx(share)


def test_a_language_without_a_list_has_no_score(words: FlaggedWords) -> None:
    assert math.isnan(score(words, "blorp", "sv"))
    assert math.isnan(score(FlaggedWords({}), "blorp", "en"))


TERMS = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3), min_size=1, max_size=4)


@given(TERMS, st.lists(st.sampled_from("abcde"), max_size=30))
@settings(deadline=None)
def test_the_longest_term_at_a_place_counts(
    tmp_path_factory: pytest.TempPathFactory, terms: list[list[str]], text: list[str]
) -> None:
    path = tmp_path_factory.mktemp("lists") / "en.txt"
    path.write_text("\n".join(" ".join(term) for term in terms))
    at = flagged = 0
    while at < len(text):
        step = max((len(term) for term in terms if text[at : at + len(term)] == term), default=0)
        flagged += step
        at += max(1, step)
    assert score(FlaggedWords({"en": path}), " ".join(text), "en") == pytest.approx(flagged / max(1, len(text)))


def test_a_threshold_makes_a_rule_of_it_and_kept_documents_carry_it(tmp_path: Path) -> None:
    (tmp_path / "en.txt").write_text("blorp")
    for number, tail in enumerate(("", " blorp", " blorp blorp blorp blorp blorp blorp")):
        (tmp_path / f"{number}.txt").write_text(TEXTS["en"] + tail)
    table = {
        "sources": {"web": {"kind": "text", "paths": ["[0-9].txt"], "language": "en"}},
        "curation": {
            "rules": ["basic", "flagged-words"],
            "flagged_words": {"en": "en.txt"},
            "thresholds": {"en": {"max_flagged": 0.1}},
            "held_out_share": 1e-9,
        },
    }
    ledger = build_corpus(Corpus.model_validate(table), tmp_path, tmp_path / "cache", 1, tmp_path / "out")
    assert [(loss["rule"], loss["documents"]) for loss in ledger["losses"]] == [("flagged-words", 1)]
    metas = [json.loads(document.meta) for document in read_documents(tmp_path / "out", "clean")]
    assert [meta.get("flagged", 0) > 0 for meta in metas] == [False, True]
    # Another list is another corpus: the texts are looked at again.
    (tmp_path / "en.txt").write_text("glarp")
    assert build_corpus(Corpus.model_validate(table), tmp_path, tmp_path / "cache", 1, tmp_path / "out")["losses"] == []


def test_what_is_wrong_with_a_list_is_said(tmp_path: Path) -> None:
    path = tmp_path / "en.txt"
    with pytest.raises(UserError, match=r"corpus\.curation\.flagged_words\.en: .*en\.txt cannot be read"):
        FlaggedWords({"en": path})
    with pytest.raises(UserError, match=r"flagged_words\.en: .*/dev/zero is a pipe or a device"):
        FlaggedWords({"en": Path("/dev/zero")})
    path.write_text("# nothing\n")
    with pytest.raises(UserError, match="has no terms; write one a line"):
        FlaggedWords({"en": path})
    path.write_text("a " * (LONGEST_TERM + 1))
    with pytest.raises(UserError, match="has 9 words; write terms of 1 to 8"):
        FlaggedWords({"en": path})
    path.write_text("...")
    with pytest.raises(UserError, match="has 0 words"):
        FlaggedWords({"en": path})
    with pytest.raises(ValueError, match="the rule set flagged-words needs lists"):
        Corpus.model_validate(
            {"sources": {"a": {"kind": "text", "paths": ["a"]}}, "curation": {"rules": ["flagged-words"]}}
        )
