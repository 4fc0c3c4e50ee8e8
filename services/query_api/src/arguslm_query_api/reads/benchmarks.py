"""Benchmark runs, their results, and statistics per model."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, RowMapping, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.benchmarks import BenchmarkPlan, BenchmarkRequested, BenchmarkStatus
from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import Measurement
from arguslm_contracts.rest.benchmarks import (
    BenchmarkDetailResponse,
    BenchmarkListResponse,
    BenchmarkResultListResponse,
    BenchmarkResultResponse,
    BenchmarkRunResponse,
)
from arguslm_query_api import tables
from arguslm_query_api.reads.check_rows import error_of
from arguslm_query_api.statistics import model_statistics, pooled_statistics

_RUNS, _SAMPLES = tables.benchmark_runs, tables.benchmark_samples


async def list_runs(
    connection: AsyncConnection,
    *,
    page: int = 1,
    per_page: int = 20,
    status: BenchmarkStatus | None = None,
) -> BenchmarkListResponse:
    """One page of runs, newest first; pages count from 1."""
    query, counted = _runs(), select(func.count()).select_from(_RUNS)
    if status is not None:
        query = query.where(_RUNS.c.status == status)
        counted = counted.where(_RUNS.c.status == status)
    query = (
        query.order_by(_RUNS.c.requested_at.desc(), _RUNS.c.run_id.desc())
        .limit(per_page)
        .offset((page - 1) * per_page)
    )
    return BenchmarkListResponse(
        runs=[_run(row) for row in (await connection.execute(query)).mappings()],
        total=await connection.scalar(counted) or 0,
        page=page,
        per_page=per_page,
    )


async def get_run(connection: AsyncConnection, run_id: UUID) -> BenchmarkDetailResponse | None:
    """A run with all its measured requests and the statistics of each model."""
    run = (await connection.execute(_runs().where(_RUNS.c.run_id == run_id))).mappings().first()
    if run is None:
        return None
    plan = BenchmarkPlan.model_validate(run["plan"])
    samples = await _measured(connection, run_id)
    by_model: dict[UUID, list[Measurement]] = {one.model_id: [] for one in plan.targets}
    for sample in samples:
        measurement = Measurement.model_validate(sample["measurement"])
        by_model.setdefault(sample["model_id"], []).append(measurement)
    models = [
        model_statistics(target, by_model[target.model_id])
        for target in {one.model_id: one for one in plan.targets}.values()
    ]
    return BenchmarkDetailResponse(
        **_run(run).model_dump(),
        results=_results(plan, samples),
        statistics=pooled_statistics(models),
        models=models,
    )


async def list_results(
    connection: AsyncConnection, run_id: UUID
) -> BenchmarkResultListResponse | None:
    """The measured requests of a run, by model and number."""
    plan = await _plan(connection, run_id)
    if plan is None:
        return None
    results = _results(plan, await _measured(connection, run_id))
    return BenchmarkResultListResponse(results=results, total=len(results))


async def stored_request(connection: AsyncConnection, run_id: UUID) -> BenchmarkRequested | None:
    """What was asked for."""
    query = select(_RUNS).where(_RUNS.c.run_id == run_id)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else BenchmarkRequested.model_validate(dict(row))


async def export_rows(connection: AsyncConnection, run_id: UUID) -> AsyncIterator[dict[str, Any]]:
    """The measured requests of a run as plain JSON values; what was not measured is None."""
    plan = await _plan(connection, run_id)
    if plan is None:
        return
    targets = {one.model_id: one for one in plan.targets}
    async with connection.stream(_measured_query(run_id)) as rows:
        async for row in rows.mappings():
            target = targets[row["model_id"]]
            measured = Measurement.model_validate(row["measurement"])
            yield {
                "model_name": target.display_name,
                "provider": target.target.provider_name,
                "ttft_ms": measured.timing.first_token_ms,
                "tps": _overall_tokens_per_s(measured),
                "tps_excluding_ttft": measured.tokens_per_s,
                "total_latency_ms": measured.timing.total_ms,
                "input_tokens": measured.usage.input_tokens,
                "output_tokens": measured.usage.output_tokens,
                "error": error_of(row),
                "timestamp": row["started_at"].isoformat(),
                "index": row["index"],
                "outcome": row["outcome"],
                "fault_owner": measured.fault_owner.value,
                "http_status": measured.evidence.http_status,
                "model": target.target.model,
                "model_id": str(row["model_id"]),
            }


def _runs() -> Select[tuple[object, ...]]:
    """Runs with how many of their measured requests are done, and how many of those failed."""
    of_run = (_SAMPLES.c.run_id == _RUNS.c.run_id) & ~_SAMPLES.c.warmup
    done = select(func.count()).select_from(_SAMPLES).where(of_run).scalar_subquery()
    failed = select(func.sum(_SAMPLES.c.failed.cast(Integer))).where(of_run).scalar_subquery()
    return select(_RUNS, done.label("result_count"), failed.label("failed_count"))


async def _plan(connection: AsyncConnection, run_id: UUID) -> BenchmarkPlan | None:
    plan = await connection.scalar(select(_RUNS.c.plan).where(_RUNS.c.run_id == run_id))
    return None if plan is None else BenchmarkPlan.model_validate(plan)


def _measured_query(run_id: UUID) -> Select[tuple[object, ...]]:
    return (
        select(_SAMPLES)
        .where(_SAMPLES.c.run_id == run_id, ~_SAMPLES.c.warmup)
        .order_by(_SAMPLES.c.model_id, _SAMPLES.c.index)
    )


async def _measured(connection: AsyncConnection, run_id: UUID) -> Sequence[RowMapping]:
    return (await connection.execute(_measured_query(run_id))).mappings().all()


def _run(row: RowMapping) -> BenchmarkRunResponse:
    plan = BenchmarkPlan.model_validate(row["plan"])
    message = row["message"]
    if row["cancel_requested_by"] is not None and row["completed_at"] is None:
        message = f"being cancelled by {row['cancel_requested_by']}"
    return BenchmarkRunResponse(
        id=row["run_id"],
        name=row["title"],
        status=row["status"],
        model_ids=[str(target.model_id) for target in plan.targets],
        prompt_pack=plan.prompt_pack,
        triggered_by=row["requested_by"],
        started_at=row["started_at"] or row["requested_at"],
        completed_at=row["completed_at"],
        result_count=row["result_count"],
        expected_count=plan.runs * len(plan.targets),
        failed_count=row["failed_count"] or 0,
        max_tokens=plan.max_tokens,
        num_runs=plan.runs,
        concurrency=plan.concurrency,
        warmup_runs=plan.warmup_runs,
        message=message,
        created_at=row["requested_at"],
        updated_at=row["completed_at"] or row["started_at"] or row["requested_at"],
    )


def _results(plan: BenchmarkPlan, samples: Sequence[RowMapping]) -> list[BenchmarkResultResponse]:
    """In the order of the plan's models."""
    order = {target.model_id: number for number, target in enumerate(plan.targets)}
    names = {target.model_id: target.display_name for target in plan.targets}
    results = [_result(sample, names.get(sample["model_id"])) for sample in samples]
    return sorted(results, key=lambda one: (order.get(one.model_id, len(order)), one.index))


def _result(row: RowMapping, model_name: str | None) -> BenchmarkResultResponse:
    measured = Measurement.model_validate(row["measurement"])
    return BenchmarkResultResponse(
        id=derive("benchmark-result", row["run_id"], row["model_id"], row["index"]),
        model_id=row["model_id"],
        model_name=model_name,
        index=row["index"],
        outcome=row["outcome"],
        ttft_ms=measured.timing.first_token_ms or 0.0,
        tps=_overall_tokens_per_s(measured) or 0.0,
        tps_excluding_ttft=measured.tokens_per_s or 0.0,
        total_latency_ms=measured.timing.total_ms or 0.0,
        input_tokens=measured.usage.input_tokens or 0,
        output_tokens=measured.usage.output_tokens or 0,
        error=error_of(row),
        started_at=row["started_at"],
    )


def _overall_tokens_per_s(measured: Measurement) -> float | None:
    """0.x's `tps`: output tokens over the whole time, the wait for the first one included."""
    tokens, total_ms = measured.usage.output_tokens, measured.timing.total_ms
    return tokens / total_ms * 1_000 if tokens and total_ms else None
