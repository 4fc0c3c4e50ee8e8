"""CHECKS -> the newest discovery of each provider."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import DiscoveryCompleted
from arguslm_query_api import tables
from arguslm_query_api.projections.storable import storable
from arguslm_storage.database import upsert


async def fold(connection: AsyncConnection, batch: Sequence[Recorded]) -> None:
    """What a request finds a second time does not count."""
    discoveries = [one.event for one in batch if isinstance(one.event, DiscoveryCompleted)]
    if not discoveries:
        return
    table = tables.discoveries
    query = select(table.c.provider_id, table.c.request_id, table.c.completed_at).where(
        table.c.provider_id.in_({found.provider_id for found in discoveries})
    )
    known = {row[0]: (row[1], row[2]) for row in await connection.execute(query)}
    newest: dict[UUID, DiscoveryCompleted] = {}
    for found in discoveries:
        request_id, completed_at = known.get(found.provider_id, (None, found.completed_at))
        if found.request_id != request_id and found.completed_at >= completed_at:
            newest[found.provider_id] = found
            known[found.provider_id] = (found.request_id, found.completed_at)
    await upsert(connection, table, [_row(found) for found in newest.values()])


def _row(found: DiscoveryCompleted) -> dict[str, Any]:
    return {
        "provider_id": found.provider_id,
        "request_id": found.request_id,
        "outcome": found.outcome.value,
        "message": storable(found.message),
        "models": storable(found.model_dump(mode="json")["models"]),
        "models_found": len(found.models),
        "completed_at": found.completed_at,
    }
