"""What Alembic runs for every command; the caller hands over an open connection."""

from __future__ import annotations

from alembic import context

from bot.store import doors_sql, samples_sql
from bot.store.tables import metadata

# The tables of the doors stand in a module of their own, which adds them to the others.
assert doors_sql.api_keys.metadata is metadata  # noqa: S101
assert samples_sql.samples.metadata is metadata  # noqa: S101

# transactional_ddl: SQLite can undo a half-made table, which Alembic does not assume of it.
# render_as_batch: SQLite cannot change a column, so that generated steps copy the table.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
