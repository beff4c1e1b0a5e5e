"""Items as checkpoints answered them: which flipped, and which the page has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aurora.reporting.comparison.items import became, chosen, items_of

Made = Callable[..., dict[str, Any]]


def test_an_item_flips_where_a_later_checkpoint_answers_otherwise(made: Made) -> None:
    results = [made("a", t_fi=[1, 0, 1, None]), made("b", t_fi=[1, 1, None, 0]), made("c", t_fi=[0, 0, 1, 1])]
    found = items_of(results)
    assert [item.states for item in found] == ["110", "010", "1-1", "-01"]
    assert [item.flipped for item in found] == [True, True, False, False]
    assert became(found, 1) == {"11": 1, "10": 0, "01": 1, "00": 0}
    assert became(found, 2) == {"11": 1, "10": 1, "01": 0, "00": 1}
    first = found[0]
    assert (first.prompt, first.choices, first.target) == ("What is t_fi/0?", [" the first", " the second"], 1)
    assert list(first.answers) == ["cloze-1", "cloze-2", "cloze-3"]


def test_right_is_half_of_the_score_over_the_wordings(made: Made) -> None:
    (one,) = results = [made("a", t_fi=[1.0])]
    wordings = one["tasks"]["t_fi"]["forms"]["cloze"]["wordings"]
    wordings["cloze-1"]["items"] = [{"id": "t_fi/0", "score": 0.0}]
    assert items_of(results)[0].states == "1"
    wordings["cloze-2"]["items"] = [{"id": "t_fi/0", "score": 0.0}]
    assert items_of(results)[0].states == "0"


def test_flipped_ones_come_first_and_every_task_has_its_share(made: Made) -> None:
    before, after = {"t_fi": [0] * 6, "u_ja": [0] * 6}, {"t_fi": [0, 0, 0, 0, 1, 1], "u_ja": [0, 0, 0, 0, 0, 1]}
    found = items_of([made("a", **before), made("b", **after)])
    assert [item.id for item in chosen(found, 5)] == ["t_fi/4", "t_fi/5", "u_ja/5", "t_fi/0", "u_ja/0"]
    assert [item.id for item in chosen(found, 2)] == ["t_fi/4", "u_ja/5"]
    assert len(chosen(found)) == 12


def test_results_without_texts_and_tasks_of_one_checkpoint_are_taken(made: Made) -> None:
    second = made("b", other_code=[1])
    second["tasks"]["other_code"].pop("texts")
    second["tasks"]["other_code"]["language"] = "code:python"
    found = items_of([made("a", t_fi=[1]), second])
    assert [(item.id, item.states, item.language) for item in found] == [
        ("t_fi/0", "1-", "fi"),
        ("other_code/0", "-1", "code"),
    ]
    assert found[1].prompt is None
