"""Reading a stream from a position, in order, at the speed of the disk.

A pull consumer without a name and without acknowledgements, its messages taken by a callback:
nats-py's `fetch` makes a task for each message and costs four to five times as much. The reader
keeps a bounded credit open at the server, so memory is bounded and nothing is polled.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from arguslm_bus.not_now import NotNow

log = structlog.get_logger(__name__)

ORIGIN = "arguslm.origin"
"""Of a stream's metadata: when the stream was created that it was restored from."""

_LEAST_CREDIT = 1_000
_PULL_EXPIRES_S = 30.0
_HEARTBEAT_S = 5.0
_SILENCE_S = 2 * _HEARTBEAT_S + 2
_LOOK_ROUND_S = 2.0
_CONSUMER_GONE_S = 120.0
_TOKENS_V1 = 9
# Asked for the last one under `>`, the server looks at the last sequence and nowhere before it.
_EVERY_SUBJECT = "*.>"


class RawMessage(NamedTuple):
    """A stored message, undecoded. `pending` messages stand behind it; `stored_at` is the server's
    word."""

    sequence: int
    subject: str
    headers: dict[str, str] | None
    body: bytes
    pending: int
    stored_at: datetime


class StreamChanged(NotNow):
    """The stream is not the one that was read so far: made anew, cut short, or gone."""


class _Restart(Exception):
    """The consumer is gone or has skipped; begin again behind the last message handed out."""


class StreamReader:
    """Batches of a stream's messages after `sequence`, across reconnects and restarts of the bus.

    `subjects` are patterns; none means all. `created` is the stream's creation time as the caller
    knows it; without one, the first stream met is taken for the right one. `since` passes over
    what was stored earlier, where nothing has been read yet.
    """

    def __init__(
        self,
        client: Client,
        stream: str,
        sequence: int,
        *,
        subjects: Sequence[str] = (),
        created: datetime | None = None,
        since: datetime | None = None,
    ) -> None:
        self._client = client
        self.stream = stream
        self._since = since
        self._position = sequence
        self._subjects = subjects
        self._created = created
        self.waiting: int | None = None
        """Messages behind the last one handed out; None as long as nobody knows."""
        self.trouble: str | None = None
        """Why nothing can be read at the moment."""

    @property
    def created(self) -> datetime:
        """When the stream that is being read was created; known once a batch came."""
        assert self._created is not None
        return self._created

    async def batches(
        self, limit: int = 500, *, to_the_end: bool = False
    ) -> AsyncGenerator[list[RawMessage]]:
        """Yield `limit` messages at a time while so many wait, and then what has arrived, at least
        one: for ever, or with `to_the_end` until nothing stands behind.

        Raises:
            StreamChanged: these messages do not continue those before them.
            ConnectionClosedError: the connection is closed for good.
        """
        delay_s = 0.1
        while True:
            try:
                async with aclosing(self._one_consumer(limit, to_the_end)) as batches:
                    async for batch in batches:
                        delay_s = 0.1
                        yield batch
                return
            except ConnectionClosedError:
                raise
            except (_Restart, NatsError) as error:
                self.trouble = f"bus: {str(error) or type(error).__name__}"
                log.info(
                    "reader_restarts", stream=self.stream, after=self._position, why=str(error)
                )
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, 5.0)

    async def _one_consumer(self, limit: int, to_the_end: bool) -> AsyncGenerator[list[RawMessage]]:
        async with self._consumer(2 * limit) as pull:
            while self.waiting or not to_the_end:
                await pull.arrival(min(limit, self.waiting or 1))
                batch: list[RawMessage] = []
                while pull.inbox and len(batch) < limit:
                    message = pull.take()
                    if message is not None:
                        batch.append(message)
                if batch:
                    self._position, self.waiting = batch[-1].sequence, batch[-1].pending
                    yield batch
                elif pull.has_no_more:
                    # What waited was purged or grew too old meanwhile.
                    self.waiting = 0

    def _start(self) -> ConsumerConfig:
        if self._since is not None and self._position == 0:
            return ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=self._since
            )
        return ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=self._position + 1
        )

    @asynccontextmanager
    async def _consumer(self, credit: int) -> AsyncIterator["_Pull"]:
        pull = _Pull(self._client, self.stream, max(credit, _LEAST_CREDIT))
        subscription = await self._client.subscribe(
            self._client.new_inbox(),
            cb=pull.on_message,
            pending_msgs_limit=0,
            pending_bytes_limit=0,
        )
        try:
            await self._begin(pull, subscription.subject)
            yield pull
        finally:
            if not self._client.is_closed:
                await subscription.unsubscribe()
                await pull.leave()

    async def _begin(self, pull: "_Pull", inbox: str) -> None:
        try:
            waiting = await pull.begin(self._start(), self._subjects, inbox)
            # Asked after the consumer was made: it reads this stream or none.
            state = await stream_state(self._client, self.stream)
        except NotFoundError as error:
            raise StreamChanged(f"{self.stream} does not exist") from error
        if self._created is not None and state.created != self._created:
            raise StreamChanged(f"{self.stream} was made anew at {state.created:%Y-%m-%d %H:%M:%S}")
        if state.last_sequence < self._position:
            raise StreamChanged(
                f"{self.stream} ends at {state.last_sequence}, read up to {self._position}"
            )
        self._created, self.waiting, self.trouble = state.created, waiting, None


