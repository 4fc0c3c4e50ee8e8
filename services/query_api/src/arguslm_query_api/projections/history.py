"""CHECKS -> what stays of checks that are gone, and the letting go of those that are given up.

An hour whose checks were folded themselves adds nothing; one whose checks the stream no longer
has adds their sums. So a rebuild comes to the same rows, however much of the checks is left.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.history import CheckSummarized, HourClosed
from arguslm_contracts.measurement import Measurement
from arguslm_query_api import tables
from arguslm_query_api.horizon import given_up
from arguslm_query_api.projections.checks import RollupSums, SlotKey, merge_rollups
from arguslm_query_api.rollup import Rollup, slot_start
from arguslm_storage.database import in_chunks, upsert

_CHECKS, _ROLLUPS = tables.checks, tables.rollups

_Endpoint = tuple[UUID, str]
"""model, location"""


async def fold(connection: AsyncConnection, batch: Sequence[Recorded]) -> None:
    """Behind the checks of the same batch: an hour stands after its checks."""
    hours = [one.event for one in batch if isinstance(one.event, CheckSummarized)]
    if hours:
        await _fold_hours(connection, hours)
    for one in batch:
        if isinstance(one.event, HourClosed) and one.event.given_up_before is not None:
            await _give_up(connection, one.event.given_up_through, one.event.given_up_before)


async def _fold_hours(connection: AsyncConnection, hours: Sequence[CheckSummarized]) -> None:
    new = await _new(connection, hours)
    if not new:
        return
    sums: RollupSums = defaultdict(Rollup)
    for hour in await _without_checks(connection, new):
        for width_s in tables.LASTING_WIDTHS_S:
            key = (width_s, hour.model_id, slot_start(hour.hour, width_s), hour.location)
            sums[key].merge(Rollup.of_summary(hour))
    await merge_rollups(connection, sums)
    last = {(hour.model_id, hour.location): hour for hour in new}
    await upsert(connection, tables.summarized, [_position_row(hour) for hour in last.values()])


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


async def _give_up(connection: AsyncConnection, through: int, before: datetime) -> None:
    """Let go of checks up to a sequence, and of the narrow rollups that they alone could fill."""
    known_through, known_before = await given_up(connection)
    if through <= known_through and before <= known_before:
        return
    through, before = max(through, known_through), max(before, known_before)
    gone = _CHECKS.c.sequence <= through
    # A clock that was ahead has put some of these checks into slots that stay.
    query = select(_CHECKS.c.model_id, _CHECKS.c.location, _CHECKS.c.completed_at)
    ahead = (await connection.execute(query.where(gone, _CHECKS.c.completed_at >= before))).all()
    await connection.execute(delete(_CHECKS).where(gone))
    tests = tables.connection_tests
    await connection.execute(delete(tests).where(tests.c.sequence <= through))
    await _drop_narrow(connection, before)
    for key in {
        (width_s, row.model_id, slot_start(row.completed_at, width_s), row.location)
        for row in ahead
        for width_s in tables.PASSING_WIDTHS_S
    }:
        await _sum_again(connection, key)
    row = {"name": "checks", "through_sequence": through, "before": before}
    await upsert(connection, tables.given_up, [row])


async def _drop_narrow(connection: AsyncConnection, before: datetime) -> None:
    """Model by model, along the primary key; the widest rollups know all models."""
    columns = _ROLLUPS.c
    widest = columns.width_s == tables.ROLLUP_WIDTHS_S[-1]
    models = await connection.scalars(select(columns.model_id).where(widest).distinct())
    dropped = [
        {"of_width": width_s, "of_model": model_id}
        for model_id in models
        for width_s in tables.PASSING_WIDTHS_S
    ]
    if dropped:
        statement = delete(_ROLLUPS).where(
            columns.width_s == bindparam("of_width"),
            columns.model_id == bindparam("of_model"),
            columns.start < before,
        )
        await connection.execute(statement, dropped)


async def _sum_again(connection: AsyncConnection, key: SlotKey) -> None:
    """Fill a slot from the checks that are left."""
    width_s, model_id, start, location = key
    await connection.execute(
        delete(_ROLLUPS).filter_by(
            width_s=width_s, model_id=model_id, start=start, location=location
        )
    )
    left = await connection.scalars(
        select(_CHECKS.c.measurement).where(
            _CHECKS.c.model_id == model_id,
            _CHECKS.c.location == location,
            _CHECKS.c.completed_at >= start,
            _CHECKS.c.completed_at < start + timedelta(seconds=width_s),
        )
    )
    rollup = Rollup()
    for measurement in left:
        rollup.add(Measurement.model_validate(measurement))
    if rollup.checks:
        await merge_rollups(connection, {key: rollup})
