"""Tasks asked during training on the page: a panel each, intervals around the curve, chance, and the control."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.reporting.report import render
from aurora.reporting.sections import asked
from reporting.reading import Checked, plain, rows


def point(step: int, tokens: int, *scores: tuple[str, float], control: float = 0.0) -> dict[str, Any]:
    return {
        "step": step,
        "tokens": tokens,
        "scores": [
            {"task": task, "form": "cloze", "language": "fi", "chance": 0.25, "items": 40, "score": score - control}
            | {"interval": [score - control - 0.1, score - control + 0.1]}
            for task, score in scores
        ],
    }


@pytest.fixture
def asked_data(data: dict[str, Any]) -> dict[str, Any]:
    """The made-up report whose second stage and its control were asked riddles three times, and sayings once."""
    cap = next(stage for stage in data["stages"] if stage["name"] == data["control"]["stage"])
    tokens = [0, cap["tokens"] // 2, cap["tokens"]]
    cap["asked"] = [point(step, at, ("riddles", 0.3 + step / 10)) for step, at in enumerate(tokens)]
    cap["asked"][0]["scores"] += point(0, 0, ("sayings", 0.5))["scores"]
    data["control"]["asked"] = [
        point(step, at, ("riddles", 0.3 + step / 10), control=0.05) for step, at in enumerate(tokens)
    ]
    return data


def panel_of(page: str) -> str:
    begin = page.index('id="asked-riddles-cloze-title"')
    return page[begin:].partition("</div>")[0]


def test_a_panel_for_what_was_asked_twice(asked_data: dict[str, Any]) -> None:
    page = render(asked_data)
    Checked(page)
    assert "Tasks as training went on" in page
    assert 'id="asked-riddles-cloze-title"' in page
    assert "asked-sayings" not in page
    panel = panel_of(page)
    assert panel.count("<polyline") == 2
    assert panel.count("<polygon") == 1  # the control's interval would hide the run's
    assert 'class="reference"' in panel
    assert "From 30 % [20 %, 40 %] to 50 % [40 %, 60 %], of 40 items." in plain(panel)
    assert "The control ends at 45 % [35 %, 55 %]. Chance is 25 %." in plain(panel)


def test_the_table_has_every_measurement_with_its_interval(asked_data: dict[str, Any]) -> None:
    headings, *found = rows(render(asked_data), "Tasks during training")
    assert headings == ["stage", "tokens", "task", "items", "score"]
    assert [(row[0], row[2], row[3], row[4]) for row in found] == [
        *(("cap", "riddles, cloze", "40", f"{30 + 10 * n} % [{20 + 10 * n} %, {40 + 10 * n} %]") for n in range(3)),
        *(
            ("control without-replay", "riddles, cloze", "40", f"{25 + 10 * n} % [{15 + 10 * n} %, {35 + 10 * n} %]")
            for n in range(3)
        ),
    ]


def test_more_panels_than_fit_are_told(asked_data: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for stage in asked_data["stages"]:
        for at in stage.get("asked", []):
            at["scores"] += point(0, 0, ("proverbs", 0.5))["scores"]
    assert "the table has all" not in render(asked_data)
    monkeypatch.setattr(asked, "MOST_PANELS", 1)
    page = render(asked_data)
    assert "The first 1 of 2; the table has all." in plain(page)
    assert "asked-proverbs" not in page


def test_a_score_without_an_interval_or_chance(asked_data: dict[str, Any]) -> None:
    for part in (*asked_data["stages"], asked_data["control"]):
        for at in part.get("asked", []):
            for score in at["scores"]:
                score |= {"interval": None, "chance": None}
    page = render(asked_data)
    assert "<polygon" not in panel_of(page)
    assert "Chance is" not in plain(panel_of(page))


def test_without_questions_nothing_is_said(data: dict[str, Any]) -> None:
    assert "Tasks as training went on" not in render(data)
