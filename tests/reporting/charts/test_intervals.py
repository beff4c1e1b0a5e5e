"""Changes with their intervals: each mark on its whisker, over one scale with zero in it."""

from __future__ import annotations

import re

from aurora.reporting.charts.intervals import Estimate, IntervalRow, interval_chart


def whiskers(chart: str) -> list[tuple[float, float]]:
    """Where each level whisker begins and ends, in percent."""
    found = re.findall(
        r'<line x1="([\d.]+)%" y1="([\d.]+)" x2="([\d.]+)%" y2="([\d.]+)" class="interval [a-z-]+"', chart
    )
    return [(float(x1), float(x2)) for x1, y1, x2, y2 in found if y1 == y2]


def test_a_mark_lies_on_its_whisker_and_better_is_left_of_zero() -> None:
    rows = [
        IntervalRow("Finnish", "-30 %", [Estimate(-0.3, (-0.35, -0.25), "circle"), Estimate(-0.2, None, "diamond")]),
        IntervalRow("English", "+2 %", [Estimate(0.02, (-0.01, 0.05), "circle")]),
    ]
    chart = interval_chart("x", "T", "D", rows)
    marks = [float(x) for x in re.findall(r'<svg x="([\d.]+)%"', chart)]
    (low, high), (other_low, other_high) = whiskers(chart)
    assert low < marks[0] < high < other_low < marks[2] < other_high
    zero = float(re.findall(r'<line x1="([\d.]+)%"[^>]*class="axis"', chart)[0])
    assert high < zero
    assert other_low < zero < other_high
    assert "change-mark-better" in chart
    assert "change-mark-worse" in chart
    assert len(marks) == 3


def test_no_change_at_all_still_has_a_scale() -> None:
    chart = interval_chart("x", "T", "D", [IntervalRow("Finnish", "0 %", [Estimate(0.0, (0.0, 0.0), "circle")])])
    assert 'class="axis"' in chart
    assert "nan" not in chart


def test_of_scores_more_is_better() -> None:
    rows = [IntervalRow("riddles", "+2 %", [Estimate(0.02, (-0.01, 0.05), "circle")])]
    assert "change-mark-better" in interval_chart("x", "T", "D", rows, more_is_better=True)
    assert "change-mark-worse" in interval_chart("x", "T", "D", rows)
    still = [IntervalRow("riddles", "0 %", [Estimate(0.0, None, "circle")])]
    assert "change-mark-better" not in interval_chart("x", "T", "D", still, more_is_better=True)
