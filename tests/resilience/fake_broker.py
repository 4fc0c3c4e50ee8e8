"""A broker in memory that does all that JetStream may do to us, by chance of a seed.

What holds: the order of one stream, an id once within the dedup window, an expected last sequence.
What does not: when a message arrives, that an acknowledgement does, that a consumer lives on. It
speaks the part of nats-py's interface that our readers and publishers use.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

from nats.aio.msg import Msg
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import ConsumerConfig, DeliverPolicy, Header, PubAck, RawStreamMsg
from nats.js.errors import BadRequestError, NotFoundError

from arguslm_contracts.envelope import Recorded, decode
from arguslm_contracts.streams import DEAD_LETTERS, STREAMS, StreamSpec
from arguslm_contracts.subjects import matches

_WRONG_LAST_SEQUENCE = 10071
_EXPECTED_SUBJECT = "Nats-Expected-Last-Subject-Sequence-Subject"


@dataclass(frozen=True, slots=True)
class Chances:
    """How often things go wrong, per message or per call."""

    ack_lost: float = 0.02
    not_stored: float = 0.02
    consumer_gone: float = 0.004
    longest_delay_s: float = 0.4
    long_delay: float = 0.02
    very_long_delay_s: float = 8.0


@cache
def _matches_any(patterns: tuple[str, ...], subject: str) -> bool:
    return any(matches(pattern, subject) for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Stored:
    sequence: int
    subject: str
    headers: dict[str, str]
    body: bytes
    at_s: float


@dataclass
class Stream:
    spec: StreamSpec
    created: datetime
    messages: list[Stored] = field(default_factory=list)
    ids: dict[str, Stored] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    """The sequences of messages that were purged; `messages` has them all the same."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def holds(self, pattern: str, message: Stored) -> bool:
        return message.sequence not in self.gone and matches(pattern, message.subject)

    def first_of(self, pattern: str, sequence: int = 1) -> Stored | None:
        later = self.messages[max(sequence, 1) - 1 :]
        return next((m for m in later if self.holds(pattern, m)), None)

    def last_of(self, pattern: str) -> Stored | None:
        return next((m for m in reversed(self.messages) if self.holds(pattern, m)), None)


class FakeBroker:
    """The streams. `client()` gives a connection; each has its own luck."""

    def __init__(
        self, chance: random.Random, chances: Chances, *, forgets_sooner_by: float = 1
    ) -> None:
        self.chance = chance
        self.chances = chances
        self._forgets_sooner_by = forgets_sooner_by
        now = datetime.fromtimestamp(asyncio.get_running_loop().time(), UTC)
        self.streams = {spec.name: Stream(spec, now) for spec in STREAMS}

    def client(self) -> "FakeClient":
        return FakeClient(self)

    def events(self) -> dict[str, list[Recorded]]:
        """What stands in each stream, read."""
        return {
            name: [
                decode(m.headers, m.body, stream=name, sequence=m.sequence, subject=m.subject)
                for m in stream.messages
            ]
            for name, stream in self.streams.items()
            if name != DEAD_LETTERS.name
        }

    def store(
        self, stream: Stream, subject: str, headers: Mapping[str, str], body: bytes
    ) -> PubAck:
        """Append, or say which twin is there already.

        Raises:
            BadRequestError: the expected last sequence of the subject is another.
        """
        now_s = asyncio.get_running_loop().time()
        message_id = headers.get(Header.MSG_ID, "")
        twin = stream.ids.get(message_id)
        remembered_s = stream.spec.dedup_window.total_seconds() / self._forgets_sooner_by
        if twin is not None and now_s - twin.at_s < remembered_s:
            return PubAck(stream=stream.spec.name, seq=twin.sequence, duplicate=True)
        expected = headers.get(Header.EXPECTED_LAST_SUBJECT_SEQUENCE)
        if expected is not None:
            last = stream.last_of(headers.get(_EXPECTED_SUBJECT, subject))
            if int(expected) != (last.sequence if last else 0):
                raise BadRequestError(
                    code=400, err_code=_WRONG_LAST_SEQUENCE, description="wrong last sequence"
                )
        stored = Stored(len(stream.messages) + 1, subject, dict(headers), body, now_s)
        stream.messages.append(stored)
        stream.ids[message_id] = stored
        stream.arrived.set()
        stream.arrived = asyncio.Event()
        return PubAck(stream=stream.spec.name, seq=stored.sequence)


