"""How far single checks have been let go: behind it there are only their hours."""

from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_query_api import tables
from arguslm_storage.driver import rows_of

_GIVEN_UP = select(tables.given_up.c.through_sequence, tables.given_up.c.before)
_NEVER = datetime.min.replace(tzinfo=UTC)


async def given_up(connection: AsyncConnection) -> tuple[int, datetime]:
    """The sequence through which checks have been given up, and the start of the oldest narrow
    rollup that is kept."""
    for row in await rows_of(connection, _GIVEN_UP):
        return row["through_sequence"], row["before"]
    return 0, _NEVER
