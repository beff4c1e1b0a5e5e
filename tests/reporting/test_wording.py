"""Numbers and names as a reader sees them."""

from __future__ import annotations

import pytest

from aurora.reporting import wording


@pytest.mark.parametrize(
    ("change", "written"),
    [(-0.357, "−36 %"), (0.021, "+2.1 %"), (0.0, "0.0 %"), (-0.0004, "0.0 %"), (0.0996, "+10 %"), (1.2, "+120 %")],
)
def test_a_change_carries_its_sign(change: float, written: str) -> None:
    assert wording.signed(change) == written.replace(" ", wording.NARROW)
    assert wording.magnitude(change) == written.lstrip("+−").replace(" ", wording.NARROW)


@pytest.mark.parametrize(("rate", "written"), [(0.985, "98.5 %"), (1.0, "100 %"), (0.0, "0 %"), (None, "–")])
def test_a_rate_has_no_sign(rate: float | None, written: str) -> None:
    assert wording.share(rate) == written.replace(" ", wording.NARROW)


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "0"), (999, "999"), (1000, "1 k"), (999_999, "1 M"), (1_234_567, "1.23 M"), (377e9, "377 B"), (2e12, "2 T")],
)
def test_large_numbers_are_short(number: float, written: str) -> None:
    assert wording.compact(number) == written.replace(" ", wording.NARROW)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.44, "0.4 s"), (59.4, "59 s"), (432, "7 min 12 s"), (7260, "2 h 1 min"), (200_000, "2 days 7 h")],
)
def test_durations(seconds: float, written: str) -> None:
    assert wording.duration(seconds).replace(wording.NARROW, " ") == written


def test_lists_and_spans() -> None:
    assert wording.listing(["a"]) == "a"
    assert wording.listing(["a", "b", "c"]) == "a, b and c"
    assert wording.span([-0.62, -0.33]) == f"33 to 62{wording.NARROW}%"
    assert wording.span([-0.5]) == f"50{wording.NARROW}%"


def test_code_comes_after_all_languages() -> None:
    assert wording.in_order({"vi", "code", "en"}) == ["en", "vi", "code"]
    assert [wording.language_title(tag) for tag in ("fi", "code", "xx-Latn")] == ["Finnish", "Code", "xx-Latn"]
