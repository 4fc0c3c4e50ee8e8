"""What is told over a channel, and how telling ends when it does not work."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.alerts import (
    AlertRaised,
    AlertResolved,
    NotificationTestRequested,
    Transition,
)
from arguslm_contracts.events.registry import Severity


class NotTold(Exception):
    """A channel did not take the notice. The text is for people and never holds the address;
    `final`: trying again cannot help."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class UnknownChannel(NotTold):
    """The channel is not in the tables: most likely not read yet."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message about one transition; `alert` is the alert as JSON, empty for a test."""

    about: UUID
    transition: Transition
    severity: Severity
    title: str
    text: str
    event_id: str
    event_type: str
    time: datetime
    alert: dict[str, Any]

    @property
    def idempotency_key(self) -> str:
        """The same for every try of the same message."""
        return f"{self.about}.{self.transition}"


def raised_notice(recorded: Recorded, alert: AlertRaised) -> Notice:
    return Notice(
        about=alert.alert_id,
        transition="raised",
        severity=alert.severity,
        title=f"Down: {alert.model_name}",
        text=alert.message,
        alert=_shown(alert) | {"state": "open"},
        **_from(recorded),
    )


def resolved_notice(recorded: Recorded, alert: AlertResolved, raised: AlertRaised) -> Notice:
    shown = _shown(raised) | {
        "state": "resolved",
        "resolved_at": alert.model_dump(mode="json")["resolved_at"],
        "reason": alert.reason,
        "message": alert.message,
    }
    return Notice(
        about=alert.alert_id,
        transition="resolved",
        severity=raised.severity,
        title=f"{'Up again' if alert.reason == 'recovered' else 'Closed'}: {raised.model_name}",
        text=alert.message,
        alert=shown,
        **_from(recorded),
    )


def test_notice(recorded: Recorded, request: NotificationTestRequested) -> Notice:
    return Notice(
        about=request.test_id,
        transition="test",
        severity="info",
        title="Test",
        text=f"This is a test message from ArgusLM, asked for by {request.requested_by}.",
        alert={},
        **_from(recorded),
    )


def _shown(alert: AlertRaised) -> dict[str, Any]:
    return alert.model_dump(mode="json", exclude={"channel_ids", "notify_in_app"})


def _from(recorded: Recorded) -> dict[str, Any]:
    return {
        "event_id": recorded.event_id,
        "event_type": recorded.event.event_type(),
        "time": recorded.time,
    }
