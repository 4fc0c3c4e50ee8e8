"""Steps that migrations share. They run where Alembic's `op` has a connection."""

from typing import Any

from alembic import op
from sqlalchemy import Column


def add_columns(table: str, *columns: Column[Any]) -> None:
    """Add columns; the rows that are there get each one's `server_default`, which goes afterwards,
    for declared tables have none.

    SQLite copies a table to change it, so that a default must stand before it can be taken away.
    """
    with op.batch_alter_table(table) as batch:
        for column in columns:
            batch.add_column(column)
    with op.batch_alter_table(table) as batch:
        for column in columns:
            if column.server_default is not None:
                batch.alter_column(column.name, server_default=None)
