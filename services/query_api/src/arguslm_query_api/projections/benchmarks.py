"""BENCHMARKS -> runs and their samples. A removed run leaves nothing behind but
its bill."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events import benchmarks as events
from arguslm_contracts.outcomes import VERDICTS
from arguslm_query_api import tables
from arguslm_query_api.projections.storable import storable
from arguslm_query_api.rollup import Charges, slot_start
from arguslm_storage.database import in_chunks, insert_new, upsert


async def fold(connection: AsyncConnection, batch: Sequence[Recorded]) -> None:
    """Runs are taken up, changed in memory in the order of the stream, and written once."""
    happened = [one.event for one in batch if isinstance(one.event, events.BenchmarkEvent)]
    runs = await _stored_runs(connection, {event.run_id for event in happened})
    samples: list[dict[str, Any]] = []
    bills: list[dict[str, Any]] = []
    removed: set[UUID] = set()
    for event in happened:
        match event:
            case events.BenchmarkRequested():
                runs.setdefault(event.run_id, _requested(event))
            case events.BenchmarkSampled() if event.run_id in runs:
                samples.append(_sample(event))
                bills.append(_bill(event))
            case events.BenchmarkRemoved():
                runs.pop(event.run_id, None)
                removed.add(event.run_id)
            case _ if event.run_id in runs:
                runs[event.run_id] |= _changes(event)
    for run_ids in in_chunks(sorted(removed)):
        for table in (tables.benchmark_samples, tables.benchmark_runs):
            await connection.execute(delete(table).where(table.c.run_id.in_(run_ids)))
    kept = [sample for sample in samples if sample["run_id"] not in removed]
    await upsert(connection, tables.benchmark_runs, list(runs.values()))
    await insert_new(connection, tables.benchmark_samples, kept)
    await insert_new(connection, tables.benchmark_bills, bills)


async def _stored_runs(
    connection: AsyncConnection, run_ids: set[UUID]
) -> dict[UUID, dict[str, Any]]:
    table = tables.benchmark_runs
    query = select(table).where(table.c.run_id.in_(run_ids))
    return {row["run_id"]: dict(row) for row in (await connection.execute(query)).mappings()}


def _requested(event: events.BenchmarkRequested) -> dict[str, Any]:
    return {
        "run_id": event.run_id,
        "title": storable(event.title),
        "plan": storable(event.plan.model_dump(mode="json")),
        "requested_by": event.requested_by,
        "requested_at": event.requested_at,
        "status": "pending",
        "started_at": None,
        "cancel_requested_by": None,
        "completed_at": None,
        "message": None,
    }


def _changes(event: events.BenchmarkEvent) -> dict[str, Any]:
    """What an event changes in its run."""
    match event:
        case events.BenchmarkStarted():
            return {"status": "running", "started_at": event.started_at}
        case events.BenchmarkCancelRequested():
            return {"cancel_requested_by": event.requested_by}
        case events.BenchmarkCompleted():
            return {
                "status": event.status,
                "message": storable(event.message),
                "completed_at": event.completed_at,
            }
        case _:
            return {}


def _sample(event: events.BenchmarkSampled) -> dict[str, Any]:
    return {
        "run_id": event.run_id,
        "model_id": event.model_id,
        "warmup": event.warmup,
        "index": event.index,
        "started_at": event.started_at,
        "outcome": event.measurement.outcome.value,
        "failed": not VERDICTS[event.measurement.outcome].usable,
        "measurement": storable(event.measurement.model_dump(mode="json", exclude_none=True)),
    }


def _bill(event: events.BenchmarkSampled) -> dict[str, Any]:
    return {
        "run_id": event.run_id,
        "model_id": event.model_id,
        "warmup": event.warmup,
        "index": event.index,
        "day": slot_start(event.started_at, 86_400),
        **Charges.of(event.measurement)._asdict(),
    }
