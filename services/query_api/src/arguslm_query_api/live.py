"""What happens, as it happens: every event from now on, once our tables show it.

It reads the streams itself rather than listening to the projector: of several replicas on one
database only one folds an event, but all of them have people watching.
"""

import asyncio
import heapq
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from nats.aio.client import Client

from arguslm_bus.projector import Projector
from arguslm_bus.reader import StreamReader, stream_state
from arguslm_bus.rebuild import read_until
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.rest.system import LiveMessage
from arguslm_contracts.streams import ACCOUNTS, ALERTS, BENCHMARKS, CHECKS, REGISTRY
from arguslm_query_api.live_cursor import Cursor
from arguslm_query_api.readable import readable

log = structlog.get_logger(__name__)

STREAMS = (REGISTRY.name, ACCOUNTS.name, CHECKS.name, BENCHMARKS.name, ALERTS.name)

_QUEUE = 5_000
_TABLES_WITHIN_S = 5.0

MessagesOf = Callable[[Sequence[Recorded]], Awaitable[dict[str, LiveMessage]]]
"""The messages that people get for these events, by event id; an event may have none."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, and what people who watch are told of it."""

    recorded: Recorded
    message: LiveMessage | None


class FellBehind(Exception):
    """The subscriber did not take its happenings fast enough, and gets no more."""


class Subscription:
    """Happenings after `since`, in the order of each stream."""

    def __init__(self, since: Cursor) -> None:
        self.since = since
        self.fell_behind = False
        self._queue: asyncio.Queue[Happening | None] = asyncio.Queue(_QUEUE)

    async def next(self) -> Happening:
        """Raises FellBehind."""
        happening = await self._queue.get()
        if happening is None:
            self.fell_behind = True
            raise FellBehind
        return happening

    async def first(self, wanted: Callable[[Recorded], bool], timeout_s: float) -> Recorded | None:
        """The first event that is wanted; None when it does not come in time, or when too much
        else has happened (`fell_behind`)."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    happening = await self.next()
                    if wanted(happening.recorded):
                        return happening.recorded
        except (TimeoutError, FellBehind):
            return None

    def skip_waiting(self) -> None:
        """Drop what waits: for one who reads the tables, which show it all.

        Raises:
            FellBehind: nothing more comes.
        """
        while not self._queue.empty():
            if self._queue.get_nowait() is None:
                raise FellBehind

    def put(self, happening: Happening) -> bool:
        """Whether there was room; if not, it is the last one."""
        if self._queue.qsize() >= _QUEUE - 1:
            self._queue.put_nowait(None)
            return False
        self._queue.put_nowait(happening)
        return True


class LiveFeed:
    def __init__(self, client: Client, projector: Projector, messages_of: MessagesOf) -> None:
        self._client = client
        self._projector = projector
        self._messages_of = messages_of
        self._subscriptions: set[Subscription] = set()
        self.position = Cursor({})

    async def start(self) -> None:
        """Take up the present end of every stream."""
        ends = {stream: (await stream_state(self._client, stream)) for stream in STREAMS}
        self.position = Cursor({stream: state.last_sequence for stream, state in ends.items()})

    async def follow(self) -> None:
        """Hand on what happens, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for stream in STREAMS:
                group.create_task(self._follow(stream), name=f"live {stream}")

    async def missed(self, since: Cursor, until: Cursor) -> list[Happening]:
        """What happened in between: each stream in its own order, merged by time."""
        by_stream = [await self._of_stream(stream, since, until) for stream in STREAMS]
        return list(heapq.merge(*by_stream, key=lambda one: one.recorded.time))

    async def _of_stream(self, stream: str, since: Cursor, until: Cursor) -> list[Happening]:
        happenings: list[Happening] = []
        async for batch in read_until(
            self._client, stream, after=since[stream], until=until[stream]
        ):
            events = readable(stream, batch)
            messages = await self._make(events)
            happenings += [Happening(one, messages.get(one.event_id)) for one in events]
        return happenings

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Subscription]:
        subscription = Subscription(self.position)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)

    async def _follow(self, stream: str) -> None:
        reader = StreamReader(self._client, stream, self.position[stream])
        async for batch in reader.batches():
            await self._projector.wait_for(stream, batch[-1].sequence, _TABLES_WITHIN_S)
            events = readable(stream, batch)
            messages: dict[str, LiveMessage] | None = None
            # Whoever comes while messages are made must find them made.
            while self._subscriptions and messages is None:
                messages = await self._make(events)
            for event in events:
                self._hand_on(Happening(event, (messages or {}).get(event.event_id)))
            self.position = self.position.after(stream, batch[-1].sequence)

    async def _make(self, events: Sequence[Recorded]) -> dict[str, LiveMessage]:
        try:
            return await self._messages_of(events)
        except Exception:
            # What people watch must not end the service; what they read comes from the tables.
            log.exception("live_messages_not_made")
            return {}

    def _hand_on(self, happening: Happening) -> None:
        for subscription in list(self._subscriptions):
            if not subscription.put(happening):
                self._subscriptions.discard(subscription)
