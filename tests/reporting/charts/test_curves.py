"""The line charts: curves that break, names that fit, and nothing outside the drawing."""

from __future__ import annotations

import re

from aurora.reporting.charts import curves


def corners(chart: str) -> list[list[tuple[float, float]]]:
    """The corners of every curve."""
    found = re.findall(r'points="([^"]*)"', chart)
    return [[(float(x), float(y)) for x, y in (corner.split(",") for corner in line.split())] for line in found]


def test_a_curve_breaks_where_nothing_was_measured() -> None:
    points: list[tuple[float, float | None]] = [(0, 3.0), (1, 2.0), (2, None), (3, 1.0), (4, 1.5)]
    chart = curves.line_chart("x", "T", "D", [curves.Line(points, "s1")], [curves.Span("base", 0, 4)])
    assert chart.count("<polyline") == 2
    assert "NaN" not in chart
    assert "None" not in chart


def test_every_span_has_its_name_in_the_first_row_with_room() -> None:
    spans = [curves.Span("base", 0, 900), curves.Span("cap", 900, 920), curves.Span("cat", 920, 930)]
    spans += [curves.Span("safety-tuning", 930, 1000)]
    chart = curves.line_chart("x", "T", "D", [curves.Line([(0, 1.0), (1000, 2.0)], "s1")], spans, reference=1.5)
    named = {
        text: (float(x), float(y))
        for x, y, text in re.findall(r'<text x="([\d.]+)%" y="([\d.]+)"[^>]*>([a-z…-]+)</text>', chart)
    }
    assert [*named] == ["base", "cap", "cat", "safety-tuni…"]
    assert named["base"][1] == named["cap"][1] < named["cat"][1] < named["safety-tuni…"][1]
    assert all(0 <= x <= 100 for x, _ in named.values())
    assert chart.count('class="leader"') == 2
    height = float(re.findall(r' height="(\d+)"', chart)[0])
    assert max(y for _, y in named.values()) < height == curves.LINE_PIXELS + 2 * curves.LABEL_PIXELS
    assert chart.count('class="reference"') == 1


def test_curves_run_from_left_to_right_and_down_where_less_is_lost() -> None:
    lines = [curves.Line([(0, 4.0), (50, 3.0), (100, 2.0)], "s1"), curves.Line([(0, 3.0), (100, 3.0)], "s2", True)]
    chart = curves.line_chart("x", "T", "D", lines, [curves.Span("base", 0, 100)])
    falling, level = corners(chart)
    assert [x for x, _ in falling] == [0, 50, 100]
    assert falling[0][1] < falling[1][1] < falling[2][1]  # pixels count from the top
    assert falling[1][1] == level[0][1] == level[1][1]
    assert all(0 <= y <= curves.LINE_PIXELS for line in (falling, level) for _, y in line)
    assert 'class="curve s2 dashed"' in chart


def test_a_point_alone_is_no_curve() -> None:
    chart = curves.line_chart(
        "x", "T", "D", [curves.Line([(0, 1.0), (1, None), (2, 1.0)], "s1")], [curves.Span("a", 0, 2)]
    )
    assert corners(chart) == []


def test_nothing_measured_still_has_an_axis() -> None:
    chart = curves.line_chart("x", "T", "D", [curves.Line([(0, None)], "s1")], [curves.Span("a", 0, 1)])
    assert 'class="axis"' in chart
    assert ">0.00</text>" in chart
    assert ">1.00</text>" in chart


def test_a_schedule_reaches_from_zero_to_its_own_peak() -> None:
    line = curves.Line([(0, 0.0), (10, 3e-3), (100, 0.0)], "ink")
    ((first, peak, last),) = corners(curves.schedule_chart("x", "T", "D", line))
    assert first[1] == last[1] == curves.SCHEDULE_PIXELS - 2
    assert peak == (10, 4)
    assert last[0] == 100


def test_a_band_runs_along_its_lower_ends_and_back_along_the_upper_ones() -> None:
    band = [(0.0, 1.0, 3.0), (100.0, 2.0, 5.0)]
    line = curves.Line([(0, 2.0), (100, 3.0)], "s1", band=band)
    chart = curves.line_chart("x", "T", "D", [line], [curves.Span("a", 0, 100)])
    (polygon, curve) = corners(chart)
    assert [x for x, _ in polygon] == [0, 100, 100, 0]
    assert polygon[0][1] > curve[0][1] > polygon[3][1]  # pixels count from the top
    assert polygon[1][1] > curve[1][1] > polygon[2][1]
    assert all(0 <= y <= curves.LINE_PIXELS for _, y in polygon)  # the axis holds the interval too
    assert 'class="band s1"' in chart
    alone = curves.Line([(0, 2.0), (100, 3.0)], "s1", band=band[:1])
    assert "<polygon" not in curves.line_chart("x", "T", "D", [alone], [curves.Span("a", 0, 100)])
