"""The types of report.json: what they accept, derive and refuse."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aurora.reporting.schema import Report, interval_of, relative_changes, thinned

MINIMAL = {
    "schema": 1,
    "recipe": "small",
    "seconds": 1.5,
    "corpus": {"documents": {"in": 3, "kept": 2, "dropped": 1, "quarantined": 0}, "bytes_kept": {"en": 120}},
    "stages": [
        {"name": "base", "tokens": 10, "seconds": 1.0, "tokens_per_second": 10.0, "bits_per_byte": {"en": 2.0}},
        {"name": "cap", "tokens": 10, "seconds": 1.0, "tokens_per_second": 10.0, "bits_per_byte": {"en": 1.5}},
    ],
    "control": {"name": "without-replay", "bits_per_byte": {"en": 2.5}},
}


def test_the_published_keys_alone_make_a_report() -> None:
    report = Report.model_validate(MINIMAL)
    assert report.corpus.documents.given == 3
    assert report.safety is None
    assert report.retention == {"cap": {"en": -0.25}}


def test_a_report_survives_its_own_json(data: dict[str, Any]) -> None:
    written = Report.model_validate(data).model_dump(mode="json", by_alias=True)
    again = Report.model_validate(json.loads(json.dumps(written))).model_dump(mode="json", by_alias=True)
    assert again == written
    assert written["schema"] == 1
    assert set(written["corpus"]["documents"]) == {"in", "kept", "dropped", "quarantined"}


def test_derived_values_are_computed_whatever_a_caller_says(data: dict[str, Any]) -> None:
    data["retention"] = {"cap": {"fi": 99.0}}
    data["safety"]["after"]["refusal_interval"] = [0.0, 0.0]
    report = Report.model_validate(data)
    assert report.retention["cap"]["fi"] == pytest.approx(3.09 / 4.60 - 1, abs=1e-6)
    assert report.safety is not None
    interval = report.safety.after.refusal_interval
    assert interval is not None
    assert interval[0] < report.safety.after.refusal_rate < interval[1]  # type: ignore[operator]


def test_what_was_not_measured_is_left_out_or_null(data: dict[str, Any]) -> None:
    data["stages"][0]["bits_per_byte"]["sw"] = math.nan
    data["stages"][0]["curve"][3]["loss"] = math.inf
    data["safety"]["before"]["by_language"]["fi"]["refusal_rate"] = None
    written = Report.model_validate(data).model_dump(mode="json", by_alias=True)
    assert "sw" not in written["stages"][0]["bits_per_byte"]
    assert written["stages"][0]["curve"][3]["loss"] is None
    assert written["safety"]["before"]["by_language"]["fi"]["refusal_interval"] is None
    json.dumps(written, allow_nan=False)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="bits_per_bite"):
        Report.model_validate({**MINIMAL, "bits_per_bite": {}})


def test_text_that_is_not_unicode_is_mended(data: dict[str, Any]) -> None:
    data["stages"][0]["samples"][0]["text"] = "half a pair \ud83d"
    assert Report.model_validate(data).stages[0].samples[0].text == "half a pair ?"


def test_long_curves_are_thinned(data: dict[str, Any]) -> None:
    point = data["stages"][0]["curve"][0]
    data["stages"][0]["curve"] = [{**point, "step": step} for step in range(5000)]
    curve = Report.model_validate(data).stages[0].curve
    assert len(curve) == 200
    assert (curve[0].step, curve[-1].step) == (0, 4999)


@given(st.integers(0, 3000), st.integers(2, 300))
def test_thinning_keeps_order_ends_and_distance(length: int, most: int) -> None:
    kept = thinned(range(length), most)
    assert len(kept) == min(length, most)
    assert kept == sorted(set(kept))
    if length:
        assert kept[0] == 0
        assert kept[-1] == length - 1


def test_what_was_not_asked_has_no_interval() -> None:
    assert interval_of(None, 0) is None
    assert interval_of(0.0, 0) is None


@given(st.integers(1, 500).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_an_interval_holds_its_rate(counts: tuple[int, int]) -> None:
    hits, trials = counts
    interval = interval_of(hits / trials, trials)
    assert interval is not None
    assert 0 <= interval[0] <= hits / trials + 1e-6
    assert hits / trials - 1e-6 <= interval[1] <= 1


def test_changes_are_relative_to_what_both_measured() -> None:
    assert relative_changes({"en": 2.0, "fi": 4.0, "ja": 0.0}, {"en": 1.0, "hi": 3.0, "ja": 1.0}) == {"en": -0.5}
