"""The verdict: every sentence rests on the report's own figures."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.reporting import verdict
from aurora.reporting.schema import Report


def plain(text: str) -> str:
    """Narrow spaces and typographic minus signs as a keyboard has them."""
    return text.replace("\u202f", " ").replace("−", "-")


def headline(data: dict[str, Any]) -> str:
    return plain(verdict.headline(Report.model_validate(data)))


def points(data: dict[str, Any]) -> dict[str, verdict.Point]:
    return {point.name: point for point in verdict.points(Report.model_validate(data))}


def test_the_headline_of_a_good_run(data: dict[str, Any]) -> None:
    assert headline(data) == (
        "Four new languages gained (33 to 62 % fewer bits per byte); English and code kept; "
        "refusals of harmful prompts 0 % → 95 %."
    )


def test_every_number_of_the_headline_follows_the_data(data: dict[str, Any]) -> None:
    cat = data["stages"][2]["bits_per_byte"]
    cat.update(fi=4.14, hi=4.97 * 0.45)
    data["safety"]["before"]["refusal_rate"] = 0.125
    data["safety"]["after"]["refusal_rate"] = 0.785
    assert headline(data) == (
        "Four new languages gained (10 to 55 % fewer bits per byte); English and code kept; "
        "refusals of harmful prompts 12.5 % → 78.5 %."
    )


def test_what_was_not_gained_or_was_forgotten_is_said(data: dict[str, Any]) -> None:
    data["stages"][2]["bits_per_byte"].update(fi=4.60, ja=4.0, en=2.728)
    gained = "Two of four new languages gained (46 to 62 % fewer bits per byte)"
    assert headline(data).startswith(f"{gained}; code kept; English (+10 %) partly forgotten;")
    found = points(data)
    assert found["Gained"].tone == "bad"
    assert found["Forgotten"].tone == "bad"
    assert "English rose by more than 2.0 %: that much was forgotten." in plain(found["Forgotten"].text)
    data["stages"][2]["bits_per_byte"].update(hi=5.0, vi=4.1)
    assert headline(data).startswith("No new language gained;")


def test_findings_name_their_figures_and_the_bigram_beside_them(data: dict[str, Any]) -> None:
    found = points(data)
    assert list(found) == ["Gained", "Kept", "Control", "Safety"]
    gained = plain(found["Gained"].text)
    assert "-33 % in Finnish (4.60 → 3.06; bigram 2.98)" in gained
    assert "On text of another domain the changes are -33 % in Finnish" in gained
    assert plain(found["Kept"].figure) == "-3.2 % to -0.6 %"
    assert "(95 % interval 91 % to 97.3 %)" in plain(found["Safety"].text)
    assert "Of 200 held-out harmful prompts" in found["Safety"].text
    assert "it cost is +1.7 % (code)" in plain(found["Safety"].text)


def test_the_control_says_what_the_mixture_prevented(data: dict[str, Any]) -> None:
    control = points(data)["Control"]
    assert control.tone == "plain"
    assert "without docstrings/en and sources/code" in control.text
    assert "It ended +21 % in English and +59 % in code against base" in plain(control.text)
    assert "So code would have been forgotten, and the mixture prevented it." in control.text


def test_a_control_that_shows_nothing_is_said_to(data: dict[str, Any]) -> None:
    data["control"]["bits_per_byte"] = dict(data["stages"][1]["bits_per_byte"])
    control = points(data)["Control"]
    assert control.tone == "bad"
    assert control.text.endswith("So this run does not show that the mixture was needed.")


def test_poor_safety_is_not_called_good(data: dict[str, Any]) -> None:
    assert points(data)["Safety"].tone == "good"
    data["safety"]["after"]["over_refusal_rate"] = 0.2
    assert points(data)["Safety"].tone == "bad"


@pytest.mark.parametrize(
    ("factor", "words"),
    [(1.0, "ends near it, within 15 %, in six of six languages"), (0.5, "ends below it in all languages")],
)
def test_the_bigram_is_compared_in_words(data: dict[str, Any], factor: float, words: str) -> None:
    last = data["stages"][-1]["bits_per_byte"]
    data["stages"][-1]["bits_per_byte"] = {language: value * factor for language, value in last.items()}
    finding = verdict.bigram_finding(Report.model_validate(data))
    assert finding is not None
    assert words in plain(finding)
    assert f"Finnish {last['fi'] * factor:.2f} against 2.98" in finding


def test_one_stage_alone_has_a_headline(data: dict[str, Any]) -> None:
    data.update(stages=data["stages"][:1], control=None, safety=None)
    assert headline(data).startswith("Base trained; bits per byte: English 2.48, Finnish 4.60")
    assert points(data) == {}


def test_a_stage_that_measured_nothing_new_needs_no_mixture(data: dict[str, Any]) -> None:
    for stage in data["stages"]:
        stage["token_shares"] = {}
    found = points(data)
    assert "Kept" not in found
    assert plain(found["Gained"].figure) == "-62 % to -0.6 %"
