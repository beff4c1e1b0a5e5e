"""What a run is compared with: an imported model, or the stage that the last one descends from."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.reporting import verdict
from aurora.reporting.compared import read_stages
from aurora.reporting.report import render
from aurora.reporting.schema import Report
from reporting.conftest import BASE, scaled
from reporting.reading import plain, rows


@pytest.fixture
def imported(data: dict[str, Any]) -> dict[str, Any]:
    """The example as if its first stage had been imported, and not a stage at all."""
    base = data["stages"].pop(0)
    scores = {key: base[key] for key in ("bits_per_byte", "bits_per_byte_other_domain", "samples")}
    data["base"] = {"name": "model", "path": "some/model", **scores, "safety": data["safety"]["before"]}
    data["stages"][0]["start"] = "model"
    return data


def headline(data: dict[str, Any]) -> str:
    return plain(verdict.headline(Report.model_validate(data)))


def points(data: dict[str, Any]) -> dict[str, verdict.Point]:
    return {point.name: point for point in verdict.points(Report.model_validate(data))}


def test_gains_are_measured_from_the_imported_model(imported: dict[str, Any]) -> None:
    gained = "English, Finnish, Hindi, Japanese and Vietnamese gained (2.8 to 61 % fewer bits per byte); code kept;"
    assert headline(imported).startswith(gained)
    assert points(imported)["Gained"].text.startswith("From the imported model to safety, bits per byte")


def test_what_the_first_stage_forgets_of_its_base_is_in_the_headline(imported: dict[str, Any]) -> None:
    """Finnish is in the mixture of every stage, rises in the first and stays there."""
    for stage in imported["stages"]:
        lost = {"fi": BASE["fi"] * 1.078}
        stage["bits_per_byte"] |= lost
        stage["bits_per_byte_other_domain"] |= scaled({"fi": BASE["fi"]}, 1.35)
    assert "; code kept; Finnish (+7.8 %) partly forgotten;" in headline(imported)
    forgotten = points(imported)["Forgotten"]
    assert forgotten.tone == "bad"
    assert forgotten.text.startswith("From the imported model to safety,")
    assert Report.model_validate(imported).retention["cap"]["fi"] == pytest.approx(0.078)


def test_a_base_that_learnt_nothing_is_said_to_have_gained_nothing(imported: dict[str, Any]) -> None:
    for stage in imported["stages"]:
        stage.update({key: imported["base"][key] for key in ("bits_per_byte", "bits_per_byte_other_domain")})
    assert headline(imported).startswith("No language gained; English, Finnish,")
    assert "Gained" not in points(imported)


def test_one_stage_on_an_imported_model_has_a_verdict(imported: dict[str, Any]) -> None:
    imported.update(stages=imported["stages"][:1], control=None, safety=None)
    gained = "Finnish, Hindi, Japanese and Vietnamese gained (33 to 62 % fewer bits per byte)"
    assert headline(imported) == f"{gained}; English and code kept."
    assert Report.model_validate(imported).retention.keys() == {"cap"}


def test_safety_tuning_alone_promises_no_gain(imported: dict[str, Any]) -> None:
    imported["stages"] = imported["stages"][-1:]
    imported["stages"][0].update(start="model", bits_per_byte=BASE, bits_per_byte_other_domain=scaled(BASE, 1.35))
    imported["safety"]["before_stage"] = "model"
    imported["control"] = None
    assert headline(imported).startswith("English, Finnish, Hindi, Japanese, Vietnamese and code kept; refusals")
    assert "0 % were refused by the imported model and 95 % by safety" in plain(points(imported)["Safety"].text)


def test_refusals_of_the_imported_model_stand_beside_those_before_tuning(imported: dict[str, Any]) -> None:
    """A base that declined, and was continued until it did not."""
    imported["base"]["safety"] = {**imported["safety"]["before"], "refusal_rate": 0.8}
    assert headline(imported).endswith("refusals of harmful prompts 80 % → 95 %.")
    safety = plain(points(imported)["Safety"].text)
    assert "80 % were refused by the imported model, 0 % before safety tuning and 95 % after" in safety


def test_the_page_shows_the_imported_model_beside_the_stages(imported: dict[str, Any]) -> None:
    page = render(imported)
    headings, english, *_ = rows(page, "Bits per byte, held-out text of the training domain")
    assert headings == ["language", "imported", "cap", "cat", "safety", "control", "bigram"]
    assert english == ["English", "2.48", "2.44", "2.40", "2.41", "2.99", "2.52"]
    headings, english, *_ = rows(page, "Change against the imported model, training domain")
    assert headings == ["language", "cap", "cat", "safety", "control", "bigram"]
    assert plain(english[1]) == "-1.6 %"


def test_a_base_measured_with_new_entries_is_said_to_be(imported: dict[str, Any]) -> None:
    limit = "The base with its own tokenizer"
    assert limit not in dict(verdict.not_shown(Report.model_validate(imported)))
    imported["base"]["extended"] = True
    assert "gains are larger here" in dict(verdict.not_shown(Report.model_validate(imported)))[limit]


def test_two_continuations_of_one_base_are_each_compared_with_it(data: dict[str, Any]) -> None:
    """The last stage is judged by the stages that it descends from, and by languages that these trained on."""
    _, cap, *_ = data["stages"]
    cap["token_shares"] = {"docstrings/en": 0.5, "catalogues/fi": 0.5}
    other = {**cap, "name": "other", "token_shares": {"docstrings/en": 0.5, "catalogues/vi": 0.5}}
    data.update(stages=[*data["stages"][:2], other], control=None, safety=None)
    report = Report.model_validate(data)
    assert [stage.name for stage in report.lineage] == ["base", "other"]
    assert read_stages(report).new == ["vi"]
    assert headline(data) == "One new language gained (47 % fewer bits per byte); English and code kept."
    data["stages"][2]["start"] = "model"
    assert headline(data).startswith("Other trained; bits per byte:")
