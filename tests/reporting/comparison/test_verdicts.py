"""The top of a comparison: what is lost is told as well as what is won, and only what is sure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aurora.reporting.comparison.verdicts import changes, headline, models, notes, top
from reporting.reading import Checked, plain
from reporting.reading import rows as cells

Made = Callable[..., dict[str, Any]]
Rows = Callable[..., list[dict[str, Any]]]


def test_the_title_counts_verdicts_and_each_is_a_finding(three: list[dict[str, Any]], rows: Rows) -> None:
    found = rows(three)
    assert headline(found, ["base", "cat", "copy"]) == "Against base: 1 gained, 1 forgotten, 4 cannot be told"
    page = top(three, found)
    text = plain(Checked(page).text)
    assert text.index("cat forgot 1 of 3") < text.index("cat gained 1 of 3") < text.index("cannot tell 4")
    assert "old_en, cloze -85 %" in text
    assert "cat 1 and copy 3: the intervals include zero, or the wordings disagree." in text
    assert "items, in all forms120" in text


def test_one_checkpoint_has_scores_and_no_verdict(made: Made, rows: Rows) -> None:
    results = [made("alone", t_fi=[1, 0])]
    assert headline(rows(results), ["alone"]) == "Scores of alone"
    assert "finding" not in top(results, rows(results))
    assert changes(rows(results), ["alone"]) is None


def test_the_table_begins_with_what_is_sure(three: list[dict[str, Any]], rows: Rows) -> None:
    head, *found = cells(str(changes(rows(three), ["base", "cat", "copy"])), "Changes")
    assert head[-1] == "verdict"
    assert [row[-1] for row in found] == ["forgot", "gained", *["cannot tell"] * 4]
    assert found[0][:4] == ["old_en", "cloze", "cat", "40"]
    assert found[0][5] == "< 0.001"


def test_what_is_not_comparable_says_so(made: Made, rows: Rows) -> None:
    results = [made("a", t_fi=[1, 0]), made("b", t_fi=[1, 0])]
    for wording in results[1]["tasks"]["t_fi"]["forms"]["cloze"]["wordings"].values():
        for item in wording["items"]:
            item["prompt"] = "other"
    found = rows(results)
    assert cells(str(changes(found, ["a", "b"])), "Changes")[1][-1] == "not comparable"
    assert headline(rows([made("a", t_fi=[1]), made("b", u_fi=[1])]), ["a", "b"]) == "Nothing is comparable with a"


def test_what_limits_the_figures_is_told_once_for_all_checkpoints(made: Made, rows: Rows) -> None:
    results = [made("a", t_fi=[1, 0] * 8), made("b", t_fi=[1, 0] * 8)]
    for one in results:
        one["tasks"]["t_fi"] |= {"shots": 1, "shots_wanted": 5}
    text = plain(Checked(str(notes(results, rows(results)))).text)
    assert "No score of a task with choices is surely above chance" in text
    assert "a and b: t_fi was asked with 1 examples, not 5" in text
    sure = [made("a", t_fi=[1] * 40)]
    assert notes(sure, rows(sure)) is None
    sure[0]["tasks"]["t_fi"]["judge"] = {"name": "rules 9", "kappa": 0.834, "data": "labels", "answers": 90}
    said = plain(Checked(str(notes(sure, rows(sure)))).text)
    assert "a: Judge of refusals: rules 9, kappa .83 on labels, 90 answers." in said


def test_checkpoints_are_named_by_their_hashes_where_results_have_them(made: Made) -> None:
    one = made("a", t_fi=[1])
    assert models([one]) is None
    one["model"] = {
        "path": "/x/<a>", "weights_sha256": "w" * 64, "tokenizer_sha256": "t" * 64, "parameters": 1_500_000,
        "dtype": "float32", "device": "cpu",
    }  # fmt: skip
    (_, found) = cells(str(models([one])), "SHA-256")
    assert found == ["a", "1.5 M", "float32", "cpu", "w" * 16, "t" * 16, "–", "/x/<a>"]


def test_an_interval_that_nobody_knows_is_left_out(made: Made, rows: Rows) -> None:
    results = [made("a", t_fi=[1, 0] * 8), made("b", t_fi=[1, 0] * 8)]
    found = rows(results)
    found[1]["change"] |= {"low": None, "high": None, "smallest_change": None, "verdict": "forgot"}
    assert cells(str(changes(found, ["a", "b"])), "Changes")[1][4:7] == ["0.0 %", "1.000", "–"]
    assert "t_fi, cloze 0.0 %." in plain(Checked(str(top(results, found))).text)


def test_what_a_budget_decided_says_what_was_lost_with_its_evidence(made: Made, rows: Rows) -> None:
    results = [made("base", old_en=[1] * 90, new_fi=[1] * 90), made("cat", old_en=[0] * 90, new_fi=[1] * 90)]
    for one in results:
        one["settings"] = {"budget": 0.1}
        for task in one["tasks"].values():
            task["offered"] = 500
    found = rows(results)
    names = ["base", "cat"]
    assert headline(found, names) == "Against base: 1 lost more than 10\u202f%, 1 kept, 0 cannot be told"
    text = plain(Checked(top(results, found)).text)
    assert text.index("cat lost more than 10 % in 1 of 2") < text.index("cat kept 1 of 2")
    head, lost, kept = cells(str(changes(found, names)), "Changes")
    assert head[-2:] == ["e-value", "verdict"]
    assert (lost[0], lost[3], lost[-1]) == ("old_en", "90 of 500", "lost more than 10 %")
    assert (kept[0], kept[-1]) == ("new_fi", "kept")
    assert "the first verdict needs an e-value of 40" in plain(Checked(str(changes(found, names))).text)
