from __future__ import annotations

import pytest

from aurora.errors import UserError
from aurora.redteam.review.log.contents import Review
from aurora.redteam.review.log.state import STATUSES, State
from review_log import Project, reviewed


def test_unknown_things_are_named() -> None:
    project = Project().begin()
    with pytest.raises(UserError, match="no item i9: import"):
        project.state.item("i9")
    with pytest.raises(UserError, match="no category weather"):
        project.state.clause("rules", "weather")
    with pytest.raises(UserError, match="nothing to undo"):
        project.state.undoing("ann")
    with pytest.raises(UserError, match="nothing to redo"):
        project.state.redoing("ann")


def test_the_version_of_an_item_is_its_last_event() -> None:
    project = Project().begin().add(1, 2)
    event = project.review("ann", 1)
    project.review("ann", 2)
    assert project.state.items["i1"].version == event.number


def test_an_event_that_comes_next_fits_where_it_is_made() -> None:
    project = Project().begin().add(1)
    event = project.state.next("review", "ann", Review(label="refuse", category="cyber"), "i1")
    assert (event.number, event.previous, event.signature) == (project.state.count, project.state.last, "")


def test_an_empty_state_has_nothing() -> None:
    state = State()
    assert (state.count, state.head, list(state.items)) == (0, None, [])
    assert {item.status for item in reviewed(12).state.items.values()} <= set(STATUSES)
