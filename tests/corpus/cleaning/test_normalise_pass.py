from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa

from aurora.corpus.cleaning.normalise import normalise, normalise_batch
from aurora.corpus.cleaning.normalise_pass import HARD, SAME, scan
from aurora.corpus.kernels.columns import buffers_of
from corpus.sample_texts import TEXTS as SAMPLES


def test_every_character_is_known_for_what_it_is() -> None:
    characters = [chr(code) for code in range(0x11_0000) if not 0xD800 <= code <= 0xDFFF]
    composed = np.array([unicodedata.is_normalized("NFC", character) for character in characters])
    verdicts = scan(*buffers_of(pa.array(characters, pa.large_string())), np.zeros(len(characters), np.bool_))
    assert ((verdicts == HARD) >= ~composed).all()
    suspected = np.array(characters)[(verdicts == HARD) & composed]
    assert suspected.tolist() == ["\u200c", "\u200d"]
    blank = [character.isspace() or not normalise(character, "en") for character in characters]
    assert ((verdicts != SAME) >= np.array(blank)).all()


def test_texts_that_stay_are_not_copied_nor_left_to_python() -> None:
    column = pa.array(list(SAMPLES.values()), pa.large_string())
    assert normalise_batch(column, list(SAMPLES)) is column
    marked = ["क़लम ज़रूर ड़ क्\u200dष ऱ्", "が あ゙ いろ", "q\u0323\u0301", "x\u0316"]
    verdicts = scan(*buffers_of(pa.array([*marked, "e\u0301", "न\u093c"], pa.large_string())), np.zeros(6, np.bool_))
    assert verdicts.tolist() == [SAME] * 4 + [HARD] * 2
