"""Hours closed -> checks that are given up, and the narrow rollups that they alone could fill."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.history import HourClosed
from arguslm_contracts.measurement import Measurement
from arguslm_contracts.probes import ProbeKind
from arguslm_query_api import tables
from arguslm_query_api.horizon import given_up
from arguslm_query_api.projections.rollups import SlotKey, merge_rollups
from arguslm_query_api.rollup import Rollup, Tally, slot_start
from arguslm_storage.database import upsert

_CHECKS, _ROLLUPS = tables.checks, tables.rollups

Horizon = tuple[int, datetime]
"""The sequence through which checks are given up, and the start of the oldest narrow rollup."""


def horizons(batch: Iterable[Recorded]) -> list[Horizon]:
    """How far each closed hour says to let go."""
    return [
        (one.event.given_up_through, one.event.given_up_before)
        for one in batch
        if isinstance(one.event, HourClosed) and one.event.given_up_before is not None
    ]


async def let_go(connection: AsyncConnection, through: int, before: datetime) -> None:
    """Let go of checks up to a sequence, and of narrow rollups that start before a time."""
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
    left = await connection.execute(
        select(_CHECKS.c.measurement, _CHECKS.c.kind).where(
            _CHECKS.c.model_id == model_id,
            _CHECKS.c.location == location,
            _CHECKS.c.completed_at >= start,
            _CHECKS.c.completed_at < start + timedelta(seconds=width_s),
        )
    )
    rollup = Rollup()
    for measurement, kind in left:
        counts = kind == ProbeKind.LIVENESS
        rollup.add(Tally.of(Measurement.model_validate(measurement), counts=counts))
    if rollup != Rollup():
        await merge_rollups(connection, {key: rollup})
