"""/api/v1/benchmarks"""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from arguslm_contracts.events.benchmarks import BenchmarkStatus
from arguslm_contracts.rest.benchmarks import (
    BenchmarkCreate,
    BenchmarkDetailResponse,
    BenchmarkListResponse,
    BenchmarkResultListResponse,
    BenchmarkRunResponse,
    BenchmarkStartResponse,
)
from arguslm_query_api.auth.roles import Operator, Viewer
from arguslm_query_api.commands import benchmarks
from arguslm_query_api.door import Door
from arguslm_query_api.http.answers import read
from arguslm_query_api.http.dependencies import TheAttempt, TheDoor
from arguslm_query_api.http.exports import FILE, Format, export
from arguslm_query_api.reads import benchmarks as benchmark_reads

router = APIRouter(prefix="/benchmarks", tags=["benchmarks"])

_COLUMNS = (
    *("model_name", "provider", "ttft_ms", "tps", "tps_excluding_ttft", "total_latency_ms"),
    *("input_tokens", "output_tokens", "error", "timestamp"),
)


@router.post("", response_model=BenchmarkStartResponse, status_code=202)
async def start_benchmark(
    body: BenchmarkCreate,
    door: TheDoor,
    who: Operator,
    response: Response,
    attempt: TheAttempt,
) -> Any:
    """Request a run; follow it at /benchmarks/{id} or its WebSocket."""
    await benchmarks.start(door, who, attempt, body)
    response.headers["Location"] = f"/api/v1/benchmarks/{attempt.id}"
    return BenchmarkStartResponse(id=attempt.id, status="pending", message="the run is requested")


@router.get("", response_model=BenchmarkListResponse)
async def list_benchmarks(
    door: TheDoor,
    who: Viewer,
    page: Annotated[int, Query(ge=1)] = 1,
    per_page: Annotated[int, Query(ge=1, le=100)] = 20,
    status: BenchmarkStatus | None = None,
) -> Any:
    """One page of runs, newest first."""
    async with door.database.reading() as connection:
        return await benchmark_reads.list_runs(
            connection, page=page, per_page=per_page, status=status
        )


@router.get("/{run_id}", response_model=BenchmarkDetailResponse)
async def get_benchmark(run_id: UUID, door: TheDoor, who: Viewer) -> Any:
    """A run with its results and its statistics per model."""
    return await _run(door, run_id)


@router.delete("/{run_id}", status_code=204)
async def delete_benchmark(run_id: UUID, door: TheDoor, who: Operator) -> None:
    """Remove a run that has ended."""
    await benchmarks.remove(door, who, run_id)


@router.post("/{run_id}/cancel", response_model=BenchmarkRunResponse)
async def cancel_benchmark(run_id: UUID, door: TheDoor, who: Operator, attempt: TheAttempt) -> Any:
    """Requests in flight finish and are kept; no new ones are sent."""
    await benchmarks.cancel(door, who, attempt, run_id)
    return await _run(door, run_id)


@router.get("/{run_id}/results", response_model=BenchmarkResultListResponse)
async def get_benchmark_results(run_id: UUID, door: TheDoor, who: Viewer) -> Any:
    return await read(
        door,
        lambda connection: benchmark_reads.list_results(connection, run_id),
        f"benchmark {run_id}",
    )


@router.get("/{run_id}/export", responses=FILE, response_class=Response)
async def export_benchmark(
    run_id: UUID, door: TheDoor, who: Viewer, format: Format = "json"
) -> Any:
    """Every measured request of the run."""
    await read(
        door,
        lambda connection: benchmark_reads.stored_request(connection, run_id),
        f"benchmark {run_id}",
    )
    return export(_rows(door, run_id), format, "arguslm-benchmark", _COLUMNS)


async def _run(door: Door, run_id: UUID) -> BenchmarkDetailResponse:
    return await read(
        door,
        lambda connection: benchmark_reads.get_run(connection, run_id),
        f"benchmark {run_id}",
    )


async def _rows(door: Door, run_id: UUID) -> AsyncIterator[Mapping[str, Any]]:
    async with door.database.reading() as connection:
        async for row in benchmark_reads.export_rows(connection, run_id):
            yield row
