"""Bars of scores: inside their chart, with interval and chance where these are known."""

from __future__ import annotations

from aurora.reporting.charts.score_bars import ScoreBar, score_bars
from reporting.reading import Checked, plain


def test_a_bar_has_its_figure_its_interval_and_chance_beside_it() -> None:
    drawn = score_bars("t", "T", [ScoreBar("base", 0.5, (0.4, 0.6), "s0"), ScoreBar("cat", 0.75, None, "s1")], 0.25)
    text = plain(Checked(drawn).text)
    assert "base 50 %; cat 75 %." in text
    assert "chance 25 %" in text
    assert drawn.count('class="whisker"') == 3
    assert drawn.count("reference") == 1
    assert 'width="28.50%"' in drawn  # half of the 57 that a bar may take


def test_without_chance_there_is_no_line_and_a_score_above_1_stays_inside() -> None:
    drawn = score_bars("t", "T", [ScoreBar("base", 4.0, (3.0, 5.0), "s0")], None)
    assert "reference" not in drawn
    assert 'x2="84.00%"' in drawn
