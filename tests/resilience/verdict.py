"""What must hold after all of it, judged from the streams themselves."""

import itertools
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from nats.aio.client import Client

from arguslm_alerting.model import target_of
from arguslm_bus.reader import read_until, stream_state
from arguslm_contracts.endpoint_state import EndpointState, evolve
from arguslm_contracts.envelope import Recorded, decode
from arguslm_contracts.events.alerts import (
    AlertRaised,
    AlertResolved,
    NotificationDelivered,
    NotificationFailed,
)
from arguslm_contracts.events.checks import (
    CheckCompleted,
    CheckRequested,
    ClockTicked,
    DiscoveryCompleted,
    DiscoveryRequested,
)
from arguslm_contracts.identity import derive
from arguslm_contracts.streams import ALERTS, CHECK_REQUESTS, CHECKS, CLOCK, DEAD_LETTERS, REGISTRY

FAILURES_TO_RAISE, SUCCESSES_TO_RESOLVE = 2, 2


@dataclass
class History:
    """All that stands in the streams."""

    requests: list[Recorded] = field(default_factory=list)
    answers: list[Recorded] = field(default_factory=list)
    ticks: list[ClockTicked] = field(default_factory=list)
    alerts: list[Recorded] = field(default_factory=list)
    dead_letters: list[str] = field(default_factory=list)
    discovered: frozenset[UUID] = frozenset()
    """Models that were registered meanwhile."""

    @classmethod
    async def of(cls, client: Client) -> "History":
        ticks = [one.event for one in await _events(client, CLOCK.name)]
        return cls(
            await _events(client, CHECK_REQUESTS.name),
            await _events(client, CHECKS.name),
            [tick for tick in ticks if isinstance(tick, ClockTicked)],
            await _events(client, ALERTS.name),
            await _buried(client),
        )

    @classmethod
    async def of_alerts(cls, client: Client) -> "History":
        """Of these alone: the others are long."""
        return cls(alerts=await _events(client, ALERTS.name))

    def unanswered(self) -> set[UUID]:
        return set(_requested(self.requests)) - set(_answered(self.answers))

    def open_alerts(self) -> set[UUID]:
        events = [one.event for one in self.alerts]
        return {e.alert_id for e in events if isinstance(e, AlertRaised)} - {
            e.alert_id for e in events if isinstance(e, AlertResolved)
        }

    def untold(self) -> set[tuple[UUID, str, UUID]]:
        return set(_to_tell(self.alerts)) - set(_told(self.alerts))


def broken(history: History, rule_id: UUID | None) -> Iterator[str]:
    """Each invariant that does not hold, in words. `rule_id` is that of a rule on any model that
    stays as it is, and with it all that is watched; None where there is none."""
    yield from _each_answered_once(history)
    yield from _each_said_once(history)
    if rule_id is not None:
        yield from _alerts_follow_from_the_checks(history, rule_id)
    yield from _one_open_at_a_time(history.alerts)
    yield from _each_told_once(history)
    yield from _time_is_a_chain(history.ticks)
    yield from (f"dead letter: {text}" for text in history.dead_letters)


def _each_answered_once(history: History) -> Iterator[str]:
    answers = Counter(_answered(history.answers))
    for request_id in _requested(history.requests):
        if answers[request_id] != 1:
            yield f"request {request_id} has {answers[request_id]} answers"


def _each_said_once(history: History) -> Iterator[str]:
    for recorded in (history.requests, history.answers, history.alerts):
        for event_id, count in Counter(one.event_id for one in recorded).items():
            if count > 1:
                yield f"{event_id} stands {count} times"


def _alerts_follow_from_the_checks(history: History, rule_id: UUID) -> Iterator[str]:
    """One location, and a rule on any model: its alerts can be told from the checks alone."""
    due, over, ends = _expected_alerts(history.answers, rule_id)
    raised = {
        e.event.alert_id: e
        for e in history.alerts
        if isinstance(e.event, AlertRaised) and e.event.rule_id == rule_id
    }
    for alert_id in raised.keys() - due.keys():
        if not _stands_for_another(raised[alert_id], due, raised):
            yield f"alert {alert_id} was raised without a reason"
    for alert_id in due.keys() - raised.keys():
        # Of a model that alerting came to know when it was up again, there was nothing to tell.
        if alert_id not in over or due[alert_id] not in history.discovered:
            yield f"alert {alert_id} was not raised"
    for one in history.alerts:
        if not isinstance(one.event, AlertResolved) or one.event.alert_id not in due:
            continue
        by = one.cause.event_id if one.cause else None
        if one.event.reason == "recovered" and by != ends.get(one.event.alert_id):
            yield f"alert {one.event.alert_id} was resolved by {by}"


