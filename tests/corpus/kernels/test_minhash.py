"""Signatures: what they tell of two texts."""

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aurora.corpus.kernels import minhash
from aurora.corpus.kernels.minhash import BANDS, SIGNATURE, resemblance, signatures


def signed(*texts):
    return signatures(pa.array(list(texts), pa.large_string()))


def estimate(left, right):
    found = signed(left, right)
    return float(resemblance(found["minima"][:1], found["minima"][1:])[0])


def words(count, seed):
    chance = random.Random(seed)
    return [str(chance.randrange(10**9)) for _ in range(count)]


@pytest.mark.parametrize("shared", [0.0, 0.3, 0.5, 0.8, 1.0])
def test_the_estimate_is_near_the_share_of_common_shingles(shared):
    errors = []
    for seed in range(20):
        common, left, right = words(int(2000 * shared), seed), words(2000, seed + 100), words(2000, seed + 200)
        rest = 2000 - len(common)
        one, other = common + left[:rest], common + right[:rest]
        pieces = [{tuple(found[at : at + 5]) for at in range(len(found) - 4)} for found in (one, other)]
        true = len(pieces[0] & pieces[1]) / len(pieces[0] | pieces[1])
        errors.append(estimate(" ".join(one), " ".join(other)) - true)
    assert abs(np.mean(errors)) < 0.03
    assert np.max(np.abs(errors)) < 0.2


@given(st.lists(st.text(), max_size=6), st.integers(0, 3))
@settings(deadline=None)  # the first one compiles
def test_a_signature_depends_on_its_text_alone(texts, first):
    column = pa.array(texts, pa.large_string())
    whole = signatures(column)
    assert signatures(column[first:]).tobytes() == whole[first:].tobytes()
    for text, found in zip(texts, whole, strict=True):
        assert signed(text)[0].tobytes() == found.tobytes()


def test_a_text_without_tokens_has_no_bands():
    assert not signed("", "?!")["bands"].any()


def test_a_japanese_text_with_a_sentence_less_meets_its_model():
    text = "".join(chr(0x4E00 + random.Random(at).randrange(3000)) for at in range(400))
    found = signed(text, text[:-40])
    assert (found["bands"][0] == found["bands"][1]).any()
    assert estimate(text, text[:-40]) > 0.75


def test_the_layout_is_what_work_files_hold():
    assert SIGNATURE.itemsize == 224
    assert signed("a b c d e f")["bands"].shape == (1, BANDS)


def test_one_text_and_many_are_signed_by_the_same_code():
    texts = ["The river is wide and the bridge is old.", "", "a b c d e f g"]
    apart = np.concatenate([signed(text) for text in texts])
    assert apart.tobytes() == signed(*texts).tobytes()
    assert len(signed()) == 0
    assert len(minhash._sign.signatures) == 1
