"""The database: one server, one writer, events that stay, and the same tables by every way to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from aurora.errors import AuroraError, UserError
from aurora.redteam.review.log.contents import Review
from aurora.redteam.review.server import starting
from aurora.redteam.review.server.desk.desk import Desk, Wish, Word
from aurora.redteam.review.server.desk.exposure import Exposure
from aurora.redteam.review.server.desk.work import Work
from aurora.redteam.review.server.keeping.database import FILE, Database
from aurora.redteam.review.server.keeping.tables import events, metadata
from aurora.redteam.review.server.starting import Beginning
from postgres import postgres
from redteam.review.server.people import PASSWORD, POLICY, QUICK, fill, join


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path)


def test_all_steps_make_the_tables_of_this_code(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == "0001"


def test_it_opens_again_with_what_was_written(database: Database, tmp_path: Path) -> None:
    with database.writing() as connection:
        connection.execute(insert(events).values(sequence=0, line="{}"))
    with pytest.raises(UserError, match="in use by another server"):
        Database(tmp_path)
    database.close()
    again = Database(tmp_path)
    with again.reading() as connection:
        assert connection.execute(select(events)).all() == [(0, "{}")]
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    again.close()


def test_what_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        connection.execute(insert(events).values(sequence=0, line="{}"))
        raise ZeroDivisionError
    with database.reading() as connection:
        assert connection.execute(select(events)).all() == []


def test_events_can_neither_be_changed_nor_removed_by_any_program(database: Database, tmp_path: Path) -> None:
    with database.writing() as connection:
        connection.execute(insert(events).values(sequence=0, line="{}"))
    for statement in (events.update().values(line="x"), events.delete()):
        with pytest.raises(DBAPIError, match="only ever added"), database.writing() as connection:
            connection.execute(statement)
    with sqlite3.connect(tmp_path / FILE) as other, pytest.raises(sqlite3.IntegrityError, match="only ever added"):
        other.execute("DELETE FROM events")


def test_the_file_is_its_owners_alone(database: Database, tmp_path: Path) -> None:
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "is not one"),
        ("mysql://a:secret@b/c", "mysql is not supported"),
        ("postgresql://a:secret@127.0.0.1:1/c", "cannot be used|needs its driver"),
    ],
)
def test_an_address_that_does_not_do_is_one_sentence_without_its_password(
    tmp_path: Path, address: str, said: str
) -> None:
    with pytest.raises(AuroraError, match=said) as error:
        Database(tmp_path, address)
    assert "secret" not in str(error.value)
    Database(tmp_path).close()  # and the lock is free again


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("no database" * 100)
    with pytest.raises(AuroraError, match=FILE):
        Database(tmp_path)


@pytest.fixture
def address() -> Iterator[str]:
    pytest.importorskip("psycopg", reason="the extra postgres is not installed")
    try:
        with postgres() as found:
            yield found
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.mark.slow
def test_postgresql_keeps_the_same_log(address: str, tmp_path: Path) -> None:
    begin = Beginning((POLICY,))
    project = starting.open_project(tmp_path / "a", begin, address, hasher=QUICK)
    ids = fill(project, 3)
    ada = join(project, "ada")
    desk = Desk(project.store, Work(project.store), Exposure())
    for _ in ids:
        shown = desk.next(ada, Wish())["item"]
        review = Review(label="refuse", category=shown["category"], response="日本語 हिन्दी tiếng Việt")
        desk.say(ada, Word(shown["id"], shown["version"], review, f"token-{shown['id']}"))
        desk.seen(ada, shown["id"])
    desk.step(ada, "undo", Wish(), "")
    with pytest.raises(UserError, match="database is in use by another server"):
        Database(tmp_path / "b", address)
    for statement in (events.update().values(line="x"), events.delete()):
        with pytest.raises(DBAPIError, match="only ever added"), project.store.database.writing() as connection:
            connection.execute(statement)
    with project.store.database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    before = project.store.state
    project.close()
    again = starting.open_project(tmp_path / "a", Beginning(), address, hasher=QUICK)
    assert (again.store.state.count, again.store.state.last) == (before.count, before.last)
    assert Work(again.store).holder("item-2") == ada.reviewer  # the undone one is still in hand
    assert again.accounts.sign_in("ada", PASSWORD, "a")
    again.close()