class FakeClient:
    """A connection, as far as we use one; and its own JetStream context."""

    is_closed = False
    is_connected = True

    def __init__(self, broker: FakeBroker) -> None:
        self._broker = broker
        self._inboxes: dict[str, Callable[[Msg], Awaitable[None]]] = {}
        self._consumers: dict[str, _Consumer] = {}
        self._names = 0
        self.said = asyncio.Event()
        """An event was stored, and its acknowledgement is on its way."""
        self.stats = {"reconnects": 0}

    def jetstream(self) -> "FakeClient":
        return self

    def new_inbox(self) -> str:
        self._names += 1
        return f"_INBOX.{self._names}"

    async def subscribe(self, subject: str, *, cb: Any, **_limits: int) -> Any:
        self._inboxes[subject] = cb

        async def unsubscribe() -> None:
            self._inboxes.pop(subject, None)

        return SimpleNamespace(subject=subject, unsubscribe=unsubscribe)

    async def deliver(self, inbox: str, message: Msg) -> None:
        if inbox in self._inboxes:
            await self._inboxes[inbox](message)

    async def add_consumer(self, stream: str, config: ConsumerConfig) -> Any:
        self._names += 1
        consumer = _Consumer(self, self._broker, self._stream(stream), f"C{self._names}", config)
        self._consumers[consumer.name] = consumer
        return SimpleNamespace(name=consumer.name, num_pending=consumer.pending())

    async def publish(
        self,
        subject: str,
        body: bytes = b"",
        *,
        reply: str = "",
        stream: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the name of nats-py
    ) -> PubAck | None:
        """Core NATS when it is of the API, otherwise an acknowledged publish."""
        if subject.startswith("$JS.API.CONSUMER.MSG.NEXT."):
            consumer = self._consumers.get(subject.rsplit(".", 1)[1])
            if consumer is not None:
                consumer.grant(json.loads(body)["batch"], reply)
            return None
        if subject.startswith("$JS.API.CONSUMER.DELETE."):
            consumer = self._consumers.pop(subject.rsplit(".", 1)[1], None)
            if consumer is not None:
                consumer.stop()
            return None
        assert stream is not None
        return await self._append(self._stream(stream), subject, headers or {}, body, timeout or 5)

    async def _append(
        self,
        stream: Stream,
        subject: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
    ) -> PubAck:
        chance, chances = self._broker.chance, self._broker.chances
        await asyncio.sleep(chance.random() * 0.02)
        if chance.random() < chances.not_stored:
            await asyncio.sleep(timeout_s)
            raise NatsTimeoutError
        ack = self._broker.store(stream, subject, headers, body)
        self.said.set()
        await asyncio.sleep(chance.random() * 0.02)
        if chance.random() < chances.ack_lost:
            await asyncio.sleep(timeout_s)
            raise NatsTimeoutError
        return ack

    async def get_msg(
        self,
        stream: str,
        *,
        seq: int | None = None,
        subject: str | None = None,
        next: bool = False,
    ) -> RawStreamMsg:
        held = self._stream(stream)
        if seq is not None:
            found = held.first_of(subject or ">", seq)
            if found is not None and found.sequence != seq and not next:
                found = None
        else:
            found = held.last_of(subject or ">")
        await asyncio.sleep(self._broker.chance.random() * 0.01)
        if found is None:
            raise NotFoundError(code=404, err_code=10037, description="no message found")
        return RawStreamMsg(
            subject=found.subject, seq=found.sequence, data=found.body, headers=found.headers
        )

    async def stream_info(self, stream: str) -> Any:
        held = self._stream(stream)
        last = len(held.messages)
        first = held.first_of(">")
        state = SimpleNamespace(first_seq=first.sequence if first else last + 1, last_seq=last)
        config = SimpleNamespace(metadata={})
        return SimpleNamespace(created=held.created, state=state, config=config)

    async def purge_stream(self, stream: str, *, seq: int, subject: str) -> None:
        held = self._stream(stream)
        held.gone |= {m.sequence for m in held.messages[: seq - 1] if held.holds(subject, m)}

    def _stream(self, name: str) -> Stream:
        return self._broker.streams[name]

    def close(self) -> None:
        """As kill -9 does: nothing is sent any more."""
        for consumer in self._consumers.values():
            consumer.stop()
        self._inboxes.clear()


