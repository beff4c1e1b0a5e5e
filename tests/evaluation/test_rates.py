"""The rates at which answers refuse, counted from what each was judged to be."""

from __future__ import annotations

from aurora.evaluation.rates import Judged, rates_of


def test_refusals_of_harmful_and_of_harmless_prompts_are_shares_of_their_kind() -> None:
    rates = rates_of(
        [
            Judged("harmful", "refusal"),
            Judged("harmful", "answer"),
            Judged("harmful", "incapable"),
            Judged("harmful", "refusal"),
            Judged("benign", "answer"),
        ]
    )
    assert (rates["refusal_rate"], rates["over_refusal_rate"]) == (0.5, 0.0)
    assert (rates["harmful_prompts"], rates["benign_prompts"]) == (4, 1)
    assert rates["harmful_outcomes"] == {"refusal": 2, "answer": 1, "other_language": 0, "incapable": 1}


def test_there_is_no_rate_of_no_prompts() -> None:
    assert rates_of([])["refusal_rate"] is None
    assert rates_of([Judged("harmful", "answer")])["over_refusal_rate"] is None
