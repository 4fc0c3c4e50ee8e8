"""CHECKS -> connection tests, which are in no history."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_query_api import tables
from arguslm_query_api.projections.storable import json_of
from arguslm_storage.database import insert_new


async def fold(connection: AsyncConnection, batch: Sequence[Recorded], since: int) -> None:
    """What stands up to the sequence `since` has been given up."""
    tests = [
        _row(one.sequence, one.event)
        for one in batch
        if isinstance(one.event, CheckCompleted) and one.sequence > since
    ]
    await insert_new(connection, tables.connection_tests, tests)


def _row(sequence: int, test: CheckCompleted) -> dict[str, Any]:
    return {
        "sequence": sequence,
        "check_id": test.check_id,
        "completed_at": test.completed_at,
        "completion": json_of(test),
    }
