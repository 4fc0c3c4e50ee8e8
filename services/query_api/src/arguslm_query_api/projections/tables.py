"""The service's tables and folds, for the projector, `arguslm rebuild` and `arguslm verify`."""

from pathlib import Path

from arguslm_bus.tables import ServiceTables
from arguslm_contracts.streams import ALERTS, BENCHMARKS, CHECKS, REGISTRY
from arguslm_query_api.projections import alerts, benchmarks, checks, registry
from arguslm_query_api.tables import checkpoints, metadata

SERVICE_TABLES = ServiceTables(
    service="query-api",
    version=1,
    metadata=metadata,
    checkpoints=checkpoints,
    folds={
        REGISTRY.name: registry.fold,
        CHECKS.name: checks.fold,
        BENCHMARKS.name: benchmarks.fold,
        ALERTS.name: alerts.fold,
    },
    migrations=Path(__file__).parent.parent / "migrations",
)
