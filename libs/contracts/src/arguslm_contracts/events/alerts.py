"""ALERTS: what was judged, who acknowledged it, and who was told."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from arguslm_contracts.events.base import Event
from arguslm_contracts.events.registry import RuleType, Severity
from arguslm_contracts.outcomes import FaultOwner, Outcome

ResolveReason = Literal[
    "recovered",
    "rule_removed",
    "rule_disabled",
    "model_removed",
    "monitoring_off",
    "model_retired",
    "budget_removed",
    "probe_removed",
]
Transition = Literal["raised", "resolved", "test"]


class AlertEvent(Event):
    once: ClassVar[bool] = True
    alert_id: UUID

    @property
    def key(self) -> str:
        return str(self.alert_id)

    @property
    def identity(self) -> str:
        return str(self.alert_id)


class AlertRaised(AlertEvent):
    """An incident began. `alert_id` derives from rule, target and the event that tipped it, and
    its subject may hold one message only: the stream refuses a twin for ever.

    One of a budget has its `budget_id`, and the budget's name where others have the model's; one of
    a probe has its `probe_id` beside the model's id.
    """

    name: ClassVar[str] = "alert.raised"
    rule_id: UUID
    rule_name: str
    rule_type: RuleType
    severity: Severity
    model_id: UUID | None
    budget_id: UUID | None = None
    probe_id: UUID | None = None
    model_name: str
    provider_name: str
    outcome: Outcome
    fault_owner: FaultOwner
    since: datetime
    raised_at: datetime
    message: str
    notify_in_app: bool = True
    channel_ids: tuple[UUID, ...] = ()


class AlertResolved(AlertEvent):
    """The incident is over; its message says how."""

    name: ClassVar[str] = "alert.resolved"
    rule_id: UUID
    model_id: UUID | None
    budget_id: UUID | None = None
    probe_id: UUID | None = None
    reason: ResolveReason
    resolved_at: datetime
    message: str
    channel_ids: tuple[UUID, ...] = ()


class AlertAcknowledged(AlertEvent):
    """A person has seen it."""

    name: ClassVar[str] = "alert.acknowledged"
    acknowledged_by: str
    acknowledged_at: datetime


class NotificationTestRequested(Event):
    """Send a test message over this channel; answered as transition `test` of `test_id`."""

    name: ClassVar[str] = "notification.test-requested"
    test_id: UUID
    channel_id: UUID
    requested_by: str

    @property
    def key(self) -> str:
        return str(self.test_id)

    @property
    def identity(self) -> str:
        return str(self.test_id)


class NotificationEvent(Event):
    once: ClassVar[bool] = True
    alert_id: UUID
    transition: Transition
    channel_id: UUID
    channel_name: str
    attempts: int
    at: datetime

    @property
    def key(self) -> str:
        return f"{self.alert_id}.{self.transition}.{self.channel_id}"

    @property
    def identity(self) -> str:
        return self.key


class NotificationDelivered(NotificationEvent):
    """The channel took the message."""

    name: ClassVar[str] = "notification.delivered"


class NotificationFailed(NotificationEvent):
    """Given up after bounded attempts; `error` carries no address."""

    name: ClassVar[str] = "notification.failed"
    error: str
