"""The training curves: a stage without one, a guard that left steps out, a control that branches off."""

from __future__ import annotations

from typing import Any

from aurora.reporting.page.components import Palette
from aurora.reporting.report import render
from aurora.reporting.schema import Report
from aurora.reporting.sections.training import curves_section
from reporting.reading import Checked, plain, rows

PALETTE = Palette(["en", "fi", "code"])


def test_the_control_branches_off_where_its_stage_begins(data: dict[str, Any]) -> None:
    page = str(curves_section(Report.model_validate(data), PALETTE))
    figure = page.partition('id="track-en-title"')[2].partition('id="track-fi-title"')[0]
    run, control = (line.partition("points=")[2] for line in figure.split("<polyline")[1:])
    assert control.split()[0].strip('"') == run.split()[8]  # the last point of base, which has nine
    assert "dashed" in control
    assert "From 2.48 to 2.41" not in figure  # the curve begins within base, not at its end
    assert "The control ends at 2.99." in figure
    assert "The bigram needs 2.52." in figure


def test_every_held_out_point_is_in_the_table_with_the_bigram_last(data: dict[str, Any]) -> None:
    headings, *found = rows(str(curves_section(Report.model_validate(data), PALETTE)), "Held-out bits per byte during")
    assert headings[:3] == ["stage", "tokens", "English"]
    assert len(found) == 5 * 9 + 1
    assert found[-2][0] == "control without-replay"
    assert found[-1][:3] == ["bigram", "–", "2.52"]


def test_a_schedule_is_told_by_its_peak_and_its_end(data: dict[str, Any]) -> None:
    data["stages"][0]["curve"] = [
        {"step": step, "tokens": step * 10, "loss": 4.0 - step, "learning_rate": rate}
        for step, rate in enumerate((1e-3, 3e-3, 5e-4))
    ]
    page = str(curves_section(Report.model_validate(data), PALETTE))
    assert "Learning rate: peak 0.003, last 0.0005" in page
    assert "From 4.00 to 2.00 nats per token over 1.5 M tokens." in plain(page)
    for point in data["stages"][0]["curve"]:
        del point["learning_rate"]
    assert "Learning rate of base" not in str(curves_section(Report.model_validate(data), PALETTE))


def test_a_run_that_recorded_nothing_has_no_section(data: dict[str, Any]) -> None:
    for stage in data["stages"]:
        stage.update(curve=[], held_out_curve=[])
    assert curves_section(Report.model_validate(data), PALETTE) is None


def test_one_point_is_no_curve_and_has_no_panel(data: dict[str, Any]) -> None:
    for stage in data["stages"]:
        stage.update(curve=[], held_out_curve=[])
    data["stages"][0]["held_out_curve"] = [{"step": 9, "tokens": 9, "bits_per_byte": {"en": 3.0, "fi": 4.0}}]
    assert curves_section(Report.model_validate(data), PALETTE) is None
    data["stages"][1]["held_out_curve"] = [{"step": 9, "tokens": 9, "bits_per_byte": {"en": 2.0}}]
    page = str(curves_section(Report.model_validate(data), PALETTE))
    assert 'id="track-en-title"' in page
    assert 'id="track-fi-title"' not in page


def test_a_stage_without_a_curve_stands_beside_others(data: dict[str, Any]) -> None:
    data["stages"][1]["curve"] = []
    data["stages"][2]["held_out_curve"] = []
    data["stages"][3]["curve"] = [dict(point, loss=float("nan")) for point in data["stages"][3]["curve"]]
    page = render(data)
    Checked(page)
    assert "Training loss of base" in page
    assert "Training loss of cap" not in page


def test_steps_that_a_guard_left_out_are_told_beside_the_losses(data: dict[str, Any]) -> None:
    assert "left_out.jsonl" not in render(data)
    data["stages"][1]["steps_left_out"] = 3
    assert "The guard left out 3 steps of cap; left_out.jsonl names their documents." in render(data)
