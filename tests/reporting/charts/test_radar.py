"""The radar: the right places, said in words too, and told apart without colour."""

from __future__ import annotations

import re

from aurora.reporting.charts.radar import HEIGHT, RADIUS, WIDTH, Outline, radar
from reporting.reading import Checked, plain

AXES = ["one", "two", "three", "four"]


def test_outlines_start_at_the_top_and_go_round_with_the_clock() -> None:
    drawn = radar("r", "R", AXES, [Outline("a", [1.0, 0.5, 0.0, 2.0], "s1")], [0.0] * 4)
    (points,) = re.findall(r'points="([^"]*)" class="outline curve s1"', drawn)
    x, y = WIDTH / 2, HEIGHT / 2
    expected = [(x, y - RADIUS), (x + RADIUS / 2, y), (x, y), (x - RADIUS, y), (x, y - RADIUS)]
    assert [tuple(map(float, point.split(","))) for point in points.split()] == expected
    assert "reference" not in drawn  # nobody knows chance


def test_it_says_its_values_and_tells_checkpoints_apart_by_marks_and_dashes() -> None:
    outlines = [Outline(name, [0.25] * 4, f"s{number}") for number, name in enumerate("abcd")]
    drawn = radar("r", "R", AXES, outlines, [0.5] * 4)
    text = plain(Checked(drawn).text)
    assert "a: one 25 %, two 25 %, three 25 %, four 25 %; b: one" in text
    assert {"mark-circle s0", "mark-square s1", "mark-triangle s2", "mark-diamond s3"} <= set(
        re.findall(r'class="(mark-[^"]*)"', drawn)
    )
    assert len(set(re.findall(r'stroke-dasharray="([^"]*)"', drawn))) == 3
    assert drawn.count("outline reference") == 1
