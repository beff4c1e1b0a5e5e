"""The history of the tables: each file of `versions` takes a database one step further (Alembic)."""
