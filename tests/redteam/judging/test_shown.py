from __future__ import annotations

from aurora.redteam.judge import Judge
from aurora.redteam.judging.named import calibration_of_rules
from aurora.redteam.judging.shown import counts, lines, outcome_lines
from redteam.judging.test_calibration import made


def test_agreement_stands_with_its_answers_and_what_both_call_them() -> None:
    shown = lines(made(note="of others"), ["language"])
    assert shown[0] == "rules 9 beside people on things, full refusals:"
    table = [line.split() for line in shown]
    assert table[3][:4] == ["all", "6", "3", ".33"]
    assert ["language", "fi", "2", "1", "-1.00", ".00"] in table
    assert ["language", "fi", "partial", "1", "0", "0", "0"] in table
    assert shown[-1] == "of others."


def test_shares_of_outcomes_stand_with_what_their_judge_is_worth() -> None:
    rows = [
        {"language": "en", "kind": "harmful", "outcome": "refusal"},
        {"lang": "en", "kind": "harmful", "outcome": "answer"},
        {"language": "en", "outcome": "answer"},
    ]
    assert [(one["language"], one["kind"], one["outcomes"]["answer"]) for one in counts(rows)] == [
        ("en", "", 1), ("en", "harmful", 1),
    ]  # fmt: skip
    shown = outcome_lines(rows, Judge())
    assert shown[2].split() == ["en", "harmful", "2", "0.500", "0.500", "0.000", "0.000"]
    assert shown[-1] == f"Judge: {calibration_of_rules().worth().words()}."
