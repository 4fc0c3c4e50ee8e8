"""CHECKS -> the history of checks.

A check counts once, however often its completion is recorded; the order of the stream decides.
Checks that the stream no longer has are known from their hours (`history.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_query_api import tables
from arguslm_query_api.projections.check_gist import CheckGist
from arguslm_storage.bulk import rows_among
from arguslm_storage.database import insert_unseen

_CHECK_IDS = select(tables.checks.c.check_id)


async def fold(
    connection: AsyncConnection, completed: Sequence[CheckGist], since: int
) -> dict[int, CheckGist]:
    """Checks up to the sequence `since` have been given up. Gives back those, by sequence, that the
    tables did not have: they are to be counted."""
    kept = {check.sequence: check for check in completed if check.sequence > since}
    checks = await _unseen(connection, kept)
    await insert_unseen(connection, tables.checks, [check.row for check in checks.values()])
    return checks


async def _unseen(
    connection: AsyncConnection, checks: Mapping[int, CheckGist]
) -> dict[int, CheckGist]:
    """The checks, by sequence, that the tables do not have yet; of twins the first."""
    sequences: dict[UUID, int] = {}
    for sequence, check in checks.items():
        sequences.setdefault(check.check_id, sequence)
    for known in await ids_among(connection, sequences):
        del sequences[known]
    return {sequence: checks[sequence] for sequence in sequences.values()}


async def ids_among(connection: AsyncConnection, check_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these checks that the tables have."""
    found = await rows_among(connection, _CHECK_IDS, {tables.checks.c.check_id: check_ids})
    return {row["check_id"] for row in found}
