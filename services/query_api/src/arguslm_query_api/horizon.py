"""How far single checks have been let go: behind it there are only their hours."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_query_api import tables

_GIVEN_UP = select(tables.given_up.c.through_sequence, tables.given_up.c.before)
_NEVER = datetime.min.replace(tzinfo=UTC)


async def given_up(connection: AsyncConnection) -> tuple[int, datetime]:
    """The sequence through which checks have been given up, and the start of the oldest narrow
    rollup that is kept."""
    row = (await connection.execute(_GIVEN_UP)).first()
    return (0, _NEVER) if row is None else (row.through_sequence, row.before)
