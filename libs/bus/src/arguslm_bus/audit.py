"""The invariants of the house, judged from its events alone: whatever was asked is answered once,
and whoever was to be told was told.

Pure: it reads no clock and no table. Requests and alerts have to be seen before their answers.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.alerts import (
    AlertRaised,
    AlertResolved,
    NotificationDelivered,
    NotificationFailed,
)
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted, CheckRequested, ClockTicked
from arguslm_contracts.events.history import HourClosed

Fault = Literal[
    "check_unanswered",
    "check_answered_twice",
    "raise_not_told",
    "resolve_not_told",
    "resolved_twice",
]

# A request that has lapsed is given up by the scheduler, and completed by any prober there is.
ANSWER_GRACE = timedelta(minutes=1)
# A notification is tried for about ten minutes before it is given up, and a resolve waits for it.
# While the house rests nobody tries, and when it wakes the tries begin anew.
TOLD_GRACE = timedelta(minutes=25)
REST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant that does not hold. `subject` is the id of the check or the alert."""

    fault: Fault
    subject: UUID
    text: str


@dataclass(slots=True)
class _Alert:
    channel_ids: tuple[UUID, ...]
    raised_at: datetime
    resolved_at: datetime | None = None
    resolves: int = 0


class Audit:
    """See every event, then ask for the findings, of what was asked or raised in
    since <= time < until; what became of it may lie outside.

    A channel that was removed or switched off still answers: a notification to it is given up in
    words, so every channel of an alert has exactly one answer to its raise and to its resolve.
    """

    def __init__(self, *, since: datetime | None = None, until: datetime | None = None) -> None:
        self._since = since
        self._until = until
        self._lapses_at: dict[UUID, datetime] = {}
        self._due_at: dict[UUID, datetime] = {}
        self._answers_since: datetime | None = None
        self._answers: Counter[UUID] = Counter()
        self._alerts: dict[UUID, _Alert] = {}
        self._told: set[tuple[UUID, str, UUID]] = set()
        self._latest: datetime | None = None
        self._latest_check: datetime | None = None
        self._woke_at: datetime | None = None

    @property
    def checks(self) -> int:
        """How many check requests were seen."""
        return len(self._lapses_at)

    @property
    def alerts(self) -> int:
        return len(self._alerts)

    def see(self, recorded: Recorded) -> None:
        """Take one event into account; those of other kinds only tell how late it is."""
        self._latest = _later(self._latest, recorded.time)
        event = recorded.event
        if isinstance(event, CheckRequested | CheckCompleted):
            self._latest_check = _later(self._latest_check, recorded.time)
            self._see_check(event, recorded.time)
        elif isinstance(event, ClockTicked):
            if timedelta(seconds=event.second - event.previous_second) > REST:
                self._woke_at = _later(self._woke_at, recorded.time)
        elif isinstance(event, HourClosed):
            self._answers_since = event.given_up_before
        else:
            self._see_alert(event, recorded.time)

    def _is_asked_for(self, time: datetime) -> bool:
        return (self._since is None or time >= self._since) and (
            self._until is None or time < self._until
        )

    def _see_check(self, event: CheckRequested | CheckCompleted, time: datetime) -> None:
        if isinstance(event, CheckRequested):
            if self._is_asked_for(time):
                self._lapses_at[event.request_id] = event.lapses_at
                self._due_at[event.request_id] = event.due_at
        elif event.check_id in self._lapses_at:
            self._answers[event.check_id] += 1

    def _see_alert(self, event: Event, time: datetime) -> None:
        if isinstance(event, AlertRaised):
            if self._is_asked_for(time):
                self._alerts[event.alert_id] = _Alert(event.channel_ids, event.raised_at)
        elif isinstance(event, AlertResolved) and event.alert_id in self._alerts:
            alert = self._alerts[event.alert_id]
            alert.resolved_at, alert.resolves = event.resolved_at, alert.resolves + 1
        elif isinstance(event, NotificationDelivered | NotificationFailed):
            self._told.add((event.alert_id, event.transition, event.channel_id))

    def findings(self) -> Iterator[Finding]:
        """What does not hold: of checks as of the newest check seen, for what was published since
        is not known yet; of alerts as of the newest event of all."""
        if self._latest_check is not None:
            yield from self._check_findings(self._latest_check)
        if self._latest is not None:
            yield from self._alert_findings(self._latest)

    def _check_findings(self, now: datetime) -> Iterator[Finding]:
        for check_id, lapses_at in self._lapses_at.items():
            answers = self._answers[check_id]
            if answers > 1:
                yield Finding("check_answered_twice", check_id, f"{answers} completions")
            elif not answers and lapses_at + ANSWER_GRACE < now and not self._aged_out(check_id):
                text = f"no completion, though it lapsed at {lapses_at:%Y-%m-%d %H:%M:%S}"
                yield Finding("check_unanswered", check_id, text)

    def _aged_out(self, check_id: UUID) -> bool:
        """Whether the answer may have been given up since."""
        since = self._answers_since
        return since is not None and self._due_at[check_id] < since

    def _alert_findings(self, now: datetime) -> Iterator[Finding]:
        for alert_id, alert in self._alerts.items():
            if alert.resolves > 1:
                yield Finding("resolved_twice", alert_id, f"{alert.resolves} resolves")
            for channel_id in alert.channel_ids:
                if self._untold(alert_id, "raised", channel_id, alert.raised_at, now):
                    yield Finding("raise_not_told", alert_id, f"channel {channel_id}")
                if self._untold(alert_id, "resolved", channel_id, alert.resolved_at, now):
                    yield Finding("resolve_not_told", alert_id, f"channel {channel_id}")

    def _untold(
        self, alert_id: UUID, transition: str, channel_id: UUID, at: datetime | None, now: datetime
    ) -> bool:
        if at is None or _later(self._woke_at, at) + TOLD_GRACE >= now:
            return False
        return (alert_id, transition, channel_id) not in self._told


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
