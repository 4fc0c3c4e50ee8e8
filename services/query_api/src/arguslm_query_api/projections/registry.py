"""REGISTRY -> what is registered now, and where every aggregate stands."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events import probes
from arguslm_contracts.events import registry as events
from arguslm_contracts.identity import derive
from arguslm_query_api import tables
from arguslm_query_api.projections.changes import Changes, Row
from arguslm_storage.database import in_chunks
from arguslm_storage.driver import rows_of

_PROVIDERS = select(tables.providers.c.provider_id)


async def fold(connection: AsyncConnection, batch: Sequence[Recorded]) -> None:
    changes = _Changes({row["provider_id"] for row in await rows_of(connection, _PROVIDERS)})
    for recorded in batch:
        if isinstance(recorded.event, events.RegistryEvent):
            changes.take(recorded, recorded.event)
    await changes.write(connection)


class _Changes(Changes):
    """Models go with their provider, and none comes without one."""

    def __init__(self, known_providers: set[UUID]) -> None:
        super().__init__()
        self._known_providers = known_providers
        self._emptied_providers: set[UUID] = set()

    def take(self, recorded: Recorded, event: events.RegistryEvent) -> None:
        position = self.place(recorded, event)
        match event:
            case events.ProviderRegistered() | events.ProviderUpdated():
                self._known_providers.add(event.provider.provider_id)
                position["updated_at"] = event.at
                self.put_state(tables.providers, event.provider, position)
            case events.ProviderRemoved():
                self._remove_provider(event.provider_id)
            case events.ModelState():
                # A discovery may answer after its provider is gone.
                if event.model.provider_id in self._known_providers:
                    self.put_state(tables.models, event.model, position)
            case events.ModelRemoved():
                self.remove(tables.models, event.model_id)
            case events.MonitoringConfigured():
                self._put_config(event, position)
            case events.MonitoringRunRequested():
                self.put(tables.monitoring_runs, {**_run(event), **position})
            case _:
                self._take_rest(event, position)

    def _take_rest(self, event: events.RegistryEvent, position: Row) -> None:
        match event:
            case events.RuleCreated() | events.RuleUpdated():
                self.put_state(tables.rules, event.rule, position)
            case events.RuleRemoved():
                self.remove(tables.rules, event.rule_id)
            case events.BudgetCreated() | events.BudgetUpdated() | events.BudgetReserved():
                self.put_state(tables.budgets, event.budget, position)
                if isinstance(event, events.BudgetReserved):
                    self.put(tables.bookings, _booking(event))
            case events.BudgetRemoved():
                self.remove(tables.budgets, event.budget_id)
            case probes.ProbeState():
                self.put_state(tables.probes, event.probe, position)
            case probes.ProbeRemoved():
                self.remove(tables.probes, event.probe_id)
            case events.ChannelCreated() | events.ChannelUpdated():
                self.put_state(tables.channels, event.channel, position)
            case events.ChannelRemoved():
                self.remove(tables.channels, event.channel_id)

    def _put_config(self, event: events.MonitoringConfigured, position: Row) -> None:
        """`created_at` stays that of the first configuration, in this batch or before it."""
        earlier = self.rows(tables.monitoring_config).get(event.key)
        created_at = earlier["created_at"] if earlier else event.at
        named = {"name": event.key, "created_at": created_at, **position}
        self.put_state(tables.monitoring_config, event.config, named)

    def _remove_provider(self, provider_id: UUID) -> None:
        self._known_providers.discard(provider_id)
        self._emptied_providers.add(provider_id)
        self.remove(tables.providers, provider_id)
        models = self.rows(tables.models)
        for model_id, row in models.items():
            if row is not None and row["provider_id"] == provider_id:
                models[model_id] = None

    async def write(self, connection: AsyncConnection) -> None:
        """Models of removed providers first: what this batch put after a removal must stay."""
        for provider_ids in in_chunks(sorted(self._emptied_providers)):
            emptied = tables.models.c.provider_id.in_(provider_ids)
            await connection.execute(delete(tables.models).where(emptied))
        await super().write(connection)


def _booking(event: events.BudgetReserved) -> dict[str, Any]:
    return {
        "booking_id": derive("booking", event.key, event.run_id),
        "budget_id": event.budget.budget_id,
        "run_id": event.run_id,
        "day": event.day,
        "nano_usd": round(event.usd * 1e9),
    }


def _run(event: events.MonitoringRunRequested) -> dict[str, Any]:
    return {
        "run_id": event.run_id,
        "model_ids": [str(model_id) for model_id in event.model_ids],
        "requested_by": event.actor,
        "requested_at": event.at,
    }
