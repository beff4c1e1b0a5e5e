"""The charts: places, labels that fit, and words for those who do not see them."""

from __future__ import annotations

import math
import re

from hypothesis import given
from hypothesis import strategies as st

from aurora.reporting.charts import figures


def places(drawing: str, name: str) -> list[float]:
    """Percentages of one attribute."""
    return [float(found) for found in re.findall(rf' {name}="(-?[0-9.]+)%"', drawing)]


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=12))
def test_pieces_fill_the_bar_and_their_labels_fit(weights: list[float]) -> None:
    total = sum(weights)
    pieces = [
        figures.Piece([f"catalogues/{n} {weight:.2f}", str(n)], weight / total, "s1")
        for n, weight in enumerate(weights)
    ]
    drawing = figures.stacked_bars("x", "Title", "Words.", [figures.Stack("cap", "1 M", pieces)])
    widths = places(drawing, "width")[1:]
    assert math.isclose(sum(widths), 100, abs_tol=0.1 * len(pieces))
    for piece, width in zip(pieces, widths, strict=True):
        shown = re.findall(rf">({'|'.join(re.escape(label) for label in piece.labels)})</text>", drawing)
        for label in shown:
            assert len(label) * figures.LETTER_PIXELS <= width / 100 * figures.WIDE_PIXELS + 1


def test_a_chart_says_its_values_in_words() -> None:
    drawing = figures.bar_chart("kept", "Text kept", "Finnish 2 MB.", [figures.Bar("Finnish", 2.0, "2 MB", "s1")])
    assert 'role="img" aria-labelledby="kept-title kept-desc"' in drawing
    assert '<title id="kept-title">Text kept</title><desc id="kept-desc">Finnish 2 MB.</desc>' in drawing


def test_better_goes_left_and_worse_right_of_zero() -> None:
    changes = [figures.Change("fi", -0.5, "−50 %", 0.1, "+10 %"), figures.Change("en", 0.25, "+25 %")]
    drawing = figures.change_chart("x", "T", "D", changes)
    better = re.search(r'<rect x="([0-9.]+)%"[^>]*width="([0-9.]+)%"[^>]*class="change-better"', drawing)
    worse = re.search(r'<rect x="([0-9.]+)%"[^>]*width="([0-9.]+)%"[^>]*class="change-worse"', drawing)
    assert better is not None
    assert worse is not None
    zero = float(better[1]) + float(better[2])
    assert math.isclose(zero, float(worse[1]), abs_tol=0.02)
    assert math.isclose(float(better[2]), 2 * float(worse[2]), abs_tol=0.05)
    assert drawing.count("mark-cross") == 1


def test_whiskers_stand_at_the_interval() -> None:
    row = figures.RateRow("All", figures.Rate(0.0, None), figures.Rate(0.9, (0.8, 0.95)), "0 → 90 %")
    drawing = figures.rate_chart("x", "T", "D", [row])
    whisker = re.search(r'x1="([0-9.]+)%" y1="[0-9.]+" x2="([0-9.]+)%" y2="[0-9.]+" class="whisker"', drawing)
    assert whisker is not None
    assert (float(whisker[1]), float(whisker[2])) == (79.4, 94.1)
