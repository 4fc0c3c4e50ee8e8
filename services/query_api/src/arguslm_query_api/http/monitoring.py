"""/api/v1/monitoring"""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response

from arguslm_contracts.prompt_packs import PROMPT_PACKS
from arguslm_contracts.rest.monitoring import (
    MonitoringConfigResponse,
    MonitoringConfigUpdate,
    MonitoringRunRequest,
    MonitoringRunResponse,
    PromptPackResponse,
    UptimeHistoryResponse,
)
from arguslm_query_api.auth.roles import Operator, Viewer
from arguslm_query_api.commands import monitoring
from arguslm_query_api.door import Door
from arguslm_query_api.http.answers import ACCEPTED, accepted, both_versions, read, with_etag
from arguslm_query_api.http.dependencies import ExpectedRevision, TheAttempt, TheDoor
from arguslm_query_api.http.exports import FILE, Format, export
from arguslm_query_api.http.windows import in_utc
from arguslm_query_api.model import CheckStatus
from arguslm_query_api.reads import monitoring as monitoring_reads

router = APIRouter(prefix="/monitoring", tags=["monitoring"])

_COLUMNS = ("model_name", "provider", "status", "latency_ms", "error", "timestamp")


@router.get("/config", response_model=MonitoringConfigResponse)
async def get_monitoring_config(door: TheDoor, who: Viewer, response: Response) -> Any:
    return with_etag(response, await _read_config(door))


@router.patch("/config", response_model=MonitoringConfigResponse, responses=ACCEPTED)
async def update_monitoring_config(
    body: MonitoringConfigUpdate,
    door: TheDoor,
    who: Operator,
    response: Response,
    expected_revision: ExpectedRevision,
) -> Any:
    """Change only what is given."""
    async with both_versions(partial(_read_config, door), body):
        shown = await monitoring.configure(door, who, body, expected_revision)
    if not shown:
        return accepted("/api/v1/monitoring/config")
    return await get_monitoring_config(door, who, response)


@router.post("/run", response_model=MonitoringRunResponse)
async def run_monitoring(
    door: TheDoor,
    who: Operator,
    attempt: TheAttempt,
    body: Annotated[MonitoringRunRequest | None, Body()] = None,
) -> Any:
    """Check these models now, or every monitored one; follow it at /monitoring/runs/{run_id}."""
    return await monitoring.run_now(door, who, attempt, body.model_ids if body else None)


@router.get("/runs/{run_id}", response_model=MonitoringRunResponse)
async def get_monitoring_run(run_id: UUID, door: TheDoor, who: Viewer) -> Any:
    """How far a run is: `completed` of `requested`."""
    return await read(
        door, lambda connection: monitoring_reads.get_run(connection, run_id), f"run {run_id}"
    )


@router.get("/prompt-packs", response_model=list[PromptPackResponse])
async def list_prompt_packs(who: Viewer) -> Any:
    return [PromptPackResponse.model_validate(pack) for pack in PROMPT_PACKS.values()]


@router.get("/uptime", response_model=UptimeHistoryResponse)
async def get_uptime_history(
    door: TheDoor,
    who: Viewer,
    model_id: UUID | None = None,
    status: CheckStatus | None = None,
    since: datetime | None = None,
    enabled_only: bool = False,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Any:
    """Checks in the short form of ArgusLM 0.x; /checks has all that was measured."""
    async with door.database.reading() as connection:
        return await monitoring_reads.uptime_history(
            connection,
            model_id=model_id,
            status=status,
            since=in_utc(since),
            enabled_only=enabled_only,
            limit=limit,
            offset=offset,
        )


@router.get("/uptime/export", responses=FILE, response_class=Response)
async def export_uptime_history(
    door: TheDoor,
    who: Viewer,
    format: Format = "json",
    model_id: UUID | None = None,
    start_date: datetime | None = None,
    end_date: datetime | None = None,
) -> Any:
    """Every check of the span, newest first."""
    rows = _rows(door, model_id, in_utc(start_date), in_utc(end_date))
    return export(rows, format, "arguslm-checks", _COLUMNS)


async def _read_config(door: Door) -> MonitoringConfigResponse:
    return await read(door, monitoring_reads.get_config, "configuration")


async def _rows(
    door: Door, model_id: UUID | None, start: datetime | None, end: datetime | None
) -> AsyncIterator[Mapping[str, Any]]:
    async with door.database.reading() as connection:
        async for row in monitoring_reads.export_rows(
            connection, model_id=model_id, start=start, end=end
        ):
            yield row
