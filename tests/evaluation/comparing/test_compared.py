"""What changed from one model to another: only what both were asked alike, and only what all wordings say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aurora.evaluation.comparing.compared import answers_of, compared

BAD, GOOD = [0.0] * 40, [1.0] * 30 + [0.0] * 10


def rows(*results: dict[str, Any]) -> list[dict[str, Any]]:
    return compared([answers_of(one["name"], one) for one in results])


def test_a_gain_is_one_that_all_wordings_show(results: Callable[..., dict[str, Any]]) -> None:
    before, after = results("a", one=BAD, two=BAD, three=BAD), results("b", one=GOOD, two=GOOD, three=GOOD)
    first, second = rows(before, after)
    assert "change" not in first
    assert second["change"]["verdict"] == "gained"
    assert second["change"]["difference"] == 0.75
    assert second["change"]["by_wording"] == {"cloze-one": 0.75, "cloze-two": 0.75, "cloze-three": 0.75}
    assert second["change"]["holm"] < 0.001
    assert second["score"]["items"] == 40
    assert rows(after, before)[1]["change"]["verdict"] == "forgot"


def test_wordings_that_disagree_leave_it_untold_and_one_that_stands_out_is_named(
    results: Callable[..., dict[str, Any]],
) -> None:
    before, after = results("a", one=BAD, two=BAD, three=BAD), results("b", one=GOOD, two=BAD, three=BAD)
    row = rows(before, after)[1]
    assert row["change"]["verdict"] == "cannot tell"
    assert row["stands_out"]["wording"] == "cloze-one"
    assert rows(before, after)[0]["stands_out"] is None


def test_the_interval_counts_an_item_once_however_many_wordings_asked_it(
    results: Callable[..., dict[str, Any]],
) -> None:
    (one,), (three,) = rows(results(one=GOOD)), rows(results(one=GOOD, two=GOOD, three=GOOD))
    assert one["score"]["mean"] == three["score"]["mean"]
    assert three["score"]["high"] - three["score"]["low"] >= one["score"]["high"] - one["score"]["low"]
    assert three["score"]["low"] >= 0


def test_only_items_that_both_answered_are_compared(results: Callable[..., dict[str, Any]]) -> None:
    before, after = results("a", one=BAD), results("b", one=[None, *GOOD])
    change = rows(before, after)[1]["change"]
    assert change["items"] == 39


def test_what_was_asked_otherwise_is_not_compared(results: Callable[..., dict[str, Any]]) -> None:
    assert rows(results("a"), results("b", prompt="q"))[1]["change"] == {"verdict": "not comparable"}
    other = results("b")
    other["tasks"]["others"] = other["tasks"].pop("things")
    assert "change" not in rows(results("a"), other)[1]
    assert rows(results("a", one=[0.0], two=[1.0]), results("b", one=[0.0]))[1]["change"]["verdict"] == "not comparable"


def test_what_was_not_run_has_no_score(results: Callable[..., dict[str, Any]]) -> None:
    (row,) = rows(results(one=[None, None]))
    assert row["score"] is None


def test_an_interval_without_bounds_has_none_in_json(results: Callable[..., dict[str, Any]]) -> None:
    before, after = results("a", one=[0.0, 0.0, 1.0]), results("b", one=[1.0, 0.0, 1.0])
    for found in (before, after):  # three items of two documents: most resamples hold one alone
        items = found["tasks"]["things"]["forms"]["cloze"]["wordings"]["cloze-one"]["items"]
        for item, cluster in zip(items, "xxy", strict=True):
            item["cluster"] = cluster
    change = rows(before, after)[1]["change"]
    assert (change["low"], change["high"]) == (None, None)
    assert change["verdict"] == "cannot tell"
    json.dumps(change, allow_nan=False)
