"""The database of a review: SQLite in the project's folder, or PostgreSQL by its address.

One decision: one server writes, one transaction at a time (`Database.writing`), and SQLAlchemy hides which database it
is. What `writing` ends without an error is on disk, so an answer sent after it is a promise. A second server for the
same data is refused, because each keeps in memory what the log says.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from aurora.errors import AuroraError, UserError

FILE, LOCK = "review.sqlite", ".review.lock"
ADVISORY = 0x6175726F7261  # the number of PostgreSQL's lock, the letters of aurora
WAIT_MS = 10_000  # for somebody who looks into the file with another program


class Database:
    """An open database with its tables, until `close`."""

    def __init__(self, folder: Path, address: str | None = None) -> None:
        self._turn = threading.RLock()
        self._lock: int | None = None
        self._session: Connection | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _only_server(folder)
        try:
            self.engine = _sqlite(folder / FILE) if address is None else _postgres(address)
            if address is not None:
                self._session = _only_client(self.engine)
            with self.writing() as connection:
                migrate(connection)
        except DBAPIError as error:
            self.close()
            raise _explained(error, address or str(folder / FILE)) from error
        except BaseException:
            self.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction of its own: all of it is kept, or nothing where the block raises. One at a time."""
        with self._turn, self.engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to look something up; it waits for nobody."""
        with self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Let go of the database and of the lock."""
        if self._session is not None:
            self._session.close()
            self._session = None
        if hasattr(self, "engine"):
            self.engine.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def migrate(connection: Connection) -> None:
    """Take the tables to the version of this code."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _only_server(folder: Path) -> int:
    """The lock of a folder; `UserError` where a server already works on it."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise UserError(f"{folder} is in use by another server of a review: stop that one first.") from error
    return descriptor


def _sqlite(path: Path) -> Engine:
    if not path.exists():  # before SQLite makes it with the rights of every file
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": WAIT_MS / 1000})

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where the driver guesses
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={WAIT_MS}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later could be refused in the middle.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(address: str) -> Engine:
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise UserError(
            "The address of the database is not one: write it as postgresql://NAME:PASSWORD@HOST/DATABASE."
        ) from error
    if url.get_backend_name() != "postgresql":
        raise UserError(
            f"{url.get_backend_name()} is not supported: use postgresql://NAME:PASSWORD@HOST/DATABASE, or leave the "
            "option out for a file in the folder."
        )
    try:
        return create_engine(url.set(drivername="postgresql+psycopg"), pool_size=10)
    except ModuleNotFoundError as error:
        raise UserError("PostgreSQL needs its driver: pip install 'aurora-lm[postgres]'.") from error


def _only_client(engine: Engine) -> Connection:
    """A connection that holds PostgreSQL's lock for as long as it is open."""
    connection = engine.connect()
    if not connection.scalar(text(f"SELECT pg_try_advisory_lock({ADVISORY})")):
        connection.close()
        raise UserError("This database is in use by another server of a review: stop that one first.")
    connection.commit()
    return connection


def _explained(error: DBAPIError, where: str) -> AuroraError:
    """A sentence for a database that does not open; an address is named without its password."""
    shown = make_url(where).render_as_string(hide_password=True) if "://" in where else where
    reason = " ".join(str(error.orig).split())[:200]
    return UserError(f"{shown} cannot be used ({reason}): check the file or the address, and its rights.")
