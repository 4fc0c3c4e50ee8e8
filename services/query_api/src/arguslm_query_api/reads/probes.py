"""Probes as they are defined."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.probes import Probe
from arguslm_contracts.rest.probes import ProbeResponse
from arguslm_query_api import tables
from arguslm_query_api.reads.stored import Stored, as_stored, stored

_PROBES = tables.probes


async def list_probes(connection: AsyncConnection) -> list[ProbeResponse]:
    """By name."""
    query = select(_PROBES).order_by(func.lower(_PROBES.c.name), _PROBES.c.probe_id)
    rows = (await connection.execute(query)).mappings()
    return [response(as_stored(Probe, row)) for row in rows]


async def stored_probe(connection: AsyncConnection, probe_id: UUID) -> Stored[Probe] | None:
    return await stored(connection, _PROBES, Probe, probe_id)


def response(stored: Stored[Probe]) -> ProbeResponse:
    probe, revision, _ = stored
    fields = probe.model_dump(exclude={"probe_id"})
    return ProbeResponse(id=probe.probe_id, revision=revision, **fields)
