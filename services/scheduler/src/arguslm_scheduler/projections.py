"""REGISTRY -> the roster, budgets and probes; CHECK_REQUESTS, CHECKS and CLOCK -> the requests that
are open, the account of what is spent and reserved, how long models reply, and their vectors."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Table, delete
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.tables import ServiceTables
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.registry import (
    ModelRemoved,
    ModelState,
    MonitoringConfigured,
    ProviderRegistered,
    ProviderRemoved,
    ProviderUpdated,
)
from arguslm_contracts.streams import CHECK_REQUESTS, CHECKS, CLOCK, REGISTRY
from arguslm_scheduler import account, open_requests, probes, reply_lengths
from arguslm_scheduler.model import Row, evolve_model, evolve_monitoring, evolve_provider
from arguslm_scheduler.tables import (
    checkpoints,
    metadata,
    models,
    monitoring,
    providers,
)
from arguslm_storage.bulk import rows_among
from arguslm_storage.database import in_chunks, upsert
from arguslm_storage.driver import all_of


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
        lambda before, told: evolve_model(before, *told),
        [
            (_model_id(one.event), (one.event, one.sequence))
            for one in events
            if isinstance(one.event, ModelState | ModelRemoved)
        ],
    )
    await _evolve(
        connection,
        monitoring,
        evolve_monitoring,
        [(event.key, event) for event in changed if isinstance(event, MonitoringConfigured)],
    )
    await account.fold_budgets(connection, events)
    await probes.fold_definitions(connection, events)


def _provider_id(event: ProviderRegistered | ProviderUpdated | ProviderRemoved) -> Any:
    return event.provider_id if isinstance(event, ProviderRemoved) else event.provider.provider_id


def _model_id(event: ModelState | ModelRemoved) -> Any:
    return event.model_id if isinstance(event, ModelRemoved) else event.model.model_id


async def _evolve(
    connection: AsyncConnection,
    table: Table,
    evolve: Callable[[Row | None, Any], Row | None],
    changes: Sequence[tuple[Any, Any]],
) -> None:
    """Read the rows that changes are about, by key, evolve them in order, write what came of it."""
    (key,) = table.primary_key.columns
    keys = {changed for changed, _ in changes}
    found = await rows_among(connection, all_of(table), {key: keys})
    rows: dict[Any, Row | None] = {row[key.name]: row for row in found}
    for changed, told in changes:
        rows[changed] = evolve(rows.get(changed), told)
    await upsert(connection, table, [row for row in rows.values() if row is not None])
    for some in in_chunks([changed for changed, row in rows.items() if row is None]):
        await connection.execute(delete(table).where(key.in_(some)))


async def fold_requests(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """Bring both to the state after these events of CHECK_REQUESTS."""
    await open_requests.fold(connection, events)
    await account.fold_requests(connection, events)


async def fold_checks(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """Bring all of it to the state after these events of CHECKS."""
    await open_requests.fold(connection, events)
    await account.fold_checks(connection, events)
    await reply_lengths.fold(connection, events)
    await probes.fold_vectors(connection, events)


SERVICE_TABLES = ServiceTables(
    service="scheduler",
    version=4,
    metadata=metadata,
    checkpoints=checkpoints,
    # The clock comes last: a rebuild forgets what is old at its end, as the live tables have.
    folds={
        REGISTRY.name: fold_registry,
        CHECK_REQUESTS.name: fold_requests,
        CHECKS.name: fold_checks,
        CLOCK.name: open_requests.forget,
    },
    migrations=Path(__file__).parent / "migrations",
)
