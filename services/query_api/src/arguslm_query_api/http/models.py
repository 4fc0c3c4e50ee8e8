"""/api/v1/models"""

from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from arguslm_contracts.rest.models import (
    ModelCreate,
    ModelListResponse,
    ModelResponse,
    ModelUpdate,
)
from arguslm_contracts.rest.monitoring import MonitoringRunResponse, SeriesResponse
from arguslm_query_api.auth.roles import Operator, Viewer
from arguslm_query_api.commands import models, monitoring
from arguslm_query_api.door import Door
from arguslm_query_api.http.answers import ACCEPTED, accepted, both_versions, read, with_etag
from arguslm_query_api.http.dependencies import ExpectedRevision, TheAttempt, TheDoor
from arguslm_query_api.http.windows import window
from arguslm_query_api.reads import models as model_reads
from arguslm_query_api.reads import series as series_reads

router = APIRouter(prefix="/models", tags=["models"])


@router.get("", response_model=ModelListResponse)
async def list_models(
    door: TheDoor,
    who: Viewer,
    provider_id: UUID | None = None,
    enabled_for_monitoring: bool | None = None,
    enabled_for_benchmark: bool | None = None,
    retired: bool | None = None,
    search: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Any:
    """One page of models; `search` looks in names, `retired` are those that their provider no
    longer lists."""
    async with door.database.reading() as connection:
        return await model_reads.list_models(
            connection,
            provider_id=provider_id,
            enabled_for_monitoring=enabled_for_monitoring,
            enabled_for_benchmark=enabled_for_benchmark,
            retired=retired,
            search=search,
            limit=limit,
            offset=offset,
        )


@router.post("", response_model=ModelResponse, status_code=201, responses=ACCEPTED)
async def create_model(
    body: ModelCreate,
    door: TheDoor,
    who: Operator,
    response: Response,
    attempt: TheAttempt,
) -> Any:
    """Add a model by hand."""
    model_id, shown = await models.register(door, who, attempt, body)
    return await _answer(door, model_id, response, shown=shown)


@router.get("/{model_id}", response_model=ModelResponse)
async def get_model(model_id: UUID, door: TheDoor, who: Viewer, response: Response) -> Any:
    return await _answer(door, model_id, response, shown=True)


@router.patch("/{model_id}", response_model=ModelResponse, responses=ACCEPTED)
async def update_model(
    model_id: UUID,
    body: ModelUpdate,
    door: TheDoor,
    who: Operator,
    response: Response,
    expected_revision: ExpectedRevision,
) -> Any:
    """Change only what is given; null clears `custom_name` and `interval_s`. To
    switch monitoring on ends a model's retirement."""
    async with both_versions(partial(_read, door, model_id), body):
        shown = await models.update(door, who, model_id, body, expected_revision)
    return await _answer(door, model_id, response, shown=shown)


@router.delete("/{model_id}", status_code=204)
async def delete_model(
    model_id: UUID, door: TheDoor, who: Operator, expected_revision: ExpectedRevision
) -> None:
    async with both_versions(partial(_read, door, model_id)):
        await models.remove(door, who, model_id, expected_revision)


@router.post("/{model_id}/check", response_model=MonitoringRunResponse)
async def check_model(model_id: UUID, door: TheDoor, who: Operator, attempt: TheAttempt) -> Any:
    """Check this model now; follow the run at /monitoring/runs/{run_id}."""
    await models.stored(door, model_id)
    return await monitoring.run_now(door, who, attempt, [model_id])


@router.get("/{model_id}/series", response_model=SeriesResponse)
async def get_model_series(
    model_id: UUID,
    door: TheDoor,
    who: Viewer,
    start: datetime | None = None,
    end: datetime | None = None,
    buckets: Annotated[int, Query(ge=2, le=2000)] = 200,
) -> Any:
    """Aggregates of the model's checks in buckets of equal width; by default of the last day."""
    await models.stored(door, model_id)
    begin, until = window(start, end)
    async with door.database.reading() as connection:
        return await series_reads.series(
            connection, model_id=model_id, start=begin, end=until, buckets=buckets
        )


async def _answer(door: Door, model_id: UUID, response: Response, *, shown: bool) -> Any:
    if not shown:
        return accepted(f"/api/v1/models/{model_id}")
    return with_etag(response, await _read(door, model_id))


async def _read(door: Door, model_id: UUID) -> ModelResponse:
    return await read(
        door,
        lambda connection: model_reads.get_model(connection, model_id),
        f"model {model_id}",
    )
