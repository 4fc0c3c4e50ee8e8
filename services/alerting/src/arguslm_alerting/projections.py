"""How the streams become alerting's tables. Folding an event again changes nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_alerting import tables, verdicts
from arguslm_alerting.model import target_of
from arguslm_bus.tables import ServiceTables
from arguslm_contracts.endpoint_state import EndpointState, evolve
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events import registry
from arguslm_contracts.events.alerts import AlertRaised, AlertResolved
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.history import CheckSummarized
from arguslm_contracts.events.probes import ProbeRemoved, ProbeState
from arguslm_contracts.events.spending import SpendingReported
from arguslm_contracts.outcomes import FaultOwner, Outcome
from arguslm_contracts.streams import ALERTS, CHECKS, REGISTRY
from arguslm_storage.bulk import rows_among
from arguslm_storage.database import upsert
from arguslm_storage.driver import Row, all_of, rows_of, run

_STATES = select(tables.endpoint_states)
_RESOLVE = (
    update(tables.alerts)
    .where(tables.alerts.c.alert_id == bindparam("of_alert"))
    .values(resolved_at=bindparam("at"))
)
_NEWEST_DECISION = select(tables.decided).where(
    tables.decided.c.rule_id == bindparam("of_rule"),
    tables.decided.c.target == bindparam("of_target"),
    tables.decided.c.stream == bindparam("of_stream"),
)


async def take_turn(connection: AsyncConnection) -> None:
    """Replicas on one PostgreSQL write one after the other, so that each knows all that the others
    have said before it speaks. The lock is the first of its transaction: no two can cross."""
    if connection.dialect.name == "postgresql":
        await run(connection, f"LOCK TABLE {tables.alerts.name} IN EXCLUSIVE MODE")


async def fold_registry(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    await take_turn(connection)
    for recorded in events:
        await _fold_registry_event(connection, recorded)


async def _fold_registry_event(connection: AsyncConnection, recorded: Recorded) -> None:
    match recorded.event:
        case registry.RuleCreated(rule=rule) | registry.RuleUpdated(rule=rule):
            row = {"rule": rule.model_dump(mode="json"), "removed": False}
            await _put(connection, tables.rules, rule.rule_id, row, recorded)
        case registry.RuleRemoved(rule_id=rule_id):
            await _put(connection, tables.rules, rule_id, {"removed": True}, recorded)
        case registry.ChannelCreated(channel=channel) | registry.ChannelUpdated(channel=channel):
            row = channel.model_dump(include={"name", "kind", "url", "enabled"})
            await _put(
                connection, tables.channels, channel.channel_id, row | {"removed": False}, recorded
            )
        case registry.ChannelRemoved(channel_id=channel_id):
            gone = {"removed": True, "url": None}
            await _put(connection, tables.channels, channel_id, gone, recorded)
        case registry.ModelState(model=model):
            row = model.model_dump(include={"provider_id", "name", "custom_name"})
            row["retired"] = model.retired_at is not None
            await _switch(connection, tables.models, model.model_id, model.watched, row, recorded)
        case registry.ModelRemoved(model_id=model_id):
            gone = {"removed": True, "on_since": None}
            await _put(connection, tables.models, model_id, gone, recorded)
        case (
            registry.ProviderRegistered(provider=provider)
            | registry.ProviderUpdated(provider=provider)
        ):
            row = {"display_name": provider.display_name}
            await _switch(
                connection, tables.providers, provider.provider_id, provider.enabled, row, recorded
            )
        case registry.ProviderRemoved(provider_id=provider_id):
            gone = {"removed": True, "on_since": None}
            await _put(connection, tables.providers, provider_id, gone, recorded)
        case registry.MonitoringConfigured(config=config, key=key):
            await _switch(connection, tables.monitoring, key, config.enabled, None, recorded)
        case _:
            await _fold_budget_event(connection, recorded)


async def _fold_budget_event(connection: AsyncConnection, recorded: Recorded) -> None:
    match recorded.event:
        case registry.BudgetCreated() | registry.BudgetUpdated() | registry.BudgetReserved():
            budget_id, removed = recorded.event.budget.budget_id, False
        case registry.BudgetRemoved(budget_id=budget_id):
            removed = True
        case _:
            await _fold_probe_event(connection, recorded)
            return
    await _put(connection, tables.budgets, budget_id, {"removed": removed}, recorded)


async def _fold_probe_event(connection: AsyncConnection, recorded: Recorded) -> None:
    match recorded.event:
        case ProbeState(probe=probe):
            row = {"name": probe.name, "enabled": probe.enabled, "removed": False}
            await _put(connection, tables.probes, probe.probe_id, row, recorded)
        case ProbeRemoved(probe_id=probe_id):
            await _put(connection, tables.probes, probe_id, {"removed": True}, recorded)


async def _switch(
    connection: AsyncConnection,
    table: Table,
    key: UUID | str,
    on: bool,
    row: dict[str, Any] | None,
    recorded: Recorded,
) -> None:
    """Put a row with `on_since`: the event's time when it switches on, kept while it stays on."""
    assert isinstance(recorded.event, registry.RegistryEvent)
    known = await _row_of(connection, table, key)
    before = known["on_since"] if known else None
    since = (before or recorded.event.at) if on else None
    removed = {} if row is None else row | {"removed": False}
    changes = removed | {"on_since": since}
    await _write(connection, table, known, {_key_of(table).name: key} | changes, recorded)


