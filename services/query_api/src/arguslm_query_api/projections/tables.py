"""The service's tables and folds, for the projector, `arguslm rebuild` and `arguslm verify`."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.tables import ServiceTables
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.streams import ACCOUNTS, ALERTS, BENCHMARKS, CHECKS, REGISTRY
from arguslm_query_api.projections import (
    accounts,
    alerts,
    benchmarks,
    checks,
    history,
    reclassified,
    registry,
)
from arguslm_query_api.tables import checkpoints, metadata


async def _fold_checks(connection: AsyncConnection, batch: Sequence[Recorded]) -> None:
    await checks.fold(connection, batch)
    await reclassified.fold(connection, batch)
    await history.fold(connection, batch)


SERVICE_TABLES = ServiceTables(
    service="query-api",
    version=3,
    metadata=metadata,
    checkpoints=checkpoints,
    folds={
        REGISTRY.name: registry.fold,
        ACCOUNTS.name: accounts.fold,
        CHECKS.name: _fold_checks,
        BENCHMARKS.name: benchmarks.fold,
        ALERTS.name: alerts.fold,
    },
    migrations=Path(__file__).parent.parent / "migrations",
)
