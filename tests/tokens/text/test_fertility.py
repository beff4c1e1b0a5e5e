from __future__ import annotations

import math

import pytest
from tokenizers import Tokenizer

from aurora.recipe.tokens import TrainedTokenizer
from aurora.tokens.text.encoder import HuggingFaceEncoder
from aurora.tokens.text.fertility import bytes_per_token, compare_tokenizers, fertility
from aurora.tokens.text.tokenizer import train_tokenizer
from tokens.conftest import TEXTS, MakeCorpus


def test_bytes_per_token_count_bytes_not_characters(tokenizer: Tokenizer) -> None:
    encoder = HuggingFaceEncoder(tokenizer)
    tokens = sum(len(tokenizer.encode(text).ids) for text in TEXTS)
    assert bytes_per_token(encoder, TEXTS) == pytest.approx(sum(len(text.encode()) for text in TEXTS) / tokens)
    assert math.isnan(bytes_per_token(encoder, []))


def test_held_out_text_is_measured_and_a_language_without_any_is_left_out(
    tokenizer: Tokenizer, make_corpus: MakeCorpus
) -> None:
    corpus = make_corpus(
        [("web", "en", "Never measured."), ("web", "vi", TEXTS[4])],
        [("web", "en", TEXTS[0]), ("books", "en", TEXTS[0]), ("web", "ja", TEXTS[3]), ("web", "fi", "")],
    )
    found = fertility(tokenizer, corpus)
    assert set(found) == {"en", "ja"}
    for language, text in (("en", TEXTS[0]), ("ja", TEXTS[3])):
        assert found[language] == round(len(text.encode()) / len(tokenizer.encode(text).ids), 3)


def test_tokenizers_are_compared_on_the_same_documents(tokenizer: Tokenizer, make_corpus: MakeCorpus) -> None:
    corpus = make_corpus([], [("web", "hi", TEXTS[2]), ("web", "hi", "7"), ("web", "fi", "")])
    published = train_tokenizer([TEXTS[0]], TrainedTokenizer(vocabulary=300))
    found = compare_tokenizers(published, tokenizer, corpus)
    assert set(found) == {"hi"}
    # A digit alone is its byte, of the same id in both.
    assert found["hi"]["documents_changed"] == 0.5
    assert found["hi"]["bytes_per_token_after"] > found["hi"]["bytes_per_token_before"]
    same = compare_tokenizers(tokenizer, tokenizer, corpus)["hi"]
    assert same["documents_changed"] == 0.0
    assert same["bytes_per_token_after"] == same["bytes_per_token_before"] == found["hi"]["bytes_per_token_after"]