async def _put(
    connection: AsyncConnection,
    table: Table,
    key: UUID | str,
    changes: dict[str, Any],
    recorded: Recorded,
) -> None:
    """Change the row of a key, or insert it when it is new and complete."""
    known = await _row_of(connection, table, key)
    await _write(connection, table, known, {_key_of(table).name: key} | changes, recorded)


async def _row_of(connection: AsyncConnection, table: Table, key: UUID | str) -> Row | None:
    rows = await rows_among(connection, all_of(table), {_key_of(table): [key]})
    return rows[0] if rows else None


async def _write(
    connection: AsyncConnection,
    table: Table,
    known: Row | None,
    changes: dict[str, Any],
    recorded: Recorded,
) -> None:
    """Never by an older event than what is known is of."""
    is_older = known is not None and known["sequence"] >= recorded.sequence
    is_incomplete = known is None and changes.get("removed")
    if not is_older and not is_incomplete:
        row = (known or {}) | changes | {"sequence": recorded.sequence}
        await upsert(connection, table, [row])


def _key_of(table: Table) -> Column[Any]:
    (key,) = table.primary_key.columns
    return key


async def fold_checks(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    await take_turn(connection)
    found = [r.event for r in events if isinstance(r.event, CheckCompleted | CheckSummarized)]
    known = await _states_of(connection, found)
    moved: dict[tuple[UUID, str], EndpointState] = {}
    for event in found:
        key = (event.model_id, event.location)
        before = moved.get(key) or known.get(key)
        after = _after(before, event)
        if after is not None and after is not before:
            moved[key] = after
    await upsert(connection, tables.endpoint_states, [state_row(s) for s in moved.values()])
    await verdicts.fold(connection, events)
    for recorded in events:
        if isinstance(recorded.event, SpendingReported):
            report = recorded.event
            columns = {"budget_name", "used_percent", "used_usd", "usd_per_day", "at"}
            row = report.model_dump(include=columns)
            await _put(connection, tables.budget_reports, report.budget_id, row, recorded)


def _after(
    before: EndpointState | None, event: CheckCompleted | CheckSummarized
) -> EndpointState | None:
    """An hour tells the state that its checks led to, for whoever no longer finds them."""
    if isinstance(event, CheckCompleted):
        return evolve(before, event)
    told = event.endpoint
    if told is None or (before is not None and told.is_older_than(before)):
        return before
    return told


async def _states_of(
    connection: AsyncConnection, checks: Sequence[CheckCompleted | CheckSummarized]
) -> dict[tuple[UUID, str], EndpointState]:
    model_ids = {check.model_id for check in checks}
    keys = {tables.endpoint_states.c.model_id: model_ids}
    states = map(state_of, await rows_among(connection, _STATES, keys))
    return {(state.model_id, state.location): state for state in states}


def state_of(row: Any) -> EndpointState:
    """A row of `endpoint_states`, as the model knows it."""
    values = dict(row)
    values["outcome"] = Outcome(values["outcome"])
    values["fault_owner"] = FaultOwner(values["fault_owner"])
    return EndpointState(**values)


def state_row(state: EndpointState) -> dict[str, Any]:
    return {column.name: getattr(state, column.name) for column in tables.endpoint_states.c}


async def fold_alerts(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    await take_turn(connection)
    for recorded in events:
        match recorded.event:
            case AlertRaised() as alert:
                await upsert(connection, tables.alerts, [_alert_row(alert)], keep=["resolved_at"])
                await _note_decision(connection, alert, recorded)
            case AlertResolved() as alert:
                about = {"of_alert": alert.alert_id, "at": alert.resolved_at}
                await rows_of(connection, _RESOLVE, **about)
                await _note_decision(connection, alert, recorded)


def _alert_row(alert: AlertRaised) -> dict[str, Any]:
    about = {"model_id", "budget_id", "probe_id", "model_name", "provider_name"}
    row = alert.model_dump(include=about | {"alert_id", "rule_id", "since"})
    return row | {
        "channel_ids": [str(channel_id) for channel_id in alert.channel_ids],
        "resolved_at": None,
    }


async def _note_decision(
    connection: AsyncConnection, alert: AlertRaised | AlertResolved, recorded: Recorded
) -> None:
    """Remember how far the cause's stream has been decided; only ever forward in ALERTS."""
    cause = recorded.cause
    if cause is None:
        return
    target = target_of(alert.model_id, alert.budget_id, alert.probe_id)
    known = await newest_decision(connection, alert.rule_id, target, cause.stream)
    if known is not None and known["decision_sequence"] >= recorded.sequence:
        return
    row = {
        "rule_id": alert.rule_id,
        "target": target,
        "stream": cause.stream,
        "sequence": cause.sequence,
        "event_id": cause.event_id,
        "decision_sequence": recorded.sequence,
    }
    await upsert(connection, tables.decided, [row])


async def newest_decision(
    connection: AsyncConnection, rule_id: UUID, target: str, stream: str
) -> Row | None:
    """What a rule's last decision on a target followed from, of a stream's events."""
    rows = await rows_of(
        connection, _NEWEST_DECISION, of_rule=rule_id, of_target=target, of_stream=stream
    )
    return rows[0] if rows else None


SERVICE_TABLES = ServiceTables(
    service="alerting",
    version=2,
    metadata=tables.metadata,
    checkpoints=tables.checkpoints,
    folds={REGISTRY.name: fold_registry, CHECKS.name: fold_checks, ALERTS.name: fold_alerts},
    migrations=Path(__file__).parent / "migrations",
)
