"""The first tables, and the triggers by which `events` refuses to change.

One decision: the tables are written out here, not taken from `tables`, because this step has to make the same ones for
ever; a test compares what all steps make with `tables`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

REFUSED = "events are only ever added"


def upgrade() -> None:
    """Make everything."""
    _log()
    _people()
    _work()
    _talk()
    for statement in _triggers(op.get_bind().dialect.name):
        op.execute(statement)


def _log() -> None:
    op.create_table(
        "events",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("line", sa.Text, nullable=False),
    )


def _people() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("login", sa.String(80), nullable=False, unique=True),
        sa.Column("reviewer", sa.String(40), nullable=False, unique=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password", sa.String(200)),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_table(
        "invitations",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("account", sa.Integer, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("token", sa.String(64), primary_key=True),
        sa.Column("account", sa.Integer, sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
    )
    op.create_table(
        "attempts",
        sa.Column("subject", sa.String(120), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
        sa.Column("last", sa.Float, nullable=False),
    )


def _work() -> None:
    op.create_table(
        "leases",
        sa.Column("item", sa.String(200), primary_key=True),
        sa.Column("reviewer", sa.String(40), nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
    op.create_index("leases_reviewer", "leases", ["reviewer"])
    op.create_table(
        "exposures",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("reviewer", sa.String(40), nullable=False),
        sa.Column("item", sa.String(200), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_index("exposures_reviewer", "exposures", ["reviewer", "at"])


def _talk() -> None:
    op.create_table(
        "rooms",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("item", sa.String(200), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "remarks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("room", sa.String(64), sa.ForeignKey("rooms.name"), nullable=False),
        sa.Column("reviewer", sa.String(40), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )


def _triggers(dialect: str) -> list[str]:
    """Statements that keep events from being changed or removed by whatever else uses the database."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER events_no_{what} BEFORE {what} ON events BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            for what in ("update", "delete")
        ]
    return [
        "CREATE FUNCTION events_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$",
        "CREATE TRIGGER events_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION events_kept()",
    ]
