from __future__ import annotations

import pytest

from aurora.errors import UserError
from aurora.redteam.review.exporting.dataset import dataset_of
from aurora.redteam.review.log.event import Event
from aurora.redteam.review.log.replay import replay
from review_log import Project, reviewed


def test_a_dataset_is_a_function_of_the_log() -> None:
    project = reviewed(12)
    first, second = dataset_of(project.state), dataset_of(replay(map(Event.read, project.lines())))
    assert first.digest == second.digest
    assert first.summary() == second.summary()


def test_the_facts_are_those_of_the_log() -> None:
    project = reviewed(12)
    project.add(30, 31, response="", drafts=[])
    for who in ("ann", "bob"):
        project.review(who, 30)
    dataset = dataset_of(project.state)
    summary = dataset.summary()
    assert summary["items"] == {"imported": 14, "accepted": 13, "rejected": 0, "undecided": 1, "without_answer": 1}
    assert summary["train"]["rows"] + summary["held_out"]["rows"] == 12
    assert summary["log"] == {"events": project.state.count, "last": project.state.last, "key": summary["log"]["key"]}
    assert {row.id for row in dataset.rows} == {f"i{number}" for number in range(12)}
    assert {pair.item for pair in dataset.preferences} <= {row.id for row in dataset.train}


def test_nothing_accepted_is_nothing_to_export() -> None:
    with pytest.raises(UserError, match=r"Nothing is accepted yet \(2 open\)"):
        dataset_of(Project().begin().add(1, 2).state)


def test_without_a_share_nothing_is_held_out() -> None:
    assert dataset_of(reviewed(12).state, share=0).held_out == []
