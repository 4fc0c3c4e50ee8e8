"""Every event there is. What is not listed here cannot be published or read."""

from arguslm_contracts.events import (
    accounts,
    alerts,
    benchmarks,
    checks,
    history,
    registry,
    spending,
)
from arguslm_contracts.events.base import Event

EVENTS: tuple[type[Event], ...] = (
    registry.ProviderRegistered,
    registry.ProviderUpdated,
    registry.ProviderRemoved,
    registry.ModelRegistered,
    registry.ModelUpdated,
    registry.ModelRetired,
    registry.ModelListed,
    registry.ModelRemoved,
    registry.MonitoringConfigured,
    registry.MonitoringRunRequested,
    registry.RuleCreated,
    registry.RuleUpdated,
    registry.RuleRemoved,
    registry.ChannelCreated,
    registry.ChannelUpdated,
    registry.ChannelRemoved,
    registry.BudgetCreated,
    registry.BudgetUpdated,
    registry.BudgetReserved,
    registry.BudgetRemoved,
    accounts.AccountCreated,
    accounts.AccountUpdated,
    accounts.AccountRemoved,
    accounts.SessionEnded,
    accounts.ApiKeyCreated,
    accounts.ApiKeyRevoked,
    checks.CheckRequested,
    checks.CheckAbandoned,
    checks.CheckCompleted,
    checks.CheckReclassified,
    checks.DiscoveryRequested,
    checks.DiscoveryCompleted,
    history.CheckSummarized,
    history.HourClosed,
    spending.SpendingReported,
    checks.ClockTicked,
    benchmarks.BenchmarkRequested,
    benchmarks.BenchmarkStarted,
    benchmarks.BenchmarkSampled,
    benchmarks.BenchmarkCancelRequested,
    benchmarks.BenchmarkCompleted,
    benchmarks.BenchmarkRemoved,
    alerts.AlertRaised,
    alerts.AlertResolved,
    alerts.AlertAcknowledged,
    alerts.NotificationTestRequested,
    alerts.NotificationDelivered,
    alerts.NotificationFailed,
)

BY_TYPE: dict[str, type[Event]] = {event.event_type(): event for event in EVENTS}

RESERVED: dict[str, str] = {
    "silence": "an alert is kept quiet for a while",
    "maintenance": "a model is expected to be down for a while",
    "benchmark-plan": "a benchmark is kept to be run again",
    "incident": "alerts that belong together, with a timeline",
}
"""Subjects that streams and users already provide for, though no event is published there yet."""
