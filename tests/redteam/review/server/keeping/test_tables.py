"""The tables: what people decided is in one of them alone."""

from __future__ import annotations

from aurora.redteam.review.server.keeping.tables import metadata


def test_only_events_hold_what_people_decided() -> None:
    names = {table.name for table in metadata.tables.values()}
    assert names == {
        "events", "accounts", "invitations", "sessions", "attempts", "leases", "exposures", "rooms", "remarks",
    }  # fmt: skip
    labelled = [table.name for table in metadata.tables.values() for column in table.columns if column.name == "label"]
    assert labelled == []


def test_the_number_of_an_event_comes_from_the_chain() -> None:
    assert metadata.tables["events"].c.sequence.autoincrement is False
