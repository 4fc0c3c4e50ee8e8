"""The monitoring configuration, runs, and history in the form of ArgusLM 0.x."""

import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.registry import MonitoringConfig
from arguslm_contracts.identity import derive
from arguslm_contracts.probes import ProbeKind
from arguslm_contracts.rest.monitoring import (
    MonitoringConfigResponse,
    MonitoringRunResponse,
    UptimeCheckResponse,
    UptimeHistoryResponse,
)
from arguslm_query_api import tables
from arguslm_query_api.model import CheckStatus, check_status
from arguslm_query_api.reads.check_rows import (
    CHECKS,
    CHECKS_WITH_MODELS,
    NEWEST_FIRST,
    error_of,
    has_status,
)
from arguslm_query_api.reads.models import WATCHED
from arguslm_query_api.reads.stored import Stored, as_stored

CONFIG_ID = derive("monitoring", "global")

_NEVER_CONFIGURED = datetime(1970, 1, 1, tzinfo=UTC)


async def stored_config(connection: AsyncConnection) -> Stored[MonitoringConfig]:
    """The configuration in force; the defaults, at revision 0, when nobody has configured."""
    query = select(tables.monitoring_config)
    row = (await connection.execute(query)).mappings().first()
    return (MonitoringConfig(), 0, 0) if row is None else as_stored(MonitoringConfig, row)


async def get_config(connection: AsyncConnection) -> MonitoringConfigResponse:
    config, revision, _ = await stored_config(connection)
    created_at = await connection.scalar(select(tables.monitoring_config.c.created_at))
    last_run_at = await connection.scalar(select(func.max(tables.model_states.c.last_completed_at)))
    return MonitoringConfigResponse(
        id=CONFIG_ID,
        interval_minutes=math.ceil(config.interval_s / 60),
        interval_s=config.interval_s,
        prompt_pack=config.prompt_pack,
        max_tokens=config.max_tokens,
        enabled=config.enabled,
        last_run_at=last_run_at,
        revision=revision,
        created_at=created_at or _NEVER_CONFIGURED,
    )


async def get_run(connection: AsyncConnection, run_id: UUID) -> MonitoringRunResponse | None:
    """How many of a run's models have been checked: `queued`, `running` or `completed`."""
    runs = tables.monitoring_runs
    model_ids = await connection.scalar(select(runs.c.model_ids).where(runs.c.run_id == run_id))
    if model_ids is None:
        return None
    checked = await connection.scalar(
        select(func.count(CHECKS.c.model_id.distinct())).where(CHECKS.c.run_id == run_id)
    )
    requested, completed = len(model_ids), checked or 0
    status = "queued" if completed == 0 else "running"
    if completed >= requested:
        status = "completed"
    return MonitoringRunResponse(
        run_id=str(run_id),
        status=status,
        message=f"{completed} of {requested} models checked",
        requested=requested,
        completed=completed,
    )


async def uptime_history(
    connection: AsyncConnection,
    *,
    model_id: UUID | None = None,
    status: CheckStatus | None = None,
    since: datetime | None = None,
    enabled_only: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> UptimeHistoryResponse:
    """One page of history, newest first; `enabled_only` leaves out models no longer watched."""
    query = _history(model_id)
    if status is not None:
        query = query.where(has_status(status))
    if since is not None:
        query = query.where(CHECKS.c.completed_at >= since)
    if enabled_only:
        query = query.where(WATCHED)
    counted = query.with_only_columns(func.count(), maintain_column_froms=True)
    page = query.order_by(*NEWEST_FIRST).limit(limit).offset(offset)
    return UptimeHistoryResponse(
        items=[_uptime_check(row) for row in (await connection.execute(page)).mappings()],
        total=await connection.scalar(counted) or 0,
        limit=limit,
        offset=offset,
    )


async def export_rows(
    connection: AsyncConnection,
    *,
    model_id: UUID | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> AsyncIterator[dict[str, Any]]:
    """Every check with start <= completed_at <= end, newest first, as plain JSON values; read
    from the database as it is consumed."""
    query = _history(model_id)
    if start is not None:
        query = query.where(CHECKS.c.completed_at >= start)
    if end is not None:
        query = query.where(CHECKS.c.completed_at <= end)
    async with connection.stream(query.order_by(*NEWEST_FIRST)) as rows:
        async for row in rows.mappings():
            yield _export_row(row)


def _history(model_id: UUID | None) -> Select[tuple[object, ...]]:
    """What tells of uptime: liveness and no other probe."""
    query = CHECKS_WITH_MODELS.where(CHECKS.c.kind == ProbeKind.LIVENESS)
    return query if model_id is None else query.where(CHECKS.c.model_id == model_id)


def _uptime_check(row: RowMapping) -> UptimeCheckResponse:
    return UptimeCheckResponse(
        id=row["check_id"],
        model_id=row["model_id"],
        model_name=row["model_name"],
        provider_type=row["provider_type"],
        status=check_status(row["available"], row["usable"]),
        latency_ms=row["total_ms"],
        ttft_ms=row["ttft_ms"],
        tps=row["tokens_per_s"],
        output_tokens=row["output_tokens"],
        error=error_of(row),
        created_at=row["completed_at"],
    )


def _export_row(row: RowMapping) -> dict[str, Any]:
    return {
        "model_name": row["model_name"],
        "provider": row["provider_name"],
        "status": check_status(row["available"], row["usable"]),
        "latency_ms": row["total_ms"],
        "error": error_of(row),
        "timestamp": row["completed_at"].isoformat(),
        "ttft_ms": row["ttft_ms"],
        "tps": row["tokens_per_s"],
        "input_tokens": row["measurement"].get("usage", {}).get("input_tokens"),
        "output_tokens": row["output_tokens"],
        "outcome": row["outcome"],
        "fault_owner": row["measurement"]["fault_owner"],
        "http_status": row["measurement"].get("evidence", {}).get("http_status"),
        "location": row["location"],
        "purpose": row["purpose"],
        "model": row["model"],
        "model_id": str(row["model_id"]),
        "check_id": str(row["check_id"]),
    }
