"""CHECKS -> what stays of checks that are gone.

An hour whose checks were folded themselves adds nothing; one whose checks the stream no longer
has adds their sums. So a rebuild comes to the same rows, however much of the checks is left.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.history import CheckSummarized
from arguslm_query_api import tables
from arguslm_storage.database import in_chunks, upsert

_CHECKS, _ROLLUPS = tables.checks, tables.rollups

_Endpoint = tuple[UUID, str]
"""model, location"""


async def fold(connection: AsyncConnection, batch: Sequence[Recorded]) -> list[CheckSummarized]:
    """Behind the checks of the same batch: an hour stands after its checks. Gives back the hours
    whose checks are gone: they are to be counted."""
    hours = [one.event for one in batch if isinstance(one.event, CheckSummarized)]
    new = await _new(connection, hours) if hours else []
    if not new:
        return []
    last = {(hour.model_id, hour.location): hour for hour in new}
    await upsert(connection, tables.summarized, [_position_row(hour) for hour in last.values()])
    return await _without_checks(connection, new)


async def _new(
    connection: AsyncConnection, hours: Sequence[CheckSummarized]
) -> list[CheckSummarized]:
    """Those that have not been folded: the summaries of an endpoint come in order."""
    table = tables.summarized
    known: dict[_Endpoint, tuple[datetime, datetime]] = {}
    for model_ids in in_chunks(list({hour.model_id for hour in hours})):
        query = select(table).where(table.c.model_id.in_(model_ids))
        for row in await connection.execute(query):
            known[row.model_id, row.location] = (row.stored_in, row.hour)
    new = []
    for hour in hours:
        endpoint, position = (hour.model_id, hour.location), (hour.stored_in, hour.hour)
        if endpoint not in known or known[endpoint] < position:
            known[endpoint] = position
            new.append(hour)
    return new


async def _without_checks(
    connection: AsyncConnection, hours: Sequence[CheckSummarized]
) -> list[CheckSummarized]:
    column = _CHECKS.c.check_id
    seen: set[UUID] = set()
    for check_ids in in_chunks([hour.first_check_id for hour in hours]):
        seen.update(await connection.scalars(select(column).where(column.in_(check_ids))))
    return [hour for hour in hours if hour.first_check_id not in seen]


def _position_row(hour: CheckSummarized) -> dict[str, Any]:
    return {
        "model_id": hour.model_id,
        "location": hour.location,
        "stored_in": hour.stored_in,
        "hour": hour.hour,
    }
