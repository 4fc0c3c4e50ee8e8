"""Alerts, rules and channels."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, SecretStr

from arguslm_contracts.events.registry import ChannelKind, RuleType, Severity
from arguslm_contracts.rest.base import Command, Shape


class AlertRuleCreate(Command):
    name: str = Field(min_length=1, max_length=255)
    rule_type: RuleType
    target_model_id: UUID | None = None
    target_model_name: str | None = None
    target_budget_id: UUID | None = Field(
        default=None, description="of `budget_used`; without it any budget"
    )
    target_probe_id: UUID | None = Field(
        default=None, description="of `probe_failed`; without it any probe"
    )
    threshold_percent: int | None = Field(
        default=None, ge=5, le=95, multiple_of=5, description="of `budget_used`"
    )
    enabled: bool = True
    severity: Severity = "critical"
    failures_to_raise: int = Field(default=2, ge=1, le=100)
    successes_to_resolve: int = Field(default=2, ge=1, le=100)
    notify_in_app: bool = True
    channel_ids: list[UUID] = []


class AlertRuleUpdate(Command):
    name: str | None = Field(default=None, min_length=1, max_length=255)
    enabled: bool | None = None
    severity: Severity | None = None
    threshold_percent: int | None = Field(default=None, ge=5, le=95, multiple_of=5)
    failures_to_raise: int | None = Field(default=None, ge=1, le=100)
    successes_to_resolve: int | None = Field(default=None, ge=1, le=100)
    notify_in_app: bool | None = None
    channel_ids: list[UUID] | None = None


class AlertRuleResponse(Shape):
    """The `notify_email`, `notify_webhook` and `webhook_url` of 0.x are read from the channels;
    an address is never shown."""

    id: UUID
    name: str
    rule_type: str
    enabled: bool
    target_model_id: UUID | None = None
    target_model_name: str | None = None
    target_budget_id: UUID | None = None
    target_probe_id: UUID | None = None
    threshold_percent: int | None = None
    threshold_config: dict[str, Any] | None = None
    severity: Severity = "critical"
    failures_to_raise: int = 2
    successes_to_resolve: int = 2
    notify_in_app: bool
    notify_email: bool = False
    notify_webhook: bool = False
    webhook_url: str | None = None
    channel_ids: list[UUID] = []
    revision: int = 1
    created_at: datetime


class NotificationRecord(Shape):
    channel_name: str
    transition: str
    delivered: bool
    attempts: int
    at: datetime
    error: str | None = None


class AlertResponse(Shape):
    id: UUID
    rule_id: UUID
    rule_name: str = ""
    model_id: UUID | None = None
    model_name: str = ""
    provider_name: str = ""
    severity: Severity = "critical"
    outcome: str = ""
    fault_owner: str = ""
    message: str
    state: Literal["open", "resolved"] = "open"
    since: datetime | None = None
    acknowledged: bool
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    resolve_reason: str | None = None
    notifications: list[NotificationRecord] = []
    created_at: datetime


class AlertListResponse(Shape):
    items: list[AlertResponse]
    unacknowledged_count: int
    total: int = 0
    limit: int
    offset: int


class UnreadCountResponse(Shape):
    count: int


class RecentAlertsResponse(Shape):
    items: list[AlertResponse]
    total_unread: int


class ChannelCreate(Command):
    """`url` is an https:// address for a webhook, or an Apprise address such as tgram://..."""

    name: str = Field(min_length=1, max_length=255)
    kind: ChannelKind
    url: SecretStr
    enabled: bool = True


class ChannelUpdate(Command):
    name: str | None = Field(default=None, min_length=1, max_length=255)
    url: SecretStr | None = None
    enabled: bool | None = None


class ChannelResponse(Shape):
    id: UUID
    name: str
    kind: ChannelKind
    url_hint: str = Field(description="scheme and host only")
    enabled: bool
    revision: int = 1
    created_at: datetime


class ChannelList(Shape):
    items: list[ChannelResponse]


class ChannelTestResponse(Shape):
    success: bool
    message: str
