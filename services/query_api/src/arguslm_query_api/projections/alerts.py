"""ALERTS -> alerts, and who was told of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events import alerts as events
from arguslm_query_api import tables
from arguslm_query_api.projections.storable import storable
from arguslm_storage.database import upsert

_NotificationKey = tuple[UUID, str, UUID]


async def fold(connection: AsyncConnection, batch: Sequence[Recorded]) -> None:
    happened = [one.event for one in batch if isinstance(one.event, events.AlertEvent)]
    await _fold_alerts(connection, happened)
    told = [one.event for one in batch if isinstance(one.event, events.NotificationEvent)]
    await _fold_notifications(connection, told)


async def _fold_alerts(connection: AsyncConnection, happened: Sequence[events.AlertEvent]) -> None:
    table = tables.alerts
    query = select(table).where(table.c.alert_id.in_({event.alert_id for event in happened}))
    alerts: dict[UUID, dict[str, Any]] = {
        row["alert_id"]: dict(row) for row in (await connection.execute(query)).mappings()
    }
    for event in happened:
        if isinstance(event, events.AlertRaised):
            alerts.setdefault(event.alert_id, _raised(event))
        elif event.alert_id in alerts:
            alerts[event.alert_id] |= _changes(event)
    await upsert(connection, table, list(alerts.values()))


def _raised(event: events.AlertRaised) -> dict[str, Any]:
    columns = {column.name: None for column in tables.alerts.columns}
    given = storable(event.model_dump(include=set(columns)))
    return {
        **columns,
        **given,
        "outcome": event.outcome.value,
        "fault_owner": event.fault_owner.value,
    }


def _changes(event: events.AlertEvent) -> dict[str, Any]:
    """What an event changes in its alert."""
    match event:
        case events.AlertResolved():
            return {"resolved_at": event.resolved_at, "resolve_reason": event.reason}
        case events.AlertAcknowledged():
            return {
                "acknowledged_by": event.acknowledged_by,
                "acknowledged_at": event.acknowledged_at,
            }
        case _:
            return {}


async def _fold_notifications(
    connection: AsyncConnection, told: Sequence[events.NotificationEvent]
) -> None:
    """A failure that a later attempt made good is a delivery; a delivery stays one."""
    table = tables.notifications
    query = select(table).where(
        table.c.alert_id.in_({event.alert_id for event in told}), table.c.delivered
    )
    delivered: set[_NotificationKey] = {
        (row["alert_id"], row["transition"], row["channel_id"])
        for row in (await connection.execute(query)).mappings()
    }
    rows: list[dict[str, Any]] = []
    for event in told:
        key = (event.alert_id, event.transition, event.channel_id)
        if key not in delivered:
            rows.append(_notification(event))
        if isinstance(event, events.NotificationDelivered):
            delivered.add(key)
    await upsert(connection, table, rows)


def _notification(event: events.NotificationEvent) -> dict[str, Any]:
    return {
        **event.model_dump(include={"alert_id", "transition", "channel_id", "channel_name"}),
        "attempts": event.attempts,
        "at": event.at,
        "delivered": isinstance(event, events.NotificationDelivered),
        "error": storable(event.error) if isinstance(event, events.NotificationFailed) else None,
    }