class _Consumer:
    """Sends the messages of a stream in order, each as late as chance wants."""

    def __init__(
        self,
        client: FakeClient,
        broker: FakeBroker,
        stream: Stream,
        name: str,
        config: ConsumerConfig,
    ) -> None:
        self.name = name
        self._client = client
        self._broker = broker
        self._stream = stream
        self._patterns = tuple(config.filter_subjects or (">",))
        self._next = self._first(config)
        self._credit = 0
        self._delivered = 0
        self._inbox = ""
        self._granted = asyncio.Event()
        self._sending = asyncio.create_task(self._send())

    def pending(self) -> int:
        return sum(self._wanted(m) for m in self._stream.messages[self._next - 1 :])

    def grant(self, credit: int, inbox: str) -> None:
        self._credit += credit
        self._inbox = inbox
        self._granted.set()

    def stop(self) -> None:
        self._sending.cancel()

    def _first(self, config: ConsumerConfig) -> int:
        if config.deliver_policy == DeliverPolicy.BY_START_TIME:
            assert config.opt_start_time is not None
            since_s = config.opt_start_time.timestamp()
            later = (m.sequence for m in self._stream.messages if m.at_s >= since_s)
            return next(later, len(self._stream.messages) + 1)
        return config.opt_start_seq or 1

    def _wanted(self, message: Stored) -> bool:
        gone = message.sequence in self._stream.gone
        return not gone and _matches_any(self._patterns, message.subject)

    async def _send(self) -> None:
        chance, chances = self._broker.chance, self._broker.chances
        while True:
            if self._next > len(self._stream.messages):
                await self._stream.arrived.wait()
                continue
            message = self._stream.messages[self._next - 1]
            self._next += 1
            if not self._wanted(message):
                continue
            while self._credit == 0:
                self._granted.clear()
                await self._granted.wait()
            await self._dawdle()
            if chance.random() < chances.consumer_gone:
                # The connection was lost, and the server has forgotten the consumer.
                self._client.stats["reconnects"] += 1
                return
            self._credit -= 1
            self._delivered += 1
            await self._client.deliver(self._inbox, self._as_sent(message))

    async def _dawdle(self) -> None:
        """Mostly in bursts; now and then a long silence, so that streams overtake each other."""
        chance, chances = self._broker.chance, self._broker.chances
        if chance.random() < chances.long_delay:
            await asyncio.sleep(chance.random() * chances.very_long_delay_s)
        elif chance.random() < 0.5:
            await asyncio.sleep(chance.random() * chances.longest_delay_s)

    def _as_sent(self, message: Stored) -> Msg:
        stream, timestamp = self._stream.spec.name, int(message.at_s * 1e9)
        where = f"{message.sequence}.{self._delivered}.{timestamp}.{self.pending()}"
        return Msg(
            self._client,  # type: ignore[arg-type]
            subject=message.subject,
            reply=f"$JS.ACK.{stream}.{self.name}.1.{where}",
            data=message.body,
            headers=dict(message.headers),
        )
