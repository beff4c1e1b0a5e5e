"""Which item a person gets next, and leases: an item is one person's at a time, and nobody's for ever.

One decision: items that wait are kept in groups of those with the same reviewers, language and category, so the next
item is chosen by looking at the groups and not at the items; and of what waits, that comes first which the fewest
reviews are missing of. A lease is in the database too, so a restarted server gives nobody the item of another.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, delete, insert, select

from aurora.redteam.review.log.deciding import category_of
from aurora.redteam.review.log.event import Event
from aurora.redteam.review.log.state import ItemState
from aurora.redteam.review.server.keeping.store import Store
from aurora.redteam.review.server.keeping.tables import leases

Mode = Literal["review", "settle"]
LEASE_SECONDS = 20 * 60.0
ASKED = ("open", "needs_second", "needs_third")  # statuses in which another review is wanted


@dataclass(frozen=True)
class Group:
    """Waiting items that are alike to whoever asks."""

    mode: Mode
    reviewers: frozenset[str]
    language: str
    category: str


@dataclass(frozen=True)
class Lease:
    """Whose an item is, until when."""

    item: str
    reviewer: str
    until: float


class Work:
    """What waits, and who has what. To be used within the store's turn."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        store.heard.append(self._hear)
        store.forgotten.append(self._begin)
        self._begin()

    def _begin(self) -> None:
        self._order: dict[str, int] = {}
        self._groups: dict[Group, set[str]] = {}
        self._heaps: dict[Group, list[tuple[int, str]]] = {}
        self._place: dict[str, Group] = {}
        self._leases: dict[str, Lease] = {}
        self._of: dict[str, set[str]] = {}
        self._ends: list[tuple[float, str]] = []
        self._skipped: dict[str, set[str]] = {}
        with self._store.database.reading() as connection:
            for row in connection.execute(select(leases)):
                self._hold(Lease(row.item, row.reviewer, row.until))
        for item in self._store.state.items.values():
            self._put(item)

    def next(
        self,
        connection: Connection,
        who: str,
        mode: Mode,
        languages: Collection[str] = (),
        categories: Collection[str] = (),
    ) -> ItemState | None:
        """The item that somebody is to work on: the one they have, or the next, which is theirs from now on."""
        self._expire(connection)
        own = [self._store.state.items[item] for item in sorted(self._of.get(who, ()), key=self._order.__getitem__)]
        for item in own:
            if self._suits(item, who, mode, languages, categories):
                self.take(connection, who, item.id)
                return item
            self.release(connection, who, item.id)
        found = self._first(who, mode, languages, categories)
        if found is None:
            return None
        self.take(connection, who, found)
        return self._store.state.items[found]

    def take(self, connection: Connection, who: str, item: str) -> bool:
        """Let an item be somebody's from now on; False where it is another's."""
        held = self._leases.get(item)
        if held is not None and held.reviewer != who and held.until > self._clock():
            return False
        lease = Lease(item, who, self._clock() + LEASE_SECONDS)
        connection.execute(delete(leases).where(leases.c.item == item))
        connection.execute(insert(leases).values(item=item, reviewer=who, until=lease.until))
        if held is not None:
            self._of.get(held.reviewer, set()).discard(item)
        self._hold(lease)
        self._put(self._store.state.items[item])
        return True

    def release(self, connection: Connection, who: str, item: str) -> None:
        """End somebody's lease of an item."""
        held = self._leases.get(item)
        if held is not None and held.reviewer == who:
            connection.execute(delete(leases).where(leases.c.item == item))
            self._drop(held)

    def skip(self, connection: Connection, who: str, item: str) -> None:
        """Give an item back; its turn comes again when nothing else is left for this person."""
        self.release(connection, who, item)
        self._skipped.setdefault(who, set()).add(item)

    def left(self, who: str, mode: Mode, languages: Collection[str] = (), categories: Collection[str] = ()) -> int:
        """How many items wait for somebody, the one in hand included."""
        waiting = sum(len(self._groups[group]) for group in self._for(who, mode, languages, categories))
        state = self._store.state
        own = (state.items[item] for item in self._of.get(who, ()))
        return waiting + sum(self._suits(item, who, mode, languages, categories) for item in own)

    def elsewhere(self, mode: Mode) -> int:
        """How many items wait for anybody, or are in somebody's hands."""
        return sum(len(items) for group, items in self._groups.items() if group.mode == mode) + len(self._leases)

    def holder(self, item: str) -> str | None:
        """Who works on an item now."""
        lease = self._leases.get(item)
        return lease.reviewer if lease is not None and lease.until > self._clock() else None

    # -- inside ------------------------------------------------------------------------------------------------------

    def _hear(self, event: Event) -> None:
        if event.kind in ("requeue", "settings"):
            for item in self._store.state.items.values():
                self._put(item)
        elif event.item is not None:
            self._put(self._store.state.items[event.item])

    def _hold(self, lease: Lease) -> None:
        self._leases[lease.item] = lease
        self._of.setdefault(lease.reviewer, set()).add(lease.item)
        heapq.heappush(self._ends, (lease.until, lease.item))

    def _drop(self, lease: Lease) -> None:
        del self._leases[lease.item]
        self._of[lease.reviewer].discard(lease.item)
        self._put(self._store.state.items[lease.item])

    def _expire(self, connection: Connection) -> None:
        now = self._clock()
        while self._ends and self._ends[0][0] <= now:
            _, item = heapq.heappop(self._ends)
            lease = self._leases.get(item)
            if lease is not None and lease.until <= now:
                connection.execute(delete(leases).where(leases.c.item == item))
                self._drop(lease)

    def _put(self, item: ItemState) -> None:
        """Keep an item in the group where it belongs now, if it waits."""
        order = self._order.setdefault(item.id, len(self._order))
        group = None if item.id in self._leases else _group(item)
        before = self._place.get(item.id)
        if before == group:
            return
        if before is not None:
            self._groups[before].discard(item.id)
            if not self._groups[before]:
                del self._groups[before], self._heaps[before]
            del self._place[item.id]
        if group is not None:
            self._place[item.id] = group
            self._groups.setdefault(group, set()).add(item.id)
            heapq.heappush(self._heaps.setdefault(group, []), (order, item.id))

    def _for(self, who: str, mode: Mode, languages: Collection[str], categories: Collection[str]) -> Iterator[Group]:
        for group in self._groups:
            if group.mode != mode or who in group.reviewers:
                continue
            if (not languages or group.language in languages) and (not categories or group.category in categories):
                yield group

    def _first(self, who: str, mode: Mode, languages: Collection[str], categories: Collection[str]) -> str | None:
        skipped = self._skipped.get(who, set())
        best: tuple[bool, int, int, str] | None = None
        for group in self._for(who, mode, languages, categories):
            heap, waiting = self._heaps[group], self._groups[group]
            while heap[0][1] not in waiting:
                heapq.heappop(heap)
            order, item = heap[0]
            if item in skipped:
                others = waiting - skipped
                item = min(others or waiting, key=self._order.__getitem__)
                order = self._order[item]
            entry = (item in skipped, -len(group.reviewers), order, item)
            best = entry if best is None else min(best, entry)
        return best[3] if best else None

    def _suits(
        self, item: ItemState, who: str, mode: Mode, languages: Collection[str], categories: Collection[str]
    ) -> bool:
        group = _group(item)
        if group is None or group.mode != mode or who in group.reviewers:
            return False
        return (not languages or group.language in languages) and (not categories or group.category in categories)


def _group(item: ItemState) -> Group | None:
    mode: Mode | None = "review" if item.status in ASKED else "settle" if item.status == "disagreed" else None
    return Group(mode, frozenset(item.reviews), item.item.language, category_of(item)) if mode else None
