"""A worker: events -> world -> events. It does what cannot be undone, so it never forgets a task.

FastStream subscribes; everything it would lose by default is made explicit here: manual
acknowledgement after the task has stored its result, a durable that is reconciled at start,
heartbeats while a task runs, our own backoff, a bounded number of deliveries with a dead letter
at the end, and unfinished work given back at once on shutdown. Beside its own durable it takes
what a person wants replayed of its dead letters.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from faststream.security import SASLPlaintext
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import AckPolicy as ConsumerAckPolicy
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError, ServiceUnavailableError
from prometheus_client import Counter, Gauge

from arguslm_bus.cancellation import heed_cancellation
from arguslm_bus.connection import tls_context
from arguslm_bus.dead_letters import bury, exhumed
from arguslm_bus.keyed_limit import KeyedLimit
from arguslm_bus.reader import RawMessage
from arguslm_bus.settings import BusSettings
from arguslm_bus.shared_places import SharedPlaces
from arguslm_contracts.envelope import Recorded, UnreadableEvent, decode
from arguslm_contracts.permissions import inbox_prefix, replay_durable, replay_subject
from arguslm_contracts.streams import DEAD_LETTERS, StreamSpec

log = structlog.get_logger(__name__)

TASKS = Counter("arguslm_tasks_total", "Tasks by what became of them", ["durable", "result"])
RUNNING = Gauge("arguslm_tasks_running", "Tasks in hand", ["durable"])

_ACK_WAIT_S = 10.0
_HEARTBEAT_S = _ACK_WAIT_S / 3
_WATCH_S = 10.0
_FETCH_S = 1.0
_PAUSE_S = 1.0
# Tasks that are taken and wait for their key, for each place.
_WAITING_PER_PLACE = 4


class TryLater(Exception):
    """The task cannot be done now; deliver it again after `delay_s` (None: the usual backoff)."""

    def __init__(self, reason: str, *, delay_s: float | None = None) -> None:
        super().__init__(reason)
        self.delay_s = delay_s


Task = Callable[[Recorded], Awaitable[None]]
"""Does the work and stores its result event; returning acknowledges."""


@dataclass(frozen=True, slots=True)
class Duty:
    """What a worker takes on: a durable's filtered part of a stream, and how.

    `key` names what a task burdens, a provider say; of `concurrency` tasks at once, no more than
    `concurrency_per_key` are of one key. `key_limit` is how many of its key the task itself allows,
    over all workers on the durable (0: it does not say). Those that wait hold no place.
    """

    stream: StreamSpec
    subject: str
    durable: str
    task: Task
    concurrency: int = 16
    key: Callable[[Recorded], str] | None = None
    concurrency_per_key: int = 0
    key_limit: Callable[[Recorded], int] | None = None
    max_deliveries: int = 8
    first_delay_s: float = 1.0
    longest_delay_s: float = 60.0

    def limit_of(self, task: Recorded) -> int:
        """How many tasks of this one's key may be in hand at once."""
        said = self.key_limit(task) if self.key_limit is not None else 0
        return min(said, self.concurrency_per_key) if said else self.concurrency_per_key

    def delay_s(self, deliveries: int) -> float:
        """Exponential backoff before the next delivery, after `deliveries` of them."""
        return min(self.first_delay_s * 2.0 ** (deliveries - 1), self.longest_delay_s)


@dataclass(frozen=True, slots=True)
class _Queue:
    """A durable that a worker takes from."""

    stream: str
    subject: str
    durable: str

    @property
    def consumer(self) -> ConsumerConfig:
        return ConsumerConfig(
            name=self.durable,
            durable_name=self.durable,
            filter_subject=self.subject,
            ack_policy=ConsumerAckPolicy.EXPLICIT,
            ack_wait=_ACK_WAIT_S,
            deliver_policy=DeliverPolicy.ALL,
            # Bounded by us, with a dead letter; the server would drop silently.
            max_deliver=-1,
            max_ack_pending=10_000,
        )


