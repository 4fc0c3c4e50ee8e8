"""REGISTRY -> what is registered now, and where every aggregate stands."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events import registry as events
from arguslm_contracts.measurement import Record
from arguslm_query_api import tables
from arguslm_query_api.projections.storable import storable
from arguslm_storage.database import in_chunks, upsert

Row = Mapping[str, Any]

# Lists are stored as plain JSON.
_JSON_FIELDS = {"settings", "metadata", "channel_ids"}


async def fold(connection: AsyncConnection, batch: Sequence[Recorded]) -> None:
    """Each event carries the whole state, so of one thing's events in a batch the last one wins."""
    changes = _Changes(set(await connection.scalars(select(tables.providers.c.provider_id))))
    for recorded in batch:
        if isinstance(recorded.event, events.RegistryEvent):
            changes.take(recorded, recorded.event)
    await changes.write(connection)


class _Changes:
    """What a batch leaves behind: rows by table and key, None where a thing was removed."""

    def __init__(self, known_providers: set[UUID]) -> None:
        self._known_providers = known_providers
        self._rows: dict[Table, dict[Any, Row | None]] = {}
        self._emptied_providers: set[UUID] = set()

    def take(self, recorded: Recorded, event: events.RegistryEvent) -> None:
        position: dict[str, Any] = {
            "revision": event.revision,
            "sequence": recorded.sequence,
        }
        if not event.once:
            self._put(tables.aggregates, {"subject": event.aggregate, **position})
        match event:
            case events.ProviderRegistered() | events.ProviderUpdated():
                self._known_providers.add(event.provider.provider_id)
                position["updated_at"] = event.at
                self._put_state(tables.providers, event.provider, position)
            case events.ProviderRemoved():
                self._remove_provider(event.provider_id)
            case events.ModelRegistered() | events.ModelUpdated():
                # A discovery may answer after its provider is gone.
                if event.model.provider_id in self._known_providers:
                    self._put_state(tables.models, event.model, position)
            case events.ModelRemoved():
                self._remove(tables.models, event.model_id)
            case events.MonitoringConfigured():
                self._put_config(event, position)
            case events.MonitoringRunRequested():
                self._put(tables.monitoring_runs, {**_run(event), **position})
            case _:
                self._take_rest(event, position)

    def _take_rest(self, event: events.RegistryEvent, position: Row) -> None:
        match event:
            case events.RuleCreated() | events.RuleUpdated():
                self._put_state(tables.rules, event.rule, position)
            case events.RuleRemoved():
                self._remove(tables.rules, event.rule_id)
            case events.ChannelCreated() | events.ChannelUpdated():
                self._put_state(tables.channels, event.channel, position)
            case events.ChannelRemoved():
                self._remove(tables.channels, event.channel_id)
            case events.AccountCreated() | events.AccountUpdated():
                self._put_state(tables.accounts, event.account, position)
            case events.AccountRemoved():
                self._remove(tables.accounts, event.account_id)
            case events.SessionEnded():
                ended = {"session_id": event.session_id, "expires_at": event.expires_at}
                self._put(tables.ended_sessions, ended)
            case events.ApiKeyCreated():
                self._put_state(tables.api_keys, event.api_key, position)
            case events.ApiKeyRevoked():
                self._remove(tables.api_keys, event.key_id)

    def _put_state(self, table: Table, state: Record, position: Row) -> None:
        self._put(table, {**_columns(table, state), **position})

    def _put_config(self, event: events.MonitoringConfigured, position: Row) -> None:
        """`created_at` stays that of the first configuration, in this batch or before it."""
        earlier = self._rows.get(tables.monitoring_config, {}).get(event.key)
        created_at = earlier["created_at"] if earlier else event.at
        named = {"name": event.key, "created_at": created_at, **position}
        self._put_state(tables.monitoring_config, event.config, named)

    def _put(self, table: Table, row: Row) -> None:
        self._rows.setdefault(table, {})[row[_key(table)]] = row

    def _remove(self, table: Table, key: UUID) -> None:
        self._rows.setdefault(table, {})[key] = None

    def _remove_provider(self, provider_id: UUID) -> None:
        self._known_providers.discard(provider_id)
        self._emptied_providers.add(provider_id)
        self._remove(tables.providers, provider_id)
        models = self._rows.get(tables.models, {})
        for model_id, row in models.items():
            if row is not None and row["provider_id"] == provider_id:
                models[model_id] = None

    async def write(self, connection: AsyncConnection) -> None:
        """Removals first: what this batch put after a removal must stay."""
        for provider_ids in in_chunks(sorted(self._emptied_providers)):
            emptied = tables.models.c.provider_id.in_(provider_ids)
            await connection.execute(delete(tables.models).where(emptied))
        for table, rows in self._rows.items():
            removed = [key for key, row in rows.items() if row is None]
            for keys in in_chunks(removed):
                await connection.execute(delete(table).where(table.c[_key(table)].in_(keys)))
            kept = ("created_at",) if table is tables.monitoring_config else ()
            present = [row for row in rows.values() if row is not None]
            await upsert(connection, table, present, keep=kept)


def _key(table: Table) -> str:
    """The name of a table's one key column."""
    return next(iter(table.primary_key.columns)).name


def _columns(table: Table, state: Record) -> dict[str, Any]:
    """The state's fields that the table has a column for."""
    values = {**state.model_dump(), **state.model_dump(mode="json", include=_JSON_FIELDS)}
    return {name: storable(value) for name, value in values.items() if name in table.columns}


def _run(event: events.MonitoringRunRequested) -> dict[str, Any]:
    return {
        "run_id": event.run_id,
        "model_ids": [str(model_id) for model_id in event.model_ids],
        "requested_by": event.actor,
        "requested_at": event.at,
    }
