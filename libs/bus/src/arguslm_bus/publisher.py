"""Appending events: always acknowledged by the stream, always under the event's own id."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from nats.aio.client import Client
from nats.errors import ConnectionClosedError, MaxPayloadError
from nats.errors import Error as NatsError
from nats.js.api import Header
from nats.js.errors import APIError, NotFoundError

from arguslm_bus.lookup import find_id
from arguslm_bus.not_now import NotNow
from arguslm_bus.reader import stream_state
from arguslm_contracts.envelope import Cause, Repeatable, encode
from arguslm_contracts.events.base import Event
from arguslm_contracts.subjects import stream_of

log = structlog.get_logger(__name__)

# The second is what a cluster says while another write is on its way.
_WRONG_LAST_SEQUENCE = (10071, 10164)
_EXPECTED_SUBJECT = "Nats-Expected-Last-Subject-Sequence-Subject"
_ATTEMPT_TIMEOUT_S = 5.0
# Half of the dedup window: the other half is for clocks that differ and publishes that take long.
_SURELY_REMEMBERED = 0.5
_CLOCKS_DIFFER = timedelta(hours=1)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class Conflict(Exception):
    """Somebody else wrote to this aggregate since we read it."""


class NotStored(NotNow):
    """The stream did not acknowledge: the event may be there or not. Saying it again is safe."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Where an event stands. `duplicate`: it had been stored before."""

    stream: str
    sequence: int
    duplicate: bool


class Publisher:
    """The voice of one service."""

    def __init__(self, client: Client, service: str) -> None:
        self._client = client
        self._jetstream = client.jetstream()
        self._service = service
        self._made: dict[str, datetime] = {}

    async def append(
        self,
        event: Event,
        *,
        expected_sequence: int | None = None,
        cause: Cause | None = None,
        request: Repeatable | None = None,
        attempts: int = 4,
        headers: Mapping[str, str] | None = None,
    ) -> Stored:
        """Store an event and wait for the acknowledgement.

        `expected_sequence` is the last sequence of the event's aggregate that the caller has seen
        (0: none). An event that may stand only once is expected to be the first of its subject;
        its twin counts as stored. A lost acknowledgement is retried under the same id. `headers`
        go beside those of the envelope.

        Raises:
            Conflict: the aggregate has moved on.
            NotStored: no acknowledgement after all attempts.
            MaxPayloadError: larger than the bus takes; it never will.
        """
        stream = stream_of(event.subject).name
        envelope, body = encode(
            event, source=self._service, time=datetime.now(UTC), cause=cause, request=request
        )
        envelope |= headers or {}
        expected = 0 if event.once and expected_sequence is None else expected_sequence
        if expected is not None:
            envelope[Header.EXPECTED_LAST_SUBJECT_SEQUENCE] = str(expected)
            envelope[_EXPECTED_SUBJECT] = event.aggregate
        for attempt in range(1, attempts + 1):
            try:
                ack = await self._jetstream.publish(
                    event.subject, body, timeout=_ATTEMPT_TIMEOUT_S, stream=stream, headers=envelope
                )
            except APIError as error:
                if error.err_code not in _WRONG_LAST_SEQUENCE:
                    raise NotStored(f"{event.subject}: {error.description}") from error
                return await self._twin_or_conflict(event, stream)
            except MaxPayloadError:
                raise
            except NatsError as error:
                log.warning("publish_unacknowledged", subject=event.subject, attempt=attempt)
                if attempt == attempts or isinstance(error, ConnectionClosedError):
                    raise NotStored(f"{event.subject}: no acknowledgement") from error
                await asyncio.sleep(0.2 * 2**attempt)
            else:
                return Stored(stream, ack.seq, bool(ack.duplicate))
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def was_said(self, event: Event, since: datetime) -> bool:
        """Whether an event that follows from something of `since` stands in its stream already,
        where the broker may have forgotten its id: younger ones it refuses by itself, unless the
        stream was made since, from a backup."""
        stream = stream_of(event.subject)
        remembered_s = stream.dedup_window.total_seconds() * _SURELY_REMEMBERED
        recent = (datetime.now(UTC) - since).total_seconds() < remembered_s
        if recent and await self._made_at(stream.name) < since:
            return False
        found = await find_id(
            self._client, stream.name, event.subject, event.event_id, since - _CLOCKS_DIFFER
        )
        return found is not None

    async def _made_at(self, stream: str) -> datetime:
        """When the server made the stream; one that was always there was made in the beginning."""
        if stream not in self._made:
            state = await stream_state(self._client, stream)
            restored = state.created != state.origin
            self._made[stream] = state.created if restored else _BEGINNING
        return self._made[stream]

    async def _twin_or_conflict(self, event: Event, stream: str) -> Stored:
        """The expectation failed: because this very event is already there, or by another one."""
        try:
            last = await self._jetstream.get_msg(stream, subject=event.aggregate)
        except NotFoundError as error:
            raise Conflict(f"{event.aggregate} holds nothing") from error
        except NatsError as error:
            raise NotStored(f"{event.subject}: {error}") from error
        same = (last.headers or {}).get(Header.MSG_ID) == event.event_id
        if same or event.once:
            return Stored(stream, last.seq or 0, duplicate=True)
        raise Conflict(f"{event.aggregate} has changed since it was read")
