"""Verdicts on items that were asked until they were decided: from the items alone, in any order of a file."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from aurora.errors import UserError
from aurora.evaluation.comparing.compared import answers_of, compared
from aurora.evaluation.comparing.stopped import Watched, changes_of, checked_budget, mean_of

Made = Callable[..., dict[str, Any]]


def watched(*differences: float, budget: float = 0.02) -> Watched:
    return Watched("things", budget, 500, {f"d{number}": [[one]] for number, one in enumerate(differences)})


def test_a_verdict_with_its_evidence_and_an_interval_that_holds_at_all_times() -> None:
    found = changes_of({"lost": watched(*[-1.0] * 20), "kept": watched(*[0.0] * 400), "open": watched(-1.0, 1.0)})
    assert {key: one["verdict"] for key, one in found.items()} == {
        "lost": "forgot", "kept": "kept", "open": "cannot tell",
    }  # fmt: skip
    lost = found["lost"]
    assert (lost["items"], lost["offered"], lost["difference"], lost["tasks"]) == (20, 500, -1.0, 3)
    assert lost["e_forgot"] > 60 > 20 > lost["e_kept"]
    assert lost["low"] == -1 < lost["high"] < -0.02
    json.dumps(found, allow_nan=False)


def test_a_second_verdict_needs_less_than_the_first() -> None:
    one = watched(*[-1.0] * 10)
    alone = changes_of({0: one, **{key: watched(0.0) for key in range(1, 20)}})[0]
    assert 20 < alone["e_forgot"] < 400
    assert alone["verdict"] == "cannot tell"
    beside = changes_of({0: one, **{key: watched(*[-1.0] * 40) for key in range(1, 20)}})[0]
    assert beside["verdict"] == "forgot"
    assert beside["e_forgot"] == alone["e_forgot"]


def test_wordings_that_disagree_leave_it_untold() -> None:
    documents = {f"d{number}": [[-1.0, 0.0]] for number in range(60)}
    (found,) = changes_of({0: Watched("things", 0.02, 60, documents)}).values()
    assert found["verdict"] == "cannot tell"
    assert found["by_wording"] == [-1.0, 0.0]


def test_items_of_a_document_count_once() -> None:
    assert mean_of([[-1.0, 0.0], [0.0, 0.0]]) == [-0.5, 0.0]
    assert mean_of([]) is None
    many = Watched("things", 0.02, 60, {"only": [[-1.0]] * 60})
    (found,) = changes_of({0: many}).values()
    assert (found["documents"], found["items"], found["verdict"]) == (1, 60, "cannot tell")


def test_scores_that_are_no_shares_are_a_mistake() -> None:
    with pytest.raises(UserError, match="The scores of things do not lie between 0 and 1"):
        changes_of({0: watched(0.0, -7.0)})


@pytest.mark.parametrize("budget", [-0.1, 1, "much", math.nan])
def test_what_is_no_budget(budget: object) -> None:
    with pytest.raises(ValueError, match=r"is no share of a score|could not convert"):
        checked_budget(budget)


def test_results_with_a_budget_are_compared_so_and_others_as_before(results: Made) -> None:
    good, bad = [1.0] * 40, [0.0] * 40
    before, after = results("a", one=good, two=good), results("b", one=bad, two=bad)
    assert "budget" not in compared([answers_of(one["name"], one) for one in (before, after)])[1]["change"]
    for one in (before, after):
        one["settings"] = {"budget": 0.05}
        one["tasks"]["things"]["offered"] = 300
    for pair in ((before, after), ({**before, "settings": {}}, after), (before, {**after, "settings": {}})):
        change = compared([answers_of(one["name"], one) for one in pair])[1]["change"]
        assert (change["verdict"], change["budget"], change["offered"], change["items"]) == ("forgot", 0.05, 300, 40)
        assert "holm" not in change
    after["tasks"]["things"]["forms"]["cloze"]["wordings"]["cloze-one"]["items"].reverse()
    assert compared([answers_of(one["name"], one) for one in (before, after)])[1]["change"] == change
