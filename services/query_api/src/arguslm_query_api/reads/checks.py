"""Checks with everything that was measured, connection tests and discoveries."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Tuple, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.checks import CheckCompleted, DiscoveryCompleted
from arguslm_contracts.measurement import Measurement
from arguslm_contracts.outcomes import VERDICTS, Outcome
from arguslm_contracts.probes import Level, ProbeKind
from arguslm_contracts.rest.monitoring import CheckPage, CheckResponse
from arguslm_query_api import tables
from arguslm_query_api.reads.check_rows import CHECKS, CHECKS_WITH_MODELS, NEWEST_FIRST
from arguslm_storage.bulk import rows_among

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class BadCursor(ValueError):
    """A cursor that none of our pages gave."""


async def list_checks(
    connection: AsyncConnection,
    *,
    model_id: UUID | None = None,
    outcome: Outcome | None = None,
    run_id: UUID | None = None,
    kind: ProbeKind | None = None,
    finding: Level | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> CheckPage:
    """One page, newest first. `finding` is the least level that one of its findings has.

    Raises:
        BadCursor: `cursor` is not the `next_cursor` of a page.
    """
    query = CHECKS_WITH_MODELS.order_by(*NEWEST_FIRST).limit(limit + 1)
    if model_id is not None:
        query = query.where(CHECKS.c.model_id == model_id)
    if outcome is not None:
        query = query.where(CHECKS.c.outcome == outcome)
    if run_id is not None:
        query = query.where(CHECKS.c.run_id == run_id)
    if kind is not None:
        query = query.where(CHECKS.c.kind == kind)
    if finding is not None:
        levels = ("warn", "fail") if finding == "warn" else ("fail",)
        query = query.where(CHECKS.c.worst_finding.in_(levels))
    if finding is not None or kind not in (None, ProbeKind.LIVENESS):
        query = query.where(CHECKS.c.probe_id.is_not(None))  # few, and an index holds them
    if cursor is not None:
        position = tuple_(CHECKS.c.completed_at, CHECKS.c.check_id)
        query = query.where(position < _position(cursor))
    rows = (await connection.execute(query)).mappings().all()
    items = [_response(row) for row in rows[:limit]]
    return CheckPage(items=items, next_cursor=_cursor(items[-1]) if len(rows) > limit else None)


async def get_check(connection: AsyncConnection, check_id: UUID) -> CheckResponse | None:
    found = await find_checks(connection, [check_id])
    return found[0] if found else None


async def find_checks(
    connection: AsyncConnection, check_ids: Sequence[UUID]
) -> list[CheckResponse]:
    """Those of the asked checks that are known and whose model still exists; oldest first."""
    rows = await rows_among(connection, CHECKS_WITH_MODELS, {CHECKS.c.check_id: check_ids})
    found = [_response(row) for row in rows]
    return sorted(found, key=lambda check: (check.completed_at, check.id))


async def connection_test(connection: AsyncConnection, check_id: UUID) -> CheckCompleted | None:
    """What became of a connection test; None while it has not completed."""
    table = tables.connection_tests
    query = select(table.c.completion).where(table.c.check_id == check_id)
    completion = await connection.scalar(query)
    return None if completion is None else CheckCompleted.model_validate(completion)


async def discovery(connection: AsyncConnection, provider_id: UUID) -> DiscoveryCompleted | None:
    """The newest discovery of a provider; its `request_id` says which request it answers."""
    table = tables.discoveries
    query = select(table).where(table.c.provider_id == provider_id)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else DiscoveryCompleted.model_validate(dict(row))


def _response(row: Mapping[Any, Any]) -> CheckResponse:
    return CheckResponse(
        id=row["check_id"],
        model_id=row["model_id"],
        model=row["model"],
        model_name=row["model_name"],
        provider_id=row["provider_id"],
        provider_name=row["provider_name"],
        provider_type=row["provider_type"],
        location=row["location"],
        purpose=row["purpose"],
        kind=row["kind"],
        probe_id=row["probe_id"],
        run_id=row["run_id"],
        due_at=row["due_at"],
        started_at=row["started_at"],
        completed_at=row["completed_at"],
        available=row["available"],
        usable=row["usable"],
        says=VERDICTS[Outcome(row["outcome"])].says,
        measurement=Measurement.model_validate(row["measurement"]),
    )


def _cursor(check: CheckResponse) -> str:
    """The place after a check: microseconds since 1970, and its id."""
    return f"{(check.completed_at - _EPOCH) // _MICROSECOND}.{check.id.hex}"


def _position(cursor: str) -> Tuple:
    microseconds, _, check_id = cursor.partition(".")
    try:
        completed_at, last_id = _EPOCH + int(microseconds) * _MICROSECOND, UUID(check_id)
    except (ValueError, OverflowError) as error:
        raise BadCursor("the cursor is not one of a page of checks") from error
    return tuple_(
        literal(completed_at, CHECKS.c.completed_at.type), literal(last_id, CHECKS.c.check_id.type)
    )
