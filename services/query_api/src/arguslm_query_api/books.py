"""Closing the books: the checks of each hour are summed up while the stream still has them.

What is summed up follows from the stream alone, and stands there under ids derived from it: two
that close the same hour, or one that begins again after a crash, come to the same events, and the
stream keeps one of each. Nothing is read from tables.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from nats.aio.client import Client

from arguslm_bus.folding import storable
from arguslm_bus.lookup import find_id, first_event, last_event
from arguslm_bus.publisher import Conflict, Publisher
from arguslm_bus.reader import RawMessage, read_until, stream_state
from arguslm_contracts import endpoint_state
from arguslm_contracts.endpoint_state import EndpointState
from arguslm_contracts.envelope import UnreadableEvent, decode
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.history import CheckSummarized, HourClosed, Speeds, Standing
from arguslm_contracts.reply_length import longer, thinking_reply_tokens
from arguslm_contracts.streams import CHECKS, FOREVER
from arguslm_query_api.model import LocationState, Sighting, evolve
from arguslm_query_api.rollup import COUNTS, SKETCHES, Rollup, Tally, slot_start

log = structlog.get_logger(__name__)

_CHECKS = f"{CheckCompleted.name}.>"
_HOUR = timedelta(hours=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_AFTER_THE_HOUR = timedelta(minutes=1)
_RETRY_S = 10.0
# A lowered setting lets go of one week with each hour that closes: no fold takes too long.
_MOST_AT_ONCE = timedelta(days=7)
# The broker knows twins for a while; half of it is for clocks that differ.
_SURELY_REMEMBERED = CHECKS.dedup_window / 2
_CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(slots=True)
class _Part:
    """Checks of one hour."""

    first: CheckCompleted
    first_completed_at: datetime
    last_completed_at: datetime
    rollup: Rollup = field(default_factory=Rollup)
    sums: dict[str, float] = field(default_factory=lambda: dict.fromkeys(SKETCHES, 0.0))
    longest_thinking_reply_tokens: int | None = None

    def add(self, check: CheckCompleted) -> None:
        self.first_completed_at = min(self.first_completed_at, check.completed_at)
        self.last_completed_at = max(self.last_completed_at, check.completed_at)
        tally = Tally.of(check.measurement, counts=check.counts)
        self.rollup.add(tally)
        for name in SKETCHES:
            self.sums[name] += getattr(tally, name) or 0.0
        self.longest_thinking_reply_tokens = longer(
            self.longest_thinking_reply_tokens, thinking_reply_tokens(check)
        )

    def speeds(self, name: str) -> Speeds:
        sketch = getattr(self.rollup, name)
        return Speeds(n=sketch.n, sum=round(self.sums[name], 6), sketch=sketch.to_json())


@dataclass(slots=True)
class _Endpoint:
    """One model at one location as of the stream's end, and its checks of the hour at hand.
    `due_at` is the latest due time among those and all before.

    `last_sequence` is that of the last event about it; `written` its last summary (sequence,
    stored_in, hour), which knew all that stands before it.
    """

    state: LocationState
    endpoint: EndpointState | None = None
    last_sequence: int = 0
    due_at: datetime = _LONG_AGO
    written: tuple[int, datetime, datetime] | None = None
    parts: dict[datetime, _Part] = field(default_factory=dict)

    def know(self, sequence: int, check: CheckCompleted) -> None:
        """Take a check into account that stands at the end of what is known."""
        if sequence <= self.last_sequence:
            return
        self.last_sequence = sequence
        if check.counts:
            self.state = evolve(self.state, Sighting.of(check))
            self.endpoint = endpoint_state.evolve(self.endpoint, check)

    def add(self, check: CheckCompleted) -> None:
        hour = slot_start(check.completed_at, int(_HOUR.total_seconds()))
        if hour not in self.parts:
            self.parts[hour] = _Part(check, check.completed_at, check.completed_at)
        self.parts[hour].add(check)

    def unwritten(self, stored_in: datetime) -> list[datetime]:
        """The hours whose summary an earlier attempt has not written yet."""
        return [
            hour
            for hour in sorted(self.parts)
            if self.written is None or self.written[1:] < (stored_in, hour)
        ]

    def summary(self, hour: datetime, stored_in: datetime) -> CheckSummarized:
        part, counts = self.parts[hour], self.state.last_check_id is not None
        # As long as no check has counted, the first one stands for the state that there is not.
        state = self.state if counts else evolve(self.state, Sighting.of(part.first))
        return CheckSummarized(
            model_id=self.state.model_id,
            location=self.state.location,
            hour=hour,
            stored_in=stored_in,
            first_check_id=part.first.check_id,
            first_completed_at=part.first_completed_at,
            last_completed_at=part.last_completed_at,
            outcomes=dict(sorted(part.rollup.outcomes.items())),
            standing=Standing.model_validate(state._asdict()),
            counts=counts,
            endpoint=self.endpoint,
            longest_thinking_reply_tokens=part.longest_thinking_reply_tokens,
            **{name: getattr(part.rollup, name) for name in COUNTS},
            **{name: part.speeds(name) for name in SKETCHES},
        )


class Books:
    """Closes hours for one service. `checks_age` is how long single checks are kept; FOREVER
    gives none up."""

    def __init__(self, client: Client, publisher: Publisher, checks_age: timedelta) -> None:
        self._client = client
        self._publisher = publisher
        self._checks_age = checks_age
        self._known: dict[tuple[UUID, str], _Endpoint] = {}
        self.trouble: str | None = None

    async def run(self) -> None:
        """Close each hour soon after its end, until cancelled."""
        while True:
            try:
                await self.close_hours()
            except Conflict as error:
                log.info("hour_closed_by_another", detail=str(error))
                await asyncio.sleep(1)
            except Exception as error:
                text = f"{type(error).__name__}: {error}"[:300]
                if text != self.trouble:
                    log.error("hour_not_closed", error=text)
                self.trouble = text
                await asyncio.sleep(_RETRY_S)
            else:
                self.trouble = None
                await asyncio.sleep(_until_next_hour(datetime.now(UTC)).total_seconds())

    async def close_hours(self) -> int:
        """Close every hour behind which a check of a later one stands; gives how many.

        Raises:
            Conflict: somebody else closes the same hour. Whoever begins again goes on from there.
        """
        self._known.clear()
        last = await self._last_closed()
        until = (await stream_state(self._client, CHECKS.name)).last_sequence
        after = last.through_sequence if last else 0
        async for message, check, _ in self._checks(_CHECKS, after, until):
            if check is not None:
                (await self._endpoint(check)).know(message.sequence, check)
        stored_in: datetime | None = None
        reached = closed = 0
        async for message, check, hour in self._checks(_CHECKS, after, until):
            if stored_in is not None and hour > stored_in:
                last = await self._close(stored_in, reached, last)
                closed += 1
            stored_in = hour if stored_in is None else max(stored_in, hour)
            reached = message.sequence
            if check is not None and check.purpose != "connection_test":
                await self._take(message, check)
        return closed

    async def _checks(
        self, subject: str, after: int, until: int
    ) -> AsyncIterator[tuple[RawMessage, CheckCompleted | None, datetime]]:
        """Each check with the hour it was stored in; None for one that cannot be read."""
        async for batch in read_until(
            self._client, CHECKS.name, after=after, until=until, subjects=(subject,)
        ):
            for message in batch:
                check, hour = _read(message)
                yield message, check, hour

    async def _last_closed(self) -> HourClosed | None:
        found = await last_event(self._client, CHECKS.name, f"{HourClosed.name}.>")
        return found.event if found and isinstance(found.event, HourClosed) else None

    async def _take(self, message: RawMessage, check: CheckCompleted) -> None:
        endpoint = await self._endpoint(check)
        due, endpoint.due_at = endpoint.due_at, max(endpoint.due_at, check.due_at)
        # A twin is due when its first one was, and comes when the broker has forgotten that one.
        late = message.stored_at - check.due_at > _SURELY_REMEMBERED
        # How far other probes were due, no summary knows.
        looks_known = late and (check.due_at <= due or not check.counts)
        if not (looks_known and await self._is_twin(message, check)):
            endpoint.add(check)

    async def _is_twin(self, message: RawMessage, check: CheckCompleted) -> bool:
        since = check.due_at - _CLOCKS_DIFFER
        first = await find_id(self._client, CHECKS.name, check.subject, check.event_id, since)
        return first is not None and first < message.sequence

    async def _endpoint(self, check: CheckCompleted) -> _Endpoint:
        key = (check.model_id, check.location)
        if key not in self._known:
            subject = f"{CheckSummarized.name}.{check.key}"
            found = await last_event(self._client, CHECKS.name, subject)
            endpoint = _Endpoint(LocationState(*key))
            if found is not None and isinstance(found.event, CheckSummarized):
                last = found.event
                endpoint.endpoint = last.endpoint
                endpoint.last_sequence = found.sequence
                if last.counts:
                    endpoint.state = LocationState(*key, **last.standing.model_dump())
                    endpoint.due_at = last.standing.last_due_at
                endpoint.written = (found.sequence, last.stored_in, last.hour)
            self._known[key] = endpoint
        return self._known[key]

    async def _write(self, endpoint: _Endpoint, stored_in: datetime) -> None:
        """Write what an endpoint's checks of an hour came to."""
        for hour in endpoint.unwritten(stored_in):
            while True:
                summary = endpoint.summary(hour, stored_in)
                known = endpoint.last_sequence
                try:
                    stored = await self._publisher.append(summary, expected_sequence=known)
                except Conflict:
                    await self._catch_up(endpoint, summary)
                    if endpoint.last_sequence == known:
                        raise
                else:
                    break
            endpoint.last_sequence = max(endpoint.last_sequence, stored.sequence)
            endpoint.written = (stored.sequence, stored_in, hour)

    async def _catch_up(self, endpoint: _Endpoint, summary: CheckSummarized) -> None:
        """Learn of the checks that came meanwhile."""
        after = endpoint.last_sequence
        until = (await stream_state(self._client, CHECKS.name)).last_sequence
        subject = f"{CheckCompleted.name}.{summary.key}"
        async for message, check, _ in self._checks(subject, after, until):
            if check is not None:
                endpoint.know(message.sequence, check)

    async def _close(self, hour: datetime, through: int, last: HourClosed | None) -> HourClosed:
        """Write the summaries of an hour, then that there are no more."""
        sizes: dict[str, int] = defaultdict(int)
        for endpoint in self._known.values():
            await self._write(endpoint, hour)
            sizes["summaries"] += len(endpoint.parts)
            sizes["checks"] += sum(part.rollup.checks for part in endpoint.parts.values())
            endpoint.parts.clear()
        given_up_through, given_up_before = await self._given_up(hour, last)
        closed = HourClosed(
            hour=hour,
            summaries=sizes["summaries"],
            checks=sizes["checks"],
            through_sequence=through,
            given_up_through=given_up_through,
            given_up_before=given_up_before,
        )
        stored = await self._publisher.append(closed)
        if stored.duplicate:
            raise Conflict(f"{closed.subject} stands at {stored.sequence}")
        log.info("hour_closed", hour=closed.key, **sizes)
        return closed

    async def _given_up(
        self, hour: datetime, last: HourClosed | None
    ) -> tuple[int, datetime | None]:
        """Through which sequence, and stored before when, checks are no longer kept. What has been
        given up once stays so."""
        if last is None or self._checks_age == FOREVER:
            return (last.given_up_through, last.given_up_before) if last else (0, None)
        through, start = last.given_up_through, last.given_up_before
        if start is None:
            first = await first_event(self._client, CHECKS.name, f"{HourClosed.name}.>")
            start = first.event.hour if first and isinstance(first.event, HourClosed) else hour
        end = min(hour + _HOUR - self._checks_age, start + _MOST_AT_ONCE)
        if end <= start:
            return through, last.given_up_before
        while start < end:
            subject = last.model_copy(update={"hour": start}).subject
            found = await last_event(self._client, CHECKS.name, subject)
            if found is not None and isinstance(found.event, HourClosed):
                through = found.event.through_sequence
            start += _HOUR
        return through, start


def _read(message: RawMessage) -> tuple[CheckCompleted | None, datetime]:
    """The check, if it can be read, and the hour it was stored in: by the server's clock, or by
    that of the prober where it is behind (as of events that were brought from elsewhere)."""
    stored_at, check = message.stored_at, None
    try:
        recorded = decode(
            message.headers,
            storable(message.body),
            stream=CHECKS.name,
            sequence=message.sequence,
            subject=message.subject,
        )
    except UnreadableEvent:
        # The projector has buried it.
        pass
    else:
        stored_at = min(stored_at, recorded.time)
        check = recorded.event if isinstance(recorded.event, CheckCompleted) else None
    return check, slot_start(stored_at, int(_HOUR.total_seconds()))


def _until_next_hour(now: datetime) -> timedelta:
    return slot_start(now, int(_HOUR.total_seconds())) + _HOUR + _AFTER_THE_HOUR - now
