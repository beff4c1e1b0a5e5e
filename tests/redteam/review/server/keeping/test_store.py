"""The log in the database: what is confirmed is kept, what is not kept is not shown."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from aurora.errors import AuroraError, UserError
from aurora.redteam.review.log.contents import Review
from aurora.redteam.review.server.keeping import store as module
from aurora.redteam.review.server.keeping.store import Store
from redteam.review.server.people import CATEGORIES, fill, join

REVIEW = Review(label="refuse", category=CATEGORIES[0])


def test_a_state_is_the_same_after_a_restart(open_project: Any) -> None:
    project = open_project()
    fill(project)
    ada = join(project, "ada")
    with project.store.writing() as writer:
        writer.add("review", ada.reviewer, REVIEW, "item-0", "a-token-1")
    before = project.store.state
    project.close()
    after = open_project().store.state
    assert (after.count, after.last, after.tokens) == (before.count, before.last, before.tokens)
    assert after.items["item-0"].reviews[ada.reviewer].review == REVIEW


def test_what_the_database_refuses_is_not_in_the_state(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(project, 1)
    ada = join(project, "ada")
    store, forgotten = project.store, []
    count = store.state.count
    store.forgotten.append(lambda: forgotten.append(True))
    with pytest.raises(OSError, match="no room"), store.writing() as writer:
        writer.add("review", ada.reviewer, REVIEW, "item-0", "a-token-1")
        assert store.state.count == count + 1
        raise OSError("no room")
    assert store.state.count == count
    assert forgotten
    with store.writing() as writer:
        writer.add("review", ada.reviewer, REVIEW, "item-0", "a-token-1")
    assert store.state.count == count + 1


def test_what_cannot_happen_is_refused_and_changes_nothing(project: Any) -> None:
    fill(project, 1)
    count = project.store.state.count
    with pytest.raises(UserError, match="takes no part"), project.store.writing() as writer:
        writer.add("review", "r-nobody", REVIEW, "item-0")
    assert project.store.state.count == count


def test_listeners_hear_of_what_was_kept_alone(project: Any) -> None:
    heard: list[str] = []
    project.store.heard.append(lambda event: heard.append(event.kind))
    fill(project, 2)
    with pytest.raises(UserError), project.store.writing() as writer:
        writer.add("review", "r-nobody", REVIEW, "item-0")
    assert heard == ["import", "import"]


def test_lines_come_in_order_across_pages(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(project, 7)
    monkeypatch.setattr(module, "AT_ONCE", 3)
    assert len(list(project.store.lines())) == project.store.state.count == 8


def test_a_damaged_log_is_named_and_not_served(project: Any) -> None:
    fill(project, 2)
    with project.store.database.writing() as connection:
        connection.execute(text("DROP TRIGGER events_no_update"))
        connection.execute(text("UPDATE events SET line = replace(line, 'prompt 0', 'prompt 9') WHERE sequence = 1"))
    with pytest.raises(AuroraError, match="damaged"):
        Store(project.store.database, project.store.key)
