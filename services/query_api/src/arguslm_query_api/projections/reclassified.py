"""CHECKS -> checks that were decided again: the check itself, and what it counts for.

A correction is a difference, so that it comes to the same whether the sums were made of the check
or of its hour, and whichever of them the stream still has.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import CheckReclassified
from arguslm_contracts.outcomes import VERDICTS
from arguslm_contracts.probes import ProbeKind
from arguslm_query_api import tables
from arguslm_query_api.projections.checks import ids_among
from arguslm_query_api.projections.storable import json_of
from arguslm_storage.bulk import rows_among
from arguslm_storage.database import insert_new

_CHECKS = tables.checks
_RECLASSIFIED = select(tables.reclassified)


class SecondThought(NamedTuple):
    """`kept` is whether the tables still have the check itself, not only its hour."""

    event: CheckReclassified
    kept: bool


async def fold(connection: AsyncConnection, batch: Sequence[Recorded]) -> list[SecondThought]:
    """Behind the checks of the same batch. Gives back what is to be counted differently."""
    said = [one.event for one in batch if isinstance(one.event, CheckReclassified)]
    events = await _new(connection, said) if said else []
    if not events:
        return []
    kept = await ids_among(connection, {event.check_id for event in events})
    rows = [_decision(event) for event in events if event.check_id in kept]
    if rows:
        statement = (
            update(_CHECKS)
            .where(_CHECKS.c.check_id == bindparam("of_check"))
            .values({name: bindparam(f"new_{name}") for name in _DECIDED})
        )
        await connection.execute(statement, rows)
    return [
        SecondThought(event, event.check_id in kept)
        for event in events
        if event.kind is ProbeKind.LIVENESS
    ]


async def _new(
    connection: AsyncConnection, said: Iterable[CheckReclassified]
) -> list[CheckReclassified]:
    """Those that have not been folded, which are noted as folded from now on."""
    table = tables.reclassified
    by_key = {(event.check_id, event.measurement.taxonomy_version): event for event in said}
    check_ids = {check_id for check_id, _ in by_key}
    for row in await rows_among(connection, _RECLASSIFIED, {table.c.check_id: check_ids}):
        by_key.pop((row["check_id"], row["taxonomy_version"]), None)
    noted = [{"check_id": check_id, "taxonomy_version": version} for check_id, version in by_key]
    await insert_new(connection, table, noted)
    return list(by_key.values())


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