class _Pull:
    """One consumer: what it sent, and how much more it may send."""

    def __init__(self, client: Client, stream: str, most_credit: int) -> None:
        self._client = client
        self._stream = stream
        self._most_credit = most_credit
        self._consumer = ""
        self._reply = ""
        self._reconnects = client.stats["reconnects"]
        self._delivered = 0
        self._credit = 0
        self._wanted = 1
        self._words = 0
        self._arrived = asyncio.Event()
        self.inbox: deque[Msg] = deque()
        self.has_no_more = False
        """The last thing the server said is that a request found no message in all its time."""

    async def on_message(self, message: Msg) -> None:
        self.inbox.append(message)
        self._words += _is_status(message)
        if self._is_enough():
            self._arrived.set()

    def _is_enough(self) -> bool:
        """What the server has to say is heard at once."""
        return len(self.inbox) >= self._wanted or self._words > 0

    async def begin(self, start: ConsumerConfig, subjects: Sequence[str], inbox: str) -> int:
        """Create the consumer; gives how many messages it has to send."""
        info = await self._client.jetstream().add_consumer(
            self._stream,
            start.evolve(
                ack_policy=AckPolicy.NONE,
                filter_subjects=list(subjects) or None,
                inactive_threshold=_CONSUMER_GONE_S,
                mem_storage=True,
                num_replicas=1,
            ),
        )
        self._consumer, self._reply = info.name, inbox
        return info.num_pending or 0

    async def leave(self) -> None:
        """Let the server forget the consumer now rather than later; nobody waits for an answer."""
        if self._consumer and self._client.is_connected:
            await self._client.publish(f"$JS.API.CONSUMER.DELETE.{self._stream}.{self._consumer}")

    async def arrival(self, wanted: int) -> None:
        """Wait until the inbox holds so many messages, or some and no more come for a while; asks
        for more where little is on its way."""
        if self._credit <= self._most_credit // 2:
            await self._ask(self._most_credit - self._credit)
        self._wanted = wanted
        silent_s = 0.0
        while not self._is_enough():
            self._arrived.clear()
            try:
                async with asyncio.timeout(_LOOK_ROUND_S):
                    await self._arrived.wait()
            except TimeoutError:
                if self.inbox:
                    return
                silent_s += _LOOK_ROUND_S
            if self._client.stats["reconnects"] != self._reconnects:
                # The server may have forgotten the consumer; it has forgotten what we asked for.
                raise _Restart("connected anew")
            if silent_s >= _SILENCE_S:
                raise _Restart("no message and no heartbeat")

    async def _ask(self, batch: int) -> None:
        body = {
            "batch": batch,
            "expires": int(_PULL_EXPIRES_S * 1e9),
            "idle_heartbeat": int(_HEARTBEAT_S * 1e9),
        }
        await self._client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}",
            json.dumps(body).encode(),
            reply=self._reply,
        )
        self._credit += batch

    def take(self) -> RawMessage | None:
        """The next message of the inbox; None for what is only a word of the server."""
        message = self.inbox.popleft()
        if _is_status(message):
            self._words -= 1
            self._heed(message.headers or {})
            return None
        place = _place(message.reply)
        self.has_no_more = False
        self._delivered += 1
        self._credit -= 1
        if place.delivery != self._delivered:
            raise _Restart(f"delivery {place.delivery}, expected {self._delivered}")
        return RawMessage(
            place.sequence,
            message.subject,
            message.headers,
            message.data,
            place.pending,
            place.stored_at,
        )

    def _heed(self, headers: Mapping[str, str]) -> None:
        status = headers.get("Status", "")
        if status in ("404", "408"):
            self.has_no_more = True
            self._credit -= int(headers.get("Nats-Pending-Messages", self._credit))
        elif status != "100":
            raise _Restart(f"status {status} {headers.get('Description', '')}".strip())


