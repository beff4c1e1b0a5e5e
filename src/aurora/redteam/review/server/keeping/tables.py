"""The tables of the review app.

One decision: what people decided is in `events` alone, which is only ever added to; the other tables hold what may be
forgotten without losing a label: who may sign in, who works on what just now, and what is talked about.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

# A line of the log: its text as it is hashed, and signed. `sequence` comes from the chain, never from the database.
events = Table(
    "events",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("line", Text, nullable=False),
)

# `reviewer` is the only name of a person that the log holds; `login` stays here.
accounts = Table(
    "accounts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("login", String(80), nullable=False, unique=True),
    Column("reviewer", String(40), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("password", String(200)),
    Column("active", Boolean, nullable=False),
    Column("created", Float, nullable=False),
)

# Links by which a person chooses a password, once. Of every secret only its hash is kept.
invitations = Table(
    "invitations",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("account", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("until", Float, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("account", Integer, ForeignKey("accounts.id"), nullable=False),
    Column("created", Float, nullable=False),
    Column("seen", Float, nullable=False),
)

# Failed sign-ins by login and by address, and until when no more are tried.
attempts = Table(
    "attempts",
    metadata,
    Column("subject", String(120), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", Float, nullable=False),
    Column("last", Float, nullable=False),
)

# Who works on an item; one person at a time.
leases = Table(
    "leases",
    metadata,
    Column("item", String(200), primary_key=True),
    Column("reviewer", String(40), nullable=False),
    Column("until", Float, nullable=False),
    Index("leases_reviewer", "reviewer"),
)

# Harmful texts that a person uncovered: the counter, and when a break is due.
exposures = Table(
    "exposures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("reviewer", String(40), nullable=False),
    Column("item", String(200), nullable=False),
    Column("at", Float, nullable=False),
    Index("exposures_reviewer", "reviewer", "at"),
)

# Norming rooms: votes are events, what people say of them afterwards is not.
rooms = Table(
    "rooms",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("item", String(200), nullable=False),
    Column("at", Float, nullable=False),
)

remarks = Table(
    "remarks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("room", String(64), ForeignKey("rooms.name"), nullable=False),
    Column("reviewer", String(40), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Float, nullable=False),
)
