"""/api/v1/probes"""

from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from arguslm_contracts.rest.probes import ProbeCreate, ProbeList, ProbeResponse, ProbeUpdate
from arguslm_query_api.auth.roles import Operator, Viewer
from arguslm_query_api.commands import probes
from arguslm_query_api.door import Door
from arguslm_query_api.http.answers import ACCEPTED, accepted, both_versions, with_etag
from arguslm_query_api.http.dependencies import ExpectedRevision, TheAttempt, TheDoor
from arguslm_query_api.reads import probes as probe_reads
from arguslm_query_api.refusals import Unknown

router = APIRouter(prefix="/probes", tags=["monitoring"])


@router.get("", response_model=ProbeList)
async def list_probes(door: TheDoor, who: Viewer) -> Any:
    """What is asked beside the monitoring of every model."""
    async with door.database.reading() as connection:
        return ProbeList(items=await probe_reads.list_probes(connection))


@router.post("", response_model=ProbeResponse, status_code=201, responses=ACCEPTED)
async def create_probe(
    body: ProbeCreate,
    door: TheDoor,
    who: Operator,
    response: Response,
    attempt: TheAttempt,
) -> Any:
    shown = await probes.create(door, who, attempt, body)
    return await _answer(door, attempt.id, response, shown=shown)


@router.get("/{probe_id}", response_model=ProbeResponse)
async def get_probe(probe_id: UUID, door: TheDoor, who: Viewer, response: Response) -> Any:
    return await _answer(door, probe_id, response, shown=True)


@router.patch("/{probe_id}", response_model=ProbeResponse, responses=ACCEPTED)
async def update_probe(
    probe_id: UUID,
    body: ProbeUpdate,
    door: TheDoor,
    who: Operator,
    response: Response,
    expected_revision: ExpectedRevision,
) -> Any:
    """Change only what is given."""
    async with both_versions(partial(_read, door, probe_id), body):
        shown = await probes.update(door, who, probe_id, body, expected_revision)
    return await _answer(door, probe_id, response, shown=shown)


@router.delete("/{probe_id}", status_code=204)
async def delete_probe(
    probe_id: UUID, door: TheDoor, who: Operator, expected_revision: ExpectedRevision
) -> None:
    async with both_versions(partial(_read, door, probe_id)):
        await probes.remove(door, who, probe_id, expected_revision)


async def _answer(door: Door, probe_id: UUID, response: Response, *, shown: bool) -> Any:
    if not shown:
        return accepted(f"/api/v1/probes/{probe_id}")
    return with_etag(response, await _read(door, probe_id))


async def _read(door: Door, probe_id: UUID) -> ProbeResponse:
    async with door.database.reading() as connection:
        found = await probe_reads.stored_probe(connection, probe_id)
    if found is None:
        raise Unknown(f"there is no probe {probe_id}")
    return probe_reads.response(found)
