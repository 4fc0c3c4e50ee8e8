"""CHECKS -> checks that were decided again: the check itself, and the sums it stands in.

A correction is a difference, so that it comes to the same whether the sums were made of the check
or of its hour, and whichever of them the stream still has.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import CheckReclassified
from arguslm_contracts.outcomes import VERDICTS
from arguslm_query_api import tables
from arguslm_query_api.horizon import given_up
from arguslm_query_api.projections.checks import RollupSums, json_of, merge_rollups
from arguslm_query_api.rollup import Rollup, slot_start
from arguslm_storage.bulk import among
from arguslm_storage.database import insert_new

_CHECKS = tables.checks


async def fold(connection: AsyncConnection, batch: Sequence[Recorded]) -> None:
    """Behind the checks of the same batch, and before any of them is given up."""
    said = [one.event for one in batch if isinstance(one.event, CheckReclassified)]
    events = await _new(connection, said) if said else []
    if not events:
        return
    kept = await _kept(connection, {event.check_id for event in events})
    await _correct_sums(connection, events, kept)
    rows = {event.check_id: _decision(event) for event in events if event.check_id in kept}
    if rows:
        statement = (
            update(_CHECKS)
            .where(_CHECKS.c.check_id == bindparam("of_check"))
            .values({name: bindparam(f"new_{name}") for name in _DECIDED})
        )
        await connection.execute(statement, list(rows.values()))


async def _new(
    connection: AsyncConnection, said: Iterable[CheckReclassified]
) -> list[CheckReclassified]:
    """Those that have not been folded, which are noted as folded from now on."""
    table = tables.reclassified
    by_key = {(event.check_id, event.measurement.taxonomy_version): event for event in said}
    query = select(table).where(
        among(connection, table.c.check_id, {check_id for check_id, _ in by_key})
    )
    for row in await connection.execute(query):
        by_key.pop((row.check_id, row.taxonomy_version), None)
    noted = [{"check_id": check_id, "taxonomy_version": version} for check_id, version in by_key]
    await insert_new(connection, table, noted)
    return list(by_key.values())


async def _kept(connection: AsyncConnection, check_ids: set[UUID]) -> set[UUID]:
    column = _CHECKS.c.check_id
    return set(await connection.scalars(select(column).where(among(connection, column, check_ids))))


async def _correct_sums(
    connection: AsyncConnection, events: Iterable[CheckReclassified], kept: set[UUID]
) -> None:
    """In every slot that holds the check: narrow ones know only checks that are still there."""
    _, before = await given_up(connection)
    sums: RollupSums = defaultdict(Rollup)
    for event in events:
        correction = _correction(event)
        for width_s in tables.ROLLUP_WIDTHS_S:
            start = slot_start(event.completed_at, width_s)
            lasts = width_s in tables.LASTING_WIDTHS_S
            if lasts or (event.check_id in kept and start >= before):
                sums[width_s, event.model_id, start, event.location].merge(correction)
    await merge_rollups(connection, sums)


def _correction(event: CheckReclassified) -> Rollup:
    """What the check counts for now, less what it counted for until now."""
    until_now, now = Rollup(), Rollup()
    until_now.add(event.measurement.model_copy(update={"outcome": event.was}))
    now.add(event.measurement)
    now.merge(until_now.negated())
    return now


_DECIDED = ("outcome", "available", "usable", "measurement")


def _decision(event: CheckReclassified) -> dict[str, Any]:
    outcome = event.measurement.outcome
    return {
        "of_check": event.check_id,
        "new_outcome": outcome.value,
        "new_available": VERDICTS[outcome].available,
        "new_usable": VERDICTS[outcome].usable,
        "new_measurement": json_of(event.measurement),
    }
