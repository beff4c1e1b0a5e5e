"""Leases: an item is one person's at a time, nobody's for ever, and the next one is the right one."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from aurora.redteam.review.log.contents import Review
from aurora.redteam.review.server.desk.work import LEASE_SECONDS, Work
from aurora.redteam.review.server.starting import Project
from redteam.review.server.people import CATEGORIES, fill, join


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(project: Project, work: Work, who: str, *wish: Any) -> str | None:
    with project.store.writing() as writer:
        item = work.next(writer.connection, who, "review", *wish)
    return item.id if item else None


def review(project: Project, work: Work, who: str, item: str, label: str = "refuse") -> None:
    with project.store.writing() as writer:
        writer.add("review", who, Review(label=label, category=CATEGORIES[0]), item)
        work.release(writer.connection, who, item)


def test_twenty_people_who_press_next_at_once_never_get_one_item(project: Project) -> None:
    fill(project, 40)
    work, people = Work(project.store), [f"r-{number}" for number in range(20)]
    start, results, wrong = threading.Barrier(20), [], []

    def press(who: str) -> None:
        start.wait()
        for turn in range(50):
            with project.store.writing() as writer:
                item = work.next(writer.connection, who, "review")
                assert item is not None
                results.append(item.id)
                wrong.extend(other for other in people if other != who and item.id in work._of.get(other, ()))
                if turn % 2:
                    work.skip(writer.connection, who, item.id)

    threads = [threading.Thread(target=press, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 1_000
    assert wrong == []
    held = [lease.item for lease in work._leases.values()]
    assert len(set(held)) == len(held)


def test_nothing_is_locked_for_ever(project: Project, clock: Clock) -> None:
    (only,) = fill(project, 1)
    work = Work(project.store, clock)
    assert taken(project, work, "r-a") == only
    assert taken(project, work, "r-a") == only  # it stays theirs
    assert taken(project, work, "r-b") is None
    assert work.holder(only) == "r-a"
    clock.now += LEASE_SECONDS + 1
    assert work.holder(only) is None
    assert taken(project, work, "r-b") == only
    assert taken(project, work, "r-a") is None


def test_leases_hold_over_a_restart(open_project: Any) -> None:
    project = open_project()
    (only,) = fill(project, 1)
    assert taken(project, Work(project.store), "r-a") == only
    project.close()
    again = open_project()
    work = Work(again.store)
    assert taken(again, work, "r-b") is None
    assert taken(again, work, "r-a") == only


def test_what_is_nearly_done_comes_first_and_nobody_reviews_twice(project: Project) -> None:
    ids = fill(project, 3)
    ada, bob = join(project, "ada").reviewer, join(project, "bob").reviewer
    work = Work(project.store)
    assert taken(project, work, ada) == ids[0]
    review(project, work, ada, ids[0])
    assert taken(project, work, ada) == ids[1]
    assert taken(project, work, bob) == ids[0]
    review(project, work, bob, ids[0])
    assert project.store.state.items[ids[0]].status == "accepted"
    assert taken(project, work, bob) == ids[2]


def test_an_undone_review_waits_again(project: Project) -> None:
    ids = fill(project, 1)
    ada = join(project, "ada").reviewer
    work = Work(project.store)
    review(project, work, ada, ids[0])
    assert taken(project, work, ada) is None
    with project.store.writing() as writer:
        writer.add("undo", ada, project.store.state.undoing(ada))
    assert taken(project, work, ada) == ids[0]


def test_filters_and_counts(project: Project) -> None:
    ids = fill(project, 4)  # en and fi in turn, each with its category
    work = Work(project.store)
    assert work.left("r-a", "review") == 4
    assert work.left("r-a", "review", ["fi"]) == 2
    assert taken(project, work, "r-a", ["fi"]) == ids[1]
    assert taken(project, work, "r-b", [], [CATEGORIES[1]]) == ids[3]
    assert taken(project, work, "r-c", ["fi"]) is None
    assert work.left("r-a", "review", ["fi"]) == 1
    assert work.left("r-c", "review") == 2
    assert work.elsewhere("review") == 4


def test_a_skipped_item_comes_again_when_nothing_else_is_left(project: Project) -> None:
    ids = fill(project, 2)
    work = Work(project.store)
    with project.store.writing() as writer:
        work.skip(writer.connection, "r-a", ids[0])
    assert taken(project, work, "r-a") == ids[1]
    with project.store.writing() as writer:
        work.skip(writer.connection, "r-a", ids[1])
    assert taken(project, work, "r-a") == ids[0]


def test_a_failed_transaction_leaves_no_lease(project: Project) -> None:
    (only,) = fill(project, 1)
    work = Work(project.store)
    with pytest.raises(OSError, match="gone"), project.store.writing() as writer:
        work.next(writer.connection, "r-a", "review")
        raise OSError("gone")
    assert work.holder(only) is None
    assert taken(project, work, "r-b") == only