def _one_open_at_a_time(alerts: Sequence[Recorded]) -> Iterator[str]:
    """Of each rule and what it is on: raised, resolved, and only then raised again."""
    open_now: dict[tuple[UUID, str], UUID] = {}
    for event in (recorded.event for recorded in alerts):
        if not isinstance(event, AlertRaised | AlertResolved):
            continue
        target = event.rule_id, target_of(event.model_id, event.budget_id, event.probe_id)
        already = open_now.pop(target, None)
        if isinstance(event, AlertRaised):
            open_now[target] = event.alert_id
            if already is not None:
                yield f"alert {event.alert_id} was raised while {already} was open"
        elif already != event.alert_id:
            yield f"alert {event.alert_id} was resolved while it was not open"
    yield from (f"alert {alert_id} was never resolved" for alert_id in open_now.values())


def _stands_for_another(alert: Recorded, due: dict[UUID, UUID], raised: Container[UUID]) -> bool:
    """Streams are judged side by side: a model may be registered, for alerting, after it has gone
    down. Then that is what the alert comes from; it takes the place of the one that was due."""
    assert isinstance(alert.event, AlertRaised)
    if alert.cause is None or alert.cause.stream != REGISTRY.name:
        return False
    missing = [d for d, model in due.items() if model == alert.event.model_id and d not in raised]
    if missing:
        del due[missing[0]]
    return bool(missing)


def _expected_alerts(
    answers: list[Recorded], rule_id: UUID
) -> tuple[dict[UUID, UUID], set[UUID], dict[UUID, str]]:
    """Each alert with the model it is about; those whose model is up again; and by which event each
    is resolved."""
    states: dict[UUID, EndpointState] = {}
    down: dict[UUID, UUID] = {}
    alerts: dict[UUID, UUID] = {}
    ends: dict[UUID, str] = {}
    for recorded in answers:
        check = recorded.event
        if not isinstance(check, CheckCompleted):
            continue
        model_id = check.model_id
        state = evolve(states.get(model_id), check)
        if state is None:
            continue
        states[model_id] = state
        if model_id not in down and state.consecutive_failures >= FAILURES_TO_RAISE:
            alert_id = derive("alert", rule_id, str(model_id), recorded.event_id)
            down[model_id], alerts[alert_id] = alert_id, model_id
        elif state.consecutive_successes >= SUCCESSES_TO_RESOLVE and model_id in down:
            ends[down.pop(model_id)] = recorded.event_id
    up = {model_id for model_id, state in states.items() if state.consecutive_successes}
    over = {alert_id for alert_id, model_id in alerts.items() if model_id in up}
    return alerts, over, ends


def _each_told_once(history: History) -> Iterator[str]:
    told = Counter(_told(history.alerts))
    for about in _to_tell(history.alerts):
        if told[about] != 1:
            yield f"{about[1]} of alert {about[0]} was told {told[about]} times"


def _time_is_a_chain(ticks: list[ClockTicked]) -> Iterator[str]:
    for before, after in itertools.pairwise(ticks):
        if after.previous_second != before.second:
            yield f"tick {after.second} follows {after.previous_second}, not {before.second}"


def _requested(requests: list[Recorded]) -> Iterator[UUID]:
    for one in requests:
        if isinstance(one.event, CheckRequested | DiscoveryRequested):
            yield one.event.request_id


def _answered(answers: list[Recorded]) -> Iterator[UUID]:
    for one in answers:
        if isinstance(one.event, CheckCompleted):
            yield one.event.check_id
        elif isinstance(one.event, DiscoveryCompleted):
            yield one.event.request_id


def _to_tell(alerts: list[Recorded]) -> Iterator[tuple[UUID, str, UUID]]:
    for one in alerts:
        if isinstance(one.event, AlertRaised | AlertResolved):
            transition = "raised" if isinstance(one.event, AlertRaised) else "resolved"
            for channel_id in one.event.channel_ids:
                yield one.event.alert_id, transition, channel_id


def _told(alerts: list[Recorded]) -> Iterator[tuple[UUID, str, UUID]]:
    for one in alerts:
        if isinstance(one.event, NotificationDelivered | NotificationFailed):
            yield one.event.alert_id, one.event.transition, one.event.channel_id


async def _events(client: Client, stream: str) -> list[Recorded]:
    last = (await stream_state(client, stream)).last_sequence
    found: list[Recorded] = []
    async for batch in read_until(client, stream, after=0, until=last):
        found += [
            decode(m.headers, m.body, stream=stream, sequence=m.sequence, subject=m.subject)
            for m in batch
        ]
    return found


async def _buried(client: Client) -> list[str]:
    last = (await stream_state(client, DEAD_LETTERS.name)).last_sequence
    found: list[str] = []
    async for batch in read_until(client, DEAD_LETTERS.name, after=0, until=last):
        found += [f"{m.subject}: {(m.headers or {}).get('Arguslm-Dead-Reason')}" for m in batch]
    return found
