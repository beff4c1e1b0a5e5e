"""The verdict: every sentence rests on the report's own figures."""

from __future__ import annotations

from typing import Any

import pytest

from aurora.reporting import verdict
from aurora.reporting.schema import Report
from reporting.reading import plain


def headline(data: dict[str, Any]) -> str:
    return plain(verdict.headline(Report.model_validate(data)))


def points(data: dict[str, Any]) -> dict[str, verdict.Point]:
    return {point.name: point for point in verdict.points(Report.model_validate(data))}


def test_the_headline_of_a_good_run(data: dict[str, Any]) -> None:
    assert headline(data) == (
        "Four new languages gained (33 to 61 % fewer bits per byte); English and code kept; "
        "refusals of harmful prompts 0 % → 95 %."
    )


def test_every_number_of_the_headline_follows_the_data(data: dict[str, Any]) -> None:
    for domain, factor in (("bits_per_byte", 1), ("bits_per_byte_other_domain", 1.35)):
        data["stages"][3][domain].update(fi=4.14 * factor, hi=4.97 * 0.45 * factor)
    data["safety"]["before"]["refusal_rate"] = 0.125
    data["safety"]["after"]["refusal_rate"] = 0.785
    assert headline(data) == (
        "Four new languages gained (10 to 55 % fewer bits per byte); English and code kept; safety cost up to 35 %; "
        "refusals of harmful prompts 12.5 % → 78.5 %."
    )


def test_what_was_not_gained_or_was_forgotten_is_said(data: dict[str, Any]) -> None:
    data["stages"][3]["bits_per_byte"].update(fi=4.60, ja=4.0, en=2.728)
    gained = "Two of four new languages gained (46 to 61 % fewer bits per byte)"
    assert headline(data).startswith(f"{gained}; code kept; English (+10 %) partly forgotten;")
    found = points(data)
    assert found["Gained"].tone == "bad"
    assert found["Forgotten"].tone == "bad"
    assert "English rose by more than 2.0 %: that much was forgotten." in plain(found["Forgotten"].text)
    data["stages"][3]["bits_per_byte"].update(hi=5.0, vi=4.1)
    assert headline(data).startswith("No new language gained;")


def test_what_is_lost_in_another_domain_alone_is_forgotten(data: dict[str, Any]) -> None:
    data["stages"][3]["bits_per_byte_other_domain"]["en"] = data["stages"][0]["bits_per_byte_other_domain"]["en"] * 1.3
    assert "; code kept; English (+30 % on text of another domain) partly forgotten;" in headline(data)
    forgotten = points(data)["Forgotten"]
    assert forgotten.tone == "bad"
    assert "and, on text of another domain, by +30 % in English." in plain(forgotten.text)


def test_the_verdict_is_about_the_model_that_is_shipped(data: dict[str, Any]) -> None:
    """What safety tuning forgets is forgotten, whatever the stage before it kept."""
    data["stages"][3]["bits_per_byte"]["code"] = data["stages"][0]["bits_per_byte"]["code"] * 1.21
    assert "English kept; code (+21 %) partly forgotten;" in headline(data)
    assert points(data)["Forgotten"].text.startswith("From base to safety,")


def test_a_language_gained_in_one_domain_alone_is_not_called_gained(data: dict[str, Any]) -> None:
    data["stages"][3]["bits_per_byte_other_domain"]["vi"] = data["stages"][0]["bits_per_byte_other_domain"]["vi"]
    assert headline(data).startswith("Three of four new languages gained")
    assert points(data)["Gained"].tone == "bad"


def test_findings_name_their_figures_and_the_bigram_beside_them(data: dict[str, Any]) -> None:
    found = points(data)
    assert list(found) == ["Gained", "Kept", "Control", "Cost of stages", "Safety"]
    gained = plain(found["Gained"].text)
    assert "-33 % in Finnish (4.60 → 3.08; bigram 2.98)" in gained
    assert "On text of another domain the changes are -33 % in Finnish" in gained
    assert plain(found["Kept"].figure) == "-2.8 % to +1.1 %"
    assert "(95 % interval 91 % to 97.3 %)" in plain(found["Safety"].text)
    assert "Of 200 held-out harmful prompts of the policy" in found["Safety"].text
    assert "it cost is +1.7 % (code)" in plain(found["Safety"].text)


