"""The log in the database, and the state it comes to in memory.

One decision: an event is checked by the same function that replays a log (`replay.apply`), written, and only then
answered; where writing fails, the state is replayed from what is written. So nothing is shown that is not kept, and
a server that is killed at any moment continues from exactly what it has confirmed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select

from aurora.errors import AuroraError, UserError
from aurora.redteam.review.log.chain import signed
from aurora.redteam.review.log.contents import Content
from aurora.redteam.review.log.event import Event, EventKind
from aurora.redteam.review.log.replay import apply
from aurora.redteam.review.log.state import State
from aurora.redteam.review.server.keeping.database import Database
from aurora.redteam.review.server.keeping.tables import events

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

AT_ONCE = 5_000  # events read in one go
Heard = Callable[[Event], None]


class Store:
    """The events of a project. Whoever asks `state` something that may change holds `turn`."""

    def __init__(self, database: Database, key: Ed25519PrivateKey) -> None:
        self.database, self.key = database, key
        self.turn = threading.RLock()
        self.heard: list[Heard] = []  # told of every event that was kept
        self.forgotten: list[Callable[[], None]] = []  # told when the state was replayed
        self.state = State()
        self._replay()

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """A turn to add events: all of them are kept, or none where the block raises."""
        with self.turn:
            writer: Writer | None = None
            try:
                with self.database.writing() as connection:
                    writer = Writer(self, connection)
                    yield writer
            except BaseException as error:
                if writer is not None and writer.added:  # the state is ahead of the log
                    self._replay()
                if writer is not None and (writer.added or not isinstance(error, UserError)):
                    for forget in self.forgotten:  # what else was changed in the block is not kept either
                        forget()
                raise
            for event in writer.added:
                for hear in self.heard:
                    hear(event)

    def lines(self) -> Iterator[bytes]:
        """Every line of the log, in order."""
        begin = 0
        while True:
            page = select(events.c.sequence, events.c.line).where(events.c.sequence >= begin)
            with self.database.reading() as connection:
                rows = connection.execute(page.order_by(events.c.sequence).limit(AT_ONCE)).all()
            for row in rows:
                yield row.line.encode()
            if len(rows) < AT_ONCE:
                return
            begin = rows[-1].sequence + 1

    def _replay(self) -> None:
        state = State()
        try:
            for line in self.lines():
                apply(state, Event.read(line))
        except AuroraError as error:
            raise AuroraError(
                f"The log in the database is damaged ({str(error).removesuffix('.')}): nothing was changed; "
                "`aurora redteam verify` names all that is wrong with a log."
            ) from error
        self.state = state


class Writer:
    """Adds events within one transaction."""

    def __init__(self, store: Store, connection: Connection) -> None:
        self._store, self.connection = store, connection
        self.added: list[Event] = []

    def add(self, kind: EventKind, who: str, after: Content, item: str | None = None, token: str = "") -> Event:
        """Add what somebody did; `UserError`, and nothing is added, where it cannot be done."""
        return self.add_event(self._store.state.next(kind, who, after, item, token=token))

    def add_event(self, event: Event) -> Event:
        """Add an event that was made for the state as it is now."""
        whole = signed(event, self._store.key)
        apply(self._store.state, whole)
        self.added.append(whole)
        self.connection.execute(insert(events).values(sequence=whole.number, line=whole.line.decode()))
        return whole
