from __future__ import annotations

from aurora.nearest import MOST_LISTED, meant, nearest


def test_a_slip_of_the_keyboard_is_understood_whatever_its_case() -> None:
    assert nearest("batch_token", ["tokens", "batch_tokens"]) == "batch_tokens"
    assert nearest("FINNISH", ["Finnish", "French"]) == "Finnish"
    assert nearest("entirely", ["tokens", "seed"]) is None
    assert nearest("a", []) is None


def test_where_nothing_is_near_all_is_listed_up_to_a_limit() -> None:
    assert meant("bsae", ["base", "cap"]) == "did you mean base?"
    assert meant("xyz", ["base", "cap"]) == "known: base, cap"
    assert meant("xyz", [], "keys") == "keys: none"
    assert meant("xyz", [f"{number}" for number in range(99)]).count(",") == MOST_LISTED
