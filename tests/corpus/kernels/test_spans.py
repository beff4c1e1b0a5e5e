"""Phrases as the kernels look them up: by their first two bytes, each with its kind."""

from __future__ import annotations

import numpy as np

from aurora.corpus.kernels.spans import FILLER, KINDS, SCRIPT, language_of


def test_phrases_lie_one_after_the_other_and_their_first_bytes_say_what_may_begin() -> None:
    phrases = {"filler": ["lorem ipsum", "ärt"], "script": ["los"]}
    made = language_of(np.zeros(1, np.uint16), np.zeros(0, np.uint64), phrases, spaces=True, code=False)
    assert bytes(made.phrases).decode() == "lorem ipsumärtlos"
    assert made.ends.tolist() == [11, 15, 18]
    assert made.kinds.tolist() == [FILLER, FILLER, SCRIPT]
    first = {text: int(made.begins[text.encode()[0] << 8 | text.encode()[1]]) for text in ("lo", "är", "xx")}
    assert first == {"lo": FILLER | SCRIPT, "är": FILLER, "xx": 0}


def test_kinds_are_bits_that_do_not_overlap() -> None:
    assert sum(KINDS.values()) == np.bitwise_or.reduce(list(KINDS.values()))