class Worker:
    """Takes tasks off one durable, at most `duty.concurrency` at once in this process."""

    def __init__(self, settings: BusSettings, client: Client, service: str, duty: Duty) -> None:
        self._settings = settings
        self._client = client
        self._service = service
        self._duty = duty
        self._queues = (
            _Queue(duty.stream.name, duty.subject, duty.durable),
            _Queue(
                DEAD_LETTERS.name,
                replay_subject(service, duty.durable, "*"),
                replay_durable(duty.durable),
            ),
        )
        self._taken = asyncio.Semaphore(duty.concurrency * (_WAITING_PER_PLACE if duty.key else 1))
        self._free = asyncio.Semaphore(duty.concurrency)
        self._of_key = KeyedLimit()
        self._everywhere = SharedPlaces(client)
        self._running: set[asyncio.Task[None]] = set()
        self._draining = asyncio.Event()
        self.trouble: str | None = "not started"
        self._fetch_trouble: str | None = None

    async def run(self) -> None:
        """Work until cancelled; then finish or give back what is in hand."""
        for queue in self._queues:
            await self._declare(queue)
        broker = self._broker()
        subscribers = [self._subscriber(broker, queue) for queue in self._queues]
        try:
            await broker.start()
            for subscriber in subscribers:
                self._pause_after_failed_fetch(subscriber.subscription)
            self.trouble = None
            await self._watch_durables()
        finally:
            await self._stop(broker, subscribers)

    def _subscriber(self, broker: NatsBroker, queue: _Queue) -> Any:
        subscriber = broker.subscriber(
            queue.subject,
            stream=JStream(queue.stream, declare=False),
            durable=queue.durable,
            config=queue.consumer,
            pull_sub=PullSub(batch_size=1, timeout=_FETCH_S),
            inbox_prefix=f"{self._inbox}.".encode(),
            ack_policy=AckPolicy.MANUAL,
            # The body is decoded by us: what cannot be decoded must reach the dead letters.
            decoder=_undecoded,
        )
        subscriber(self._accept)
        self._refuse_while_draining(subscriber)
        return subscriber

    async def _stop(self, broker: NatsBroker, subscribers: Sequence[Any]) -> None:
        # The last fetch ends by itself: cancelled half-way, it would take a message into an
        # inbox nobody reads, and the message would come back only after the wait for its ack.
        self._draining.set()
        for subscriber in subscribers:
            subscriber.running = False
        if fetching := [task for subscriber in subscribers for task in subscriber.tasks]:
            await asyncio.wait(fetching, timeout=2 * _FETCH_S)
        for subscriber in subscribers:
            await subscriber.stop()
        await self._drain()
        await broker.stop()

    def _refuse_while_draining(self, subscriber: Any) -> None:
        """FastStream drops what its last fetch brings when it has been stopped: give it back."""
        consume = subscriber.consume

        async def consume_or_refuse(message: Msg) -> Any:
            return await (message.nak() if self._draining.is_set() else consume(message))

        subscriber.consume = consume_or_refuse

    def _pause_after_failed_fetch(self, subscription: Any) -> None:
        """FastStream's supervisor would begin a loop that failed again at once, and tell nobody."""
        fetch = subscription.fetch

        async def fetch_or_pause(*arguments: Any, **options: Any) -> Any:
            try:
                messages = await fetch(*arguments, **options)
            except (NatsTimeoutError, ConnectionClosedError, ServiceUnavailableError):
                self._fetch_trouble = None  # these it expects
                raise
            except Exception as error:
                self.trouble = self._fetch_trouble = f"bus: {type(error).__name__}: {error}"
                log.exception("fetch_failed", durable=self._duty.durable)
                await asyncio.sleep(_PAUSE_S)
                return []
            self._fetch_trouble = None
            return messages

        subscription.fetch = fetch_or_pause

    def _broker(self) -> NatsBroker:
        return NatsBroker(
            self._settings.nats_url,
            name=f"{self._service} {self._duty.durable}",
            security=SASLPlaintext(
                username=self._settings.nats_user or self._service,
                password=self._settings.read_nats_password() or "",
                ssl_context=tls_context(self._settings),
                use_ssl=self._settings.nats_url.startswith("tls://"),
            ),
            inbox_prefix=self._inbox,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            graceful_timeout=2.0,
            logger=None,
            apply_types=True,
        )

    @property
    def _inbox(self) -> str:
        return inbox_prefix(self._settings.nats_user or self._service)

    async def _declare(self, queue: _Queue) -> None:
        """Create the durable, or bring an existing one to what is declared here."""
        await self._client.jetstream().add_consumer(queue.stream, queue.consumer)

    async def _watch_durables(self) -> None:
        """A durable that an operator deleted makes a silent worker: make it anew and say so."""
        while True:
            heed_cancellation()
            await asyncio.sleep(_WATCH_S)
            try:
                for queue in self._queues:
                    await self._look_after(queue)
            except Exception as error:
                self.trouble = f"bus: {error or type(error).__name__}"
                continue
            self.trouble = self._fetch_trouble

    async def _look_after(self, queue: _Queue) -> None:
        try:
            await self._client.jetstream().consumer_info(queue.stream, queue.durable)
        except NotFoundError:
            log.error("durable_was_deleted", durable=queue.durable)
            await self._declare(queue)

    async def _accept(self, body: bytes, message: NatsMessage) -> None:
        """Hand a message to a task of its own; wait here while all places are taken."""
        raw = message.raw_message
        heartbeat = asyncio.create_task(_keep_alive(raw))
        try:
            await self._place_or_drain()
        except BaseException:
            heartbeat.cancel()
            await raw.nak()
            raise
        if self._draining.is_set():
            heartbeat.cancel()
            await raw.nak()
            return
        running = asyncio.create_task(self._handle(raw, heartbeat))
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _place_or_drain(self) -> None:
        place = asyncio.create_task(self._taken.acquire())
        drain = asyncio.create_task(self._draining.wait())
        await asyncio.wait({place, drain}, return_when=asyncio.FIRST_COMPLETED)
        drain.cancel()
        if not place.done():
            place.cancel()

    async def _handle(self, raw: Msg, heartbeat: asyncio.Task[None]) -> None:
        durable = self._duty.durable
        deliveries = raw.metadata.num_delivered
        RUNNING.labels(durable).inc()
        try:
            if deliveries > self._duty.max_deliveries:
                await self._give_up(raw, "delivered too often without an end", deliveries)
                return
            recorded = self._decode(raw)
            async with self._place(recorded):
                await self._duty.task(recorded)
        except asyncio.CancelledError:
            await raw.nak()
            TASKS.labels(durable, "given_back").inc()
            raise
        except UnreadableEvent as error:
            await self._give_up(raw, str(error), deliveries)
        except Exception as error:
            await self._after_failure(raw, error, deliveries)
        else:
            await raw.ack()
            TASKS.labels(durable, "done").inc()
        finally:
            heartbeat.cancel()
            RUNNING.labels(durable).dec()
            self._taken.release()

    @asynccontextmanager
    async def _place(self, recorded: Recorded) -> AsyncIterator[None]:
        """Wait for the task's turn: first among those of its key, here and then everywhere, then
        among all."""
        async with AsyncExitStack() as held:
            duty = self._duty
            if duty.key is not None:
                key, limit = duty.key(recorded), duty.limit_of(recorded)
                await held.enter_async_context(self._of_key.place(key, limit))
                if duty.key_limit is not None and (said := duty.key_limit(recorded)):
                    of = f"{duty.durable}.{key}"
                    await held.enter_async_context(self._everywhere.place(of, said))
            await held.enter_async_context(self._free)
            yield

    async def _after_failure(self, raw: Msg, error: Exception, deliveries: int) -> None:
        reason = f"{type(error).__name__}: {error}"
        if isinstance(error, TryLater):
            log.info("task_later", durable=self._duty.durable, reason=str(error))
        else:
            log.exception("task_failed", durable=self._duty.durable, deliveries=deliveries)
        if deliveries >= self._duty.max_deliveries:
            await self._give_up(raw, reason, deliveries)
            return
        asked = error.delay_s if isinstance(error, TryLater) else None
        await raw.nak(delay=asked if asked is not None else self._duty.delay_s(deliveries))
        TASKS.labels(self._duty.durable, "later").inc()

    async def _give_up(self, raw: Msg, reason: str, deliveries: int) -> None:
        log.error("task_given_up", durable=self._duty.durable, reason=reason[:500])
        stream = self._duty.stream.name
        await bury(
            self._client,
            self._service,
            stream,
            _as_stored(raw),
            reason,
            attempts=deliveries,
            durable=self._duty.durable,
        )
        await raw.term()
        TASKS.labels(self._duty.durable, "dead").inc()

    def _decode(self, raw: Msg) -> Recorded:
        stored = _as_stored(raw)
        return decode(
            stored.headers,
            stored.body,
            stream=self._duty.stream.name,
            sequence=stored.sequence,
            subject=stored.subject,
        )

    async def _drain(self) -> None:
        """Cancelled tasks give their messages back; nothing waits for an acknowledgement limit."""
        for running in list(self._running):
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


def _as_stored(raw: Msg) -> RawMessage:
    """The message that a task is about: the one that came, or the one it wants replayed."""
    metadata = raw.metadata
    stored = RawMessage(
        metadata.sequence.stream,
        raw.subject,
        raw.headers,
        raw.data,
        metadata.num_pending,
        metadata.timestamp,
    )
    return exhumed(stored) if metadata.stream == DEAD_LETTERS.name else stored


async def _undecoded(message: NatsMessage) -> bytes:
    return message.body if isinstance(message.body, bytes) else b""


async def _keep_alive(raw: Msg) -> None:
    """Tell the server that somebody works on it, so that nobody else begins."""
    while True:
        await asyncio.sleep(_HEARTBEAT_S)
        await raw.in_progress()
