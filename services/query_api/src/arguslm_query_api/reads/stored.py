"""Registry states as they stand, with what a writer must know to change them."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import RowMapping, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.record import Record

State = TypeVar("State", bound=Record)

Stored = tuple[State, int, int]
"""The state, its revision, and the stream sequence of its last event."""


def as_stored(kind: type[State], row: RowMapping) -> Stored[State]:
    return kind.model_validate(dict(row)), row["revision"], row["sequence"]


async def stored(
    connection: AsyncConnection, table: Table, kind: type[State], key: UUID
) -> Stored[State] | None:
    """One row of a registry table by its key; None when there is none."""
    (column,) = table.primary_key.columns
    row = (await connection.execute(select(table).where(column == key))).mappings().first()
    return None if row is None else as_stored(kind, row)
