"""Bars of every task, and the radar by language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aurora.reporting.comparison.scores import scores, series
from reporting.reading import Checked, plain
from reporting.reading import rows as cells

Made = Callable[..., dict[str, Any]]
Rows = Callable[..., list[dict[str, Any]]]


def test_every_checkpoint_has_a_bar_an_interval_and_a_row(three: list[dict[str, Any]], rows: Rows) -> None:
    page = str(scores(three, rows(three)))
    checked = Checked(page)
    assert page.count('class="panel"') == 3
    assert page.count('class="fill s0"') == 3
    assert "chance 50 %" in plain(checked.text)
    head, *found = cells(page, "Scores")
    assert head[-2:] == ["score", "by wording"]
    assert found[0][:5] == ["old_en", "cloze", "base", "40", "50 %"]
    assert found[0][5].startswith("90 % [7")
    assert found[0][6] == "90 % to 90 %"


def test_the_radar_has_an_axis_a_language(three: list[dict[str, Any]], rows: Rows) -> None:
    page = str(scores(three, rows(three)))
    assert cells(page, "Mean score by language") == [
        ["checkpoint", "English", "Finnish", "Japanese"],
        ["base", "90 %", "5 %", "50 %"],
        ["cat", "5 %", "90 %", "50 %"],
        ["copy", "90 %", "5 %", "50 %"],
    ]


def test_safety_and_code_have_axes_of_their_own(made: Made, rows: Rows) -> None:
    results = [made("a", t_fi=[1, 0], u_fi=[1, 1], harm_en=[1, 1], add_code=[0, 0])]
    tasks = results[0]["tasks"]
    tasks["harm_en"] |= {"kind": "safety", "chance": None}
    tasks["harm_en"]["forms"]["cloze"]["wordings"] = {
        name: {**wording, "metrics": {}} for name, wording in tasks["harm_en"]["forms"]["cloze"]["wordings"].items()
    }
    tasks["add_code"]["language"] = "code:python"
    head, found = cells(str(scores(results, rows(results))), "Mean score by language")
    assert dict(zip(head, found, strict=True)) == {
        "checkpoint": "a", "Finnish": "75 %", "Safety": "100 %", "Code": "0 %",
    }  # fmt: skip


def test_without_languages_the_axes_are_tasks_and_two_are_too_few(made: Made, rows: Rows) -> None:
    tasks = {"x_fi": [1, 0], "y_fi": [1, 1], "z_fi": [0, 0]}
    results = [made("a", **tasks), made("b", **tasks)]
    page = str(scores(results, rows(results)))
    assert cells(page, "Mean score by task")[0] == ["checkpoint", "x_fi", "y_fi", "z_fi"]
    results[1]["tasks"].pop("z_fi")  # what one was not asked is on no axis
    assert "Mean score" not in str(scores(results, rows(results)))


def test_the_first_checkpoint_is_grey_and_colours_start_again() -> None:
    assert [series(number) for number in (0, 1, 8, 9)] == ["s0", "s1", "s8", "s1"]


def test_what_was_not_run_has_no_bar(made: Made, rows: Rows) -> None:
    results = [made("a", t_fi=[None, None])]
    page = str(scores(results, rows(results)))
    assert "fill s0" not in page
    assert cells(page, "Scores")[1][5] == "not run"
