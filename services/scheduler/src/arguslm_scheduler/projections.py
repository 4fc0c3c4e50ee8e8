"""REGISTRY -> the roster, CHECKS -> how long models reply. The clock is heard, not kept."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.tables import ServiceTables
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.history import CheckSummarized
from arguslm_contracts.events.registry import (
    ModelRegistered,
    ModelRemoved,
    ModelUpdated,
    MonitoringConfigured,
    ProviderRegistered,
    ProviderRemoved,
    ProviderUpdated,
    RegistryEvent,
)
from arguslm_contracts.reply_length import thinking_reply_tokens
from arguslm_contracts.streams import CHECKS, CLOCK, REGISTRY
from arguslm_scheduler.model import Row, evolve_model, evolve_monitoring, evolve_provider
from arguslm_scheduler.tables import (
    checkpoints,
    metadata,
    models,
    monitoring,
    providers,
    reply_lengths,
)
from arguslm_storage.database import in_chunks, upsert


async def fold_registry(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """Bring the roster to the state after these events."""
    changed = [recorded.event for recorded in events]
    await _evolve(
        connection,
        providers,
        evolve_provider,
        [
            (_provider_id(event), event)
            for event in changed
            if isinstance(event, ProviderRegistered | ProviderUpdated | ProviderRemoved)
        ],
    )
    await _evolve(
        connection,
        models,
        evolve_model,
        [
            (_model_id(event), event)
            for event in changed
            if isinstance(event, ModelRegistered | ModelUpdated | ModelRemoved)
        ],
    )
    await _evolve(
        connection,
        monitoring,
        evolve_monitoring,
        [(event.key, event) for event in changed if isinstance(event, MonitoringConfigured)],
    )


def _provider_id(event: ProviderRegistered | ProviderUpdated | ProviderRemoved) -> Any:
    return event.provider_id if isinstance(event, ProviderRemoved) else event.provider.provider_id


def _model_id(event: ModelRegistered | ModelUpdated | ModelRemoved) -> Any:
    return event.model_id if isinstance(event, ModelRemoved) else event.model.model_id


async def _evolve(
    connection: AsyncConnection,
    table: Table,
    evolve: Callable[[Row | None, Any], Row | None],
    changes: Sequence[tuple[Any, RegistryEvent]],
) -> None:
    """Read the rows these events are about, evolve them in order, write what came of it."""
    (key,) = table.primary_key.columns
    rows: dict[Any, Row | None] = {}
    for some in in_chunks(list({changed for changed, _ in changes})):
        found = await connection.execute(select(table).where(key.in_(some)))
        rows |= {row[key.name]: row for row in found.mappings()}
    for changed, event in changes:
        rows[changed] = evolve(rows.get(changed), event)
    await upsert(connection, table, [row for row in rows.values() if row is not None])
    for some in in_chunks([changed for changed, row in rows.items() if row is None]):
        await connection.execute(delete(table).where(key.in_(some)))


async def fold_checks(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """Keep the longest reply of each model that thinks first."""
    longest: dict[UUID, int] = {}
    for recorded in events:
        if isinstance(recorded.event, CheckCompleted | CheckSummarized):
            tokens = _thinking_reply_tokens(recorded.event)
            if tokens is not None:
                model_id = recorded.event.model_id
                longest[model_id] = max(tokens, longest.get(model_id, 0))
    if not longest:
        return
    for some in in_chunks(list(longest)):
        known = select(reply_lengths).where(reply_lengths.c.model_id.in_(some))
        for row in await connection.execute(known):
            longest[row.model_id] = max(longest[row.model_id], row.longest_tokens)
    rows = [{"model_id": model_id, "longest_tokens": n} for model_id, n in longest.items()]
    await upsert(connection, reply_lengths, rows)


def _thinking_reply_tokens(event: CheckCompleted | CheckSummarized) -> int | None:
    """An hour tells what its checks told, for whoever no longer finds them."""
    if isinstance(event, CheckCompleted):
        return thinking_reply_tokens(event)
    return event.longest_thinking_reply_tokens


async def hear(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """Ticks lead to decisions and leave no row."""


SERVICE_TABLES = ServiceTables(
    service="scheduler",
    version=2,
    metadata=metadata,
    checkpoints=checkpoints,
    folds={REGISTRY.name: fold_registry, CLOCK.name: hear, CHECKS.name: fold_checks},
    migrations=Path(__file__).parent / "migrations",
)
