"""Where aggregates stand, removed ones included."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_query_api import tables


async def last(connection: AsyncConnection, subject: str) -> tuple[int, int]:
    """Sequence and revision of the last event of an aggregate such as `model.*.<id>`; (0, 0)
    when there was none."""
    table = tables.aggregates
    query = select(table.c.sequence, table.c.revision).where(table.c.subject == subject)
    row = (await connection.execute(query)).first()
    return (0, 0) if row is None else (row.sequence, row.revision)
