from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from aurora.errors import UserError
from aurora.recipe.tokens import Infilling
from aurora.tokens.encoder import HuggingFaceEncoder, fast_encoder
from aurora.tokens.infilling import cut, encode_infilled, markers_of, original_order
from aurora.tokens.text_facts import TextFacts
from tokens.conftest import TEXTS


@pytest.mark.parametrize(("rate", "suffix_first"), [(0.5, 0.5), (0.3, 0.1), (1.0, 1.0), (0.07, 0.0)])
def test_the_share_of_cut_documents_is_exact(rate: float, suffix_first: float) -> None:
    cuts = [cut(n, "some text", "web/en", Infilling(rate=rate, suffix_first=suffix_first)) for n in range(10_000)]
    found = [part for part in cuts if part]
    assert len(found) / 10_000 == pytest.approx(rate, abs=1e-3)
    assert sum(part.suffix_first for part in found) / len(found) == pytest.approx(suffix_first, abs=0.01)


def test_cuts_fall_anywhere_and_follow_from_the_number() -> None:
    text, infilling = "x" * 100, Infilling(rate=1)
    cuts = [cut(n, text, "web/en", infilling) for n in range(2000)]
    assert cuts == [cut(n, text, "web/en", infilling) for n in range(2000)]
    assert cuts != [cut(n, text, "web/fi", infilling) for n in range(2000)]
    lengths = np.array([(len(part.prefix), len(part.middle), len(part.suffix)) for part in cuts if part])
    assert np.allclose(lengths.mean(axis=0), 100 / 3, atol=2)
    assert lengths.min() == 0
    chosen = [n for n in range(1000) if cut(n, text, "web/en", Infilling(rate=0.5))]
    assert 200 < sum(n % 2 for n in chosen) < 300  # no pattern in the numbers


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5), st.integers(0, 5000), st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_the_inverse_gives_every_byte_back(facts: TextFacts, texts: list[str], first: int, share: float) -> None:
    infilling, markers = Infilling(rate=1, suffix_first=share), markers_of(facts)
    cuts = [cut(first + i, text, "web/en", infilling) for i, text in enumerate(texts)]
    for encoder in (fast_encoder(facts.tokenizer), HuggingFaceEncoder(facts.tokenizer)):
        encoded = encode_infilled(encoder, texts, cuts, markers)
        for ids, text in zip(encoded, texts, strict=True):
            assert facts.tokenizer.decode(original_order(ids.tolist(), markers), skip_special_tokens=False) == text


def test_the_parts_stand_in_starcoders_order(facts: TextFacts) -> None:
    prefix, suffix, middle = (facts.tokenizer.token_to_id(f"<fim_{part}>") for part in ("prefix", "suffix", "middle"))
    markers, encoder = markers_of(facts), fast_encoder(facts.tokenizer)
    orders = set()
    for n in range(20):
        part = cut(n, TEXTS[5], "code/code", Infilling(rate=1))
        assert part is not None
        (ids,) = encode_infilled(encoder, [TEXTS[5]], [part], markers)
        text = [encoder.encode([piece])[0].tolist() for piece in part.pieces]
        if part.suffix_first:
            assert ids.tolist() == [prefix, suffix, *text[0], middle, *text[1]]
        else:
            assert ids.tolist() == [prefix, *text[0], suffix, *text[1], middle, *text[2]]
        orders.add(part.suffix_first)
    assert orders == {True, False}


def test_a_document_left_whole_has_no_markers(facts: TextFacts) -> None:
    markers, encoder = markers_of(facts), fast_encoder(facts.tokenizer)
    (ids,) = encode_infilled(encoder, [TEXTS[0]], [None], markers)
    assert ids.tolist() == encoder.encode([TEXTS[0]])[0].tolist()
    assert original_order(ids.tolist(), markers) == ids.tolist()


def test_a_tokenizer_without_markers_is_refused() -> None:
    with pytest.raises(UserError, match=r"tokens.infilling needs a tokenizer with the tokens <fim_prefix>"):
        markers_of(TextFacts(Tokenizer(models.WordLevel({"a": 0}, "a")), 0, 0, (0,), 0, None, None, {}))
