"""What people who watch are told of an event: checks and alerts whole, the rest as a hint of what
to look at again."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.accounts import SessionEnded
from arguslm_contracts.events.alerts import AlertEvent, NotificationEvent
from arguslm_contracts.events.benchmarks import (
    BenchmarkCancelRequested,
    BenchmarkCompleted,
    BenchmarkEvent,
    BenchmarkRemoved,
    BenchmarkRequested,
)
from arguslm_contracts.events.checks import CheckCompleted, DiscoveryCompleted
from arguslm_contracts.events.registry import RegistryEvent
from arguslm_contracts.rest.system import LiveMessage
from arguslm_query_api.reads import alerts, checks
from arguslm_storage.database import Database


def messages_from(
    database: Database,
) -> Callable[[Sequence[Recorded]], Awaitable[dict[str, LiveMessage]]]:
    """Makes the messages of a batch, by event id, from what the tables show by now."""

    async def messages_of(batch: Sequence[Recorded]) -> dict[str, LiveMessage]:
        check_ids = {_check_id(recorded) for recorded in batch} - {None}
        alert_ids = {_alert_id(recorded) for recorded in batch} - {None}
        shown: dict[UUID | None, LiveMessage] = {}
        async with database.glancing() as connection:
            if check_ids:
                for check in await checks.find_checks(connection, [*filter(None, check_ids)]):
                    shown[check.id] = _message("check", check.model_dump(mode="json"))
            if alert_ids:
                for alert in await alerts.find_alerts(connection, [*filter(None, alert_ids)]):
                    shown[alert.id] = _message("alert", alert.model_dump(mode="json"))
        messages = {
            one.event_id: shown.get(_check_id(one) or _alert_id(one)) or _hint(one) for one in batch
        }
        return {event_id: message for event_id, message in messages.items() if message}

    return messages_of


def _check_id(recorded: Recorded) -> UUID | None:
    event = recorded.event
    shown = isinstance(event, CheckCompleted) and event.purpose != "connection_test"
    return event.check_id if shown and isinstance(event, CheckCompleted) else None


def _alert_id(recorded: Recorded) -> UUID | None:
    event = recorded.event
    if isinstance(event, NotificationEvent):
        return None if event.transition == "test" else event.alert_id
    return event.alert_id if isinstance(event, AlertEvent) else None


def _hint(recorded: Recorded) -> LiveMessage | None:
    event = recorded.event
    if isinstance(event, BenchmarkEvent):
        return _message("benchmark", {"id": str(event.run_id), "status": _status_after(event)})
    if isinstance(event, DiscoveryCompleted):
        return changed("provider", str(event.provider_id))
    if isinstance(event, RegistryEvent) and not isinstance(event, SessionEnded):
        return changed(event.name.split(".")[0], event.key)
    return None


def changed(aggregate: str, key: str) -> LiveMessage:
    """Something of this kind is not as it was."""
    return _message("registry", {"aggregate": aggregate, "id": key})


def _message(kind: Any, data: dict[str, Any]) -> LiveMessage:
    return LiveMessage(kind=kind, data=data)


def _status_after(event: BenchmarkEvent) -> str:
    match event:
        case BenchmarkRequested():
            return "pending"
        case BenchmarkCancelRequested():
            return "cancelling"
        case BenchmarkCompleted():
            return event.status
        case BenchmarkRemoved():
            return "removed"
        case _:
            return "running"