class _Place(NamedTuple):
    """Where a message stands: in the stream, among those delivered, since when, and how many are
    behind."""

    sequence: int
    delivery: int
    stored_at: datetime
    pending: int


def _place(reply: str) -> _Place:
    """As the reply subject says: `$JS.ACK.<stream>.<consumer>.<tries>.<sequence>.<delivery>.<time>.
    <pending>`, on newer servers with the domain and the account behind `ACK`. nats-py's own
    `metadata` costs five times as much."""
    tokens = reply.split(".")
    first = 5 if len(tokens) == _TOKENS_V1 else 7
    stored_at = datetime.fromtimestamp(int(tokens[first + 2]) / 1e9, UTC)
    return _Place(int(tokens[first]), int(tokens[first + 1]), stored_at, int(tokens[first + 3]))


def _is_status(message: Msg) -> bool:
    return not message.reply and bool(message.headers) and "Status" in (message.headers or {})


@dataclass(frozen=True, slots=True)
class StreamState:
    """`created` changes when a stream is deleted and made anew; `origin` does not when that was
    done from a backup: its sequences mean what they meant."""

    created: datetime
    origin: datetime
    first_sequence: int
    last_sequence: int


async def stream_state(client: Client, stream: str) -> StreamState:
    info = await client.jetstream().stream_info(stream)
    if info.created is None:
        raise RuntimeError(f"{stream}: the server gave no creation time")
    origin = (info.config.metadata or {}).get(ORIGIN)
    return StreamState(
        info.created,
        datetime.fromisoformat(origin) if origin else info.created,
        info.state.first_seq,
        info.state.last_seq,
    )


async def last_held(client: Client, stream: str, subject: str = _EVERY_SUBJECT) -> int:
    """The sequence of the last message that a stream still has, of all or under a pattern, 0 where
    it has none: the end that a reader comes to. `last_sequence` is further where what stood last
    was purged."""
    try:
        message = await client.jetstream().get_msg(stream, subject=subject)
    except NotFoundError:
        return 0
    return message.seq or 0


async def read_until(
    client: Client,
    stream: str,
    *,
    after: int,
    until: int,
    subjects: Sequence[str] = (),
    since: datetime | None = None,
    limit: int = 1_000,
) -> AsyncGenerator[list[RawMessage]]:
    """The messages with after < sequence <= until that the stream still has, `limit` at a time.
    `since` passes over what was stored earlier, where `after` is 0."""
    if until <= after:
        return
    reader = StreamReader(client, stream, after, subjects=subjects, since=since)
    async with aclosing(reader.batches(limit, to_the_end=True)) as batches:
        async for batch in batches:
            wanted = [message for message in batch if message.sequence <= until]
            if wanted:
                yield wanted
            if len(wanted) < len(batch) or batch[-1].sequence >= until:
                return
