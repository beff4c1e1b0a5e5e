from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aurora.redteam.judging.features import BITS, places


@given(st.text(max_size=60))
def test_any_text_has_places_in_the_table(text: str) -> None:
    found = places(text)
    assert len(found) == len(set(found.tolist()))
    assert all(0 <= place < 1 << BITS for place in found.tolist())


def test_the_same_text_has_the_same_places_on_every_machine() -> None:
    assert places("Ei käy.").tolist()[:3] == places("Ei  KÄY.").tolist()[:3] == [268, 2880, 4653]


def test_alike_texts_share_places_and_others_do_not() -> None:
    first, alike, other = (
        set(places(text).tolist()) for text in ("できません。", "それはできません。", "はい、どうぞ。")
    )
    assert len(first & alike) > 3 * len(first & other)


def test_what_stands_late_is_told_from_the_beginning() -> None:
    begun, late = places("I will not. " + "x" * 300), places("x" * 300 + " I will not.")
    assert len(np.setdiff1d(begun, late)) > 10
    assert np.array_equal(places("y" * 10_000), places("y" * 20_000))