def test_what_each_stage_cost_is_told_against_where_it_started(data: dict[str, Any]) -> None:
    found = points(data)["Cost of stages"]
    assert (found.figure, found.tone) == ("none", "good")
    assert "cap gave up to -62 % and cost nothing beyond 2 %" in plain(found.text)
    data["stages"][2]["bits_per_byte"]["en"] = 2.44 * 1.031
    data["stages"][3]["bits_per_byte_other_domain"]["ja"] = data["stages"][2]["bits_per_byte_other_domain"]["ja"] * 1.06
    found = points(data)["Cost of stages"]
    assert (plain(found.figure), found.tone) == ("safety +6.0 %", "bad")
    assert "cat gave up to" in found.text
    assert "and cost at worst +3.1 % in English;" in plain(found.text)
    assert plain(found.text).endswith("and cost at worst +6.0 % in Japanese on text of another domain.")
    assert "; cat cost up to 3.1 % and safety up to 6.0 %; refusals" in headline(data)


def test_one_stage_has_no_cost_beside_what_was_forgotten(data: dict[str, Any]) -> None:
    data["stages"], data["control"], data["safety"] = data["stages"][:2], None, None
    assert "Cost of stages" not in points(data)
    assert "cost" not in headline(data)


def test_the_policy_is_named(data: dict[str, Any]) -> None:
    data["safety"]["policy"] = {"name": "house", "title": "House rules", "status": "draft"}
    assert "harmful prompts of the policy house, whose templates" in points(data)["Safety"].text
    assert (
        "prompts come from the templates of the policy house,"
        in dict(verdict.not_shown(Report.model_validate(data)))["Robust safety"]
    )


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


def test_a_model_that_cannot_speak_is_not_called_safe(data: dict[str, Any]) -> None:
    found = data["safety"]["after"]["benign_outcomes"]
    found.update(answer=found["answer"] - 62, incapable=64)
    safety = points(data)["Safety"]
    assert safety.tone == "bad"
    assert "17.5 % of all answers are unreadable or in another language than asked." in plain(safety.text)


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (1.0, "comes within 15 % of it in six of six languages"),
        (0.5, "needs fewer bits than it in all languages"),
        (2.0, "needs more bits than it in all languages"),
    ],
)
def test_the_bigram_is_compared_in_words(data: dict[str, Any], factor: float, words: str) -> None:
    last = data["stages"][-1]["bits_per_byte"]
    data["stages"][-1]["bits_per_byte"] = {language: value * factor for language, value in last.items()}
    finding = verdict.bigram_finding(Report.model_validate(data))
    assert finding is not None
    assert words in plain(finding)
    assert f"Finnish {last['fi'] * factor:.2f} against 2.98" in finding


def test_above_the_bigram_in_one_language_and_below_in_others(data: dict[str, Any]) -> None:
    last = data["stages"][-1]["bits_per_byte"]
    last.update({language: value * (2 if language == "fi" else 0.5) for language, value in last.items()})
    finding = verdict.bigram_finding(Report.model_validate(data))
    assert "needs more bits than it in one of six languages" in plain(finding or "")


def test_a_base_that_was_quantised_is_said_to_be(data: dict[str, Any]) -> None:
    assert "dequantised" not in str(verdict.not_shown(Report.model_validate(data)))
    data["environment"]["dequantized_from"] = "Q4_1, Q8_0"
    limits = dict(verdict.not_shown(Report.model_validate(data)))
    assert "dequantised from Q4_1, Q8_0" in limits["The base as it was trained"]


def test_one_stage_alone_has_a_headline(data: dict[str, Any]) -> None:
    data.update(stages=data["stages"][:1], control=None, safety=None)
    assert headline(data).startswith("Base trained; bits per byte: English 2.48, Finnish 4.60")
    assert points(data) == {}


def test_a_stage_that_measured_nothing_new_needs_no_mixture(data: dict[str, Any]) -> None:
    for stage in data["stages"]:
        stage["token_shares"] = {}
    found = points(data)
    assert "Kept" not in found
    assert plain(found["Gained"].figure) == "-61 % to +1.1 %"


def test_refusals_name_their_judge_and_what_it_is_worth(data: dict[str, Any]) -> None:
    assert "Judge: rules 9, kappa .83 on labels, 2,250 answers; not measured in Finnish," in points(data)["Safety"].text
