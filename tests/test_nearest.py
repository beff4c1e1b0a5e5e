"""What somebody may have meant: a near name, or all that there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aurora.nearest import MOST_LISTED, beside, meant, nearest

KNOWN = ["cosine", "constant", "warmup-stable-decay", "Löwe"]


@pytest.mark.parametrize(
    ("name", "found"),
    [("cosinus", "cosine"), ("COSINE", "cosine"), ("constnat", "constant"), ("löwe", "Löwe"), ("wsd", None)],
)  # fmt: skip
def test_a_near_name_is_found_in_any_case(name: str, found: str | None) -> None:
    assert nearest(name, KNOWN) == found


@given(st.text(), st.lists(st.text(), max_size=6))
def test_what_is_found_is_known_and_a_known_name_is_nearest_to_itself(name: str, known: list[str]) -> None:
    found = nearest(name, known)
    assert found is None or found in known
    if name:
        close = nearest(name, [*known, name])
        assert close is not None
        assert close.casefold() == name.casefold()


def test_a_message_always_ends_with_something_to_write() -> None:
    assert meant("cosin", KNOWN) == "did you mean cosine?"
    assert meant("zzz", KNOWN, "shapes") == "shapes: cosine, constant, warmup-stable-decay, Löwe"
    assert meant("zzz", []) == "known: none"
    assert meant("zzz", (f"name-{number}" for number in range(MOST_LISTED + 1))).endswith("name-19, ...")
    assert meant("zzz", [f"name-{number}" for number in range(MOST_LISTED)]).endswith("name-19")


def test_what_lies_beside_a_path_is_meant_where_nothing_is_there(tmp_path: Path) -> None:
    (tmp_path / "min").mkdir()
    assert beside(tmp_path / "mine") == f" (did you mean {tmp_path / 'min'}?)"
    assert beside(tmp_path / "min") == ""
    assert beside(tmp_path / "quite/other") == ""
