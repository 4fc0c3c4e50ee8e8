"""The service's tables and folds, for the projector, `arguslm rebuild` and `arguslm verify`."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.tables import ServiceTables
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.history import HourClosed
from arguslm_contracts.streams import ACCOUNTS, ALERTS, BENCHMARKS, CHECKS, REGISTRY
from arguslm_query_api.horizon import given_up
from arguslm_query_api.projections import (
    accounts,
    alerts,
    benchmarks,
    checks,
    connection_tests,
    discoveries,
    history,
    reclassified,
    registry,
)
from arguslm_query_api.projections.check_gist import CheckGist, check_gist
from arguslm_query_api.projections.letting_go import Horizon, horizons, let_go
from arguslm_query_api.projections.rollups import CheckSums
from arguslm_query_api.projections.states import StateChanges
from arguslm_query_api.tables import checkpoints, metadata


class _AfterChecks:
    """Rollups are written before they are let go of."""

    def __init__(
        self,
        states: StateChanges,
        sums: CheckSums,
        kept_since: datetime,
        let_go: Sequence[Horizon],
    ) -> None:
        self._states = states
        self._sums = sums
        self._kept_since = kept_since
        self._horizons = list(let_go)

    def join(self, later: "_AfterChecks") -> None:
        self._states.join(later._states)
        self._sums.join(later._sums)
        self._horizons += later._horizons

    async def write(self, connection: AsyncConnection) -> None:
        await self._states.write(connection)
        await self._sums.write(connection, self._kept_since)
        for through, before in self._horizons:
            await let_go(connection, through, before)


async def _fold_checks(
    connection: AsyncConnection, batch: Sequence[Recorded | CheckGist]
) -> _AfterChecks:
    given_up_through, kept_since = await given_up(connection)
    completed = [one for one in batch if isinstance(one, CheckGist)]
    others = [one for one in batch if isinstance(one, Recorded)]
    new = await checks.fold(connection, completed, given_up_through)
    await connection_tests.fold(connection, others, given_up_through)
    await discoveries.fold(connection, others)
    again = await reclassified.fold(connection, others)
    hours = await history.fold(connection, others)
    return _AfterChecks(
        StateChanges(batch, new),
        CheckSums(new.values(), hours, again),
        kept_since,
        horizons(others),
    )


SERVICE_TABLES = ServiceTables(
    service="query-api",
    version=6,
    metadata=metadata,
    checkpoints=checkpoints,
    folds={
        REGISTRY.name: registry.fold,
        ACCOUNTS.name: accounts.fold,
        CHECKS.name: _fold_checks,
        BENCHMARKS.name: benchmarks.fold,
        ALERTS.name: alerts.fold,
    },
    folded_first={CHECKS.name: f"{HourClosed.name}.>"},
    gists={CHECKS.name: check_gist},
    migrations=Path(__file__).parent.parent / "migrations",
)
