"""Run by Alembic: takes the database of an open connection to the wanted version.

One decision: the connection is given (`database.migrate`), so no address or password is ever in a file.
"""

from __future__ import annotations

from alembic import context

from aurora.redteam.review.server.keeping.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
