"""Reading a stream from a position, in order, at the speed of the disk.

A pull consumer without a name and without acknowledgements, its messages taken by a callback:
nats-py's `fetch` makes a task for each message and costs four to five times as much. The reader
keeps a bounded credit open at the server, so memory is bounded and nothing is polled.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ConnectionReconnectingError
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RawStreamMsg
from nats.js.errors import APIError, NotFoundError

from arguslm_contracts.envelope import Recorded, decode

log = structlog.get_logger(__name__)

_CREDIT = 1_000
_PULL_EXPIRES_S = 30.0
_HEARTBEAT_S = 5.0
_SILENCE_S = 2 * _HEARTBEAT_S + 2
_CONSUMER_GONE_S = 120.0


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A stored message, undecoded. `pending` messages stand behind it."""

    sequence: int
    subject: str
    headers: dict[str, str] | None
    body: bytes
    pending: int


class _Restart(Exception):
    """The consumer is gone or has skipped; begin again behind the last message handed out."""


class StreamReader:
    """Batches of a stream's messages after `sequence`, for ever, across reconnects."""

    def __init__(
        self, client: Client, stream: str, sequence: int, *, subjects: tuple[str, ...] = ()
    ) -> None:
        self._client = client
        self._stream = stream
        self._position = sequence
        self._subjects = subjects
        self._inbox: deque[Msg] = deque()
        self._arrived = asyncio.Event()
        self._last_sign_of_life = 0.0

    async def batches(self, limit: int = 500) -> AsyncIterator[list[RawMessage]]:
        """Yield what has arrived, at most `limit` at a time and at least one."""
        delay_s = 0.1
        while True:
            try:
                async for batch in self._one_consumer(limit):
                    delay_s = 0.1
                    yield batch
            except (_Restart, NatsError, APIError, ConnectionReconnectingError) as error:
                log.info(
                    "reader_restarts", stream=self._stream, after=self._position, why=str(error)
                )
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, 5.0)

    async def _one_consumer(self, limit: int) -> AsyncIterator[list[RawMessage]]:
        self._inbox.clear()
        subscription, consumer = await self._create_consumer()
        pull = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{consumer}"
        delivered, credit = 0, 0
        self._last_sign_of_life = time.monotonic()
        try:
            while True:
                if credit <= _CREDIT // 2:
                    await self._request(pull, subscription, _CREDIT - credit)
                    credit = _CREDIT
                await self._something_arrived()
                batch: list[RawMessage] = []
                while self._inbox and len(batch) < limit:
                    message = self._inbox.popleft()
                    if _is_status(message):
                        credit = self._after_status(message, credit)
                        continue
                    delivered += 1
                    credit -= 1
                    batch.append(self._take(message, delivered))
                if batch:
                    yield batch
                    self._position = batch[-1].sequence
        finally:
            await self._leave(subscription)

    async def _create_consumer(self) -> tuple[Subscription, str]:
        async def on_message(message: Msg) -> None:
            self._inbox.append(message)
            self._arrived.set()

        inbox = self._client.new_inbox()
        subscription = await self._client.subscribe(
            inbox, cb=on_message, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        info = await self._client.jetstream().add_consumer(
            self._stream,
            ConsumerConfig(
                ack_policy=AckPolicy.NONE,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self._position + 1,
                filter_subjects=list(self._subjects) or None,
                inactive_threshold=_CONSUMER_GONE_S,
                mem_storage=True,
                num_replicas=1,
            ),
        )
        return subscription, info.name

    async def _request(self, pull: str, subscription: Subscription, batch: int) -> None:
        body = {
            "batch": batch,
            "expires": int(_PULL_EXPIRES_S * 1e9),
            "idle_heartbeat": int(_HEARTBEAT_S * 1e9),
        }
        await self._client.publish(pull, json.dumps(body).encode(), reply=subscription.subject)

    async def _something_arrived(self) -> None:
        if not self._inbox:
            self._arrived.clear()
            try:
                async with asyncio.timeout(_SILENCE_S):
                    await self._arrived.wait()
            except TimeoutError:
                raise _Restart("no message and no heartbeat") from None
        self._last_sign_of_life = time.monotonic()

    def _after_status(self, message: Msg, credit: int) -> int:
        """The credit after a status message of the server."""
        headers = message.headers or {}
        status = headers.get("Status", "")
        if status == "100":
            return credit
        if status in ("404", "408"):
            return credit - int(headers.get("Nats-Pending-Messages", credit))
        raise _Restart(f"status {status} {headers.get('Description', '')}".strip())

    def _take(self, message: Msg, delivered: int) -> RawMessage:
        metadata = message.metadata
        if metadata.sequence.consumer != delivered:
            raise _Restart(f"delivery {metadata.sequence.consumer}, expected {delivered}")
        return RawMessage(
            metadata.sequence.stream,
            message.subject,
            message.headers,
            message.data,
            metadata.num_pending,
        )

    async def _leave(self, subscription: Subscription) -> None:
        if not self._client.is_closed:
            await subscription.unsubscribe()


def _is_status(message: Msg) -> bool:
    return not message.reply and bool(message.headers) and "Status" in (message.headers or {})


@dataclass(frozen=True, slots=True)
class StreamState:
    """`created` changes when a stream is deleted and made anew."""

    created: datetime
    first_sequence: int
    last_sequence: int


async def stream_state(client: Client, stream: str) -> StreamState:
    info = await client.jetstream().stream_info(stream)
    if info.created is None:
        raise RuntimeError(f"{stream}: the server gave no creation time")
    return StreamState(info.created, info.state.first_seq, info.state.last_seq)


async def last_event(client: Client, stream: str, subject: str) -> Recorded | None:
    """The newest event under a subject pattern; None when there is none.

    Raises:
        nats.errors.Error: the bus does not answer.
        UnreadableEvent: it is of no version we know.
    """
    try:
        message = await client.jetstream().get_msg(stream, subject=subject)
    except NotFoundError:
        return None
    return _recorded(stream, message)


async def event_at(client: Client, stream: str, sequence: int) -> Recorded:
    """The event at a sequence.

    Raises:
        nats.errors.Error: the bus does not answer, or has no such message.
        UnreadableEvent: it is of no version we know.
    """
    return _recorded(stream, await client.jetstream().get_msg(stream, seq=sequence))


def _recorded(stream: str, message: RawStreamMsg) -> Recorded:
    return decode(
        message.headers,
        message.data or b"",
        stream=stream,
        sequence=message.seq or 0,
        subject=message.subject or "",
    )
