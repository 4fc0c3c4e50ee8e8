"""`EventSubscriber`: typed events from the bus, filtered by subject."""

import asyncio
import logging
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import nats.errors
from nats.aio.client import Client

from arguslm.errors import ArgusLMError, ConnectionFailed
from arguslm.events.feed import Delivery, Feed
from arguslm.events.start import Start, check_start
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.permissions import SUBSCRIBER, inbox_prefix
from arguslm_contracts.subjects import stream_of

log = logging.getLogger("arguslm.events")

BUFFER = 200
RECONNECT_WAIT_S = 1


class EventSubscriber:
    """Events under some subjects, as they happen or from the past.

        async with EventSubscriber("check.completed.>", start="all") as events:
            async for recorded in events:
                print(recorded.time, recorded.event)

    Without `durable` nothing is remembered: it begins at `start` ("new", "all", a sequence, or a
    time), gives every event once and in order, and reads on where it stood after the broker or the
    connection was away. Of several streams each one is in order.

    With `durable` the bus remembers the position under that name, and `start` counts only the
    first time. An event is acknowledged when the loop asks for the next one; if the loop fails or
    is left, the event at hand comes again (or call `ack` first). Several subscribers of the same
    durable share its events. At-least-once: `recorded.event_id` tells a repetition.

    Arguments default to ARGUSLM_NATS_URL, ARGUSLM_NATS_USER ("subscriber") and
    ARGUSLM_NATS_PASSWORD. `ack_wait_s`: how long a subscriber that fell silent is waited for.

    Raises:
        ValueError: a subject that no stream keeps, or a start that cannot be.
        ArgusLMError: no address given.
    """

    def __init__(
        self,
        *subjects: str,
        start: Start = "new",
        durable: str | None = None,
        url: str | None = None,
        user: str | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
        connect_timeout_s: float = 10.0,
        ack_wait_s: float = 30.0,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._by_stream = _by_stream(subjects)
        check_start(start, len(self._by_stream))
        self._start = start
        self._durable = durable
        self._url = url or environ.get("ARGUSLM_NATS_URL")
        self._user = user or environ.get("ARGUSLM_NATS_USER") or SUBSCRIBER.name
        self._password = password or environ.get("ARGUSLM_NATS_PASSWORD")
        self._tls = tls
        self._connect_timeout_s = connect_timeout_s
        self._ack_wait_s = ack_wait_s
        self._client: Client | None = None
        self._feeds: dict[str, Feed] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._ready: asyncio.Queue[Delivery] = asyncio.Queue(maxsize=BUFFER)
        self._getting: asyncio.Task[Delivery] | None = None
        self._at_hand: Delivery | None = None
        self._refused = asyncio.Event()
        self._said = ""
        if self._url is None:
            raise ArgusLMError("no address of the bus: give url, or set ARGUSLM_NATS_URL")

    async def open(self) -> None:
        """Connect and take position: every event stored from now on will be seen.

        Raises:
            ConnectionFailed: the bus cannot be reached, or does not let this user in.
            ArgusLMError: the bus lacks the stream, or knows the durable with other subjects.
        """
        self._client = await self._connect()
        try:
            for stream, subjects in self._by_stream.items():
                feed = Feed(
                    self._client,
                    stream,
                    subjects,
                    start=self._start,
                    durable=self._durable,
                    ack_wait_s=self._ack_wait_s,
                    out=self._ready,
                )
                self._feeds[stream] = feed
                await feed.open()
        except BaseException:
            await self.close()
            raise
        self._tasks = [asyncio.create_task(feed.run()) for feed in self._feeds.values()]
        if self._durable:
            self._tasks.append(asyncio.create_task(self._keep_at_hand()))

    async def ack(self) -> None:
        """Acknowledge the event at hand now rather than when the loop asks for the next one."""
        delivery, self._at_hand = self._at_hand, None
        if delivery is not None and self._durable:
            await delivery.message.ack()
            self._feeds[delivery.recorded.stream].settled.set()

    async def close(self) -> None:
        """Leave. An event at hand that was not acknowledged goes back at once."""
        client, self._client = self._client, None
        if client is None:
            return
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            if client.is_connected:
                await self._give_back()
                for feed in self._feeds.values():
                    await feed.close()
                await client.flush()
        except (nats.errors.Error, TimeoutError) as error:
            log.info("left the bus without a word: %s", error)
        if self._getting is not None:
            self._getting.cancel()
            self._getting = None
        await client.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[Recorded]:
        return self

    async def __anext__(self) -> Recorded:
        if self._client is None:
            raise ArgusLMError("open the subscriber first: async with EventSubscriber(...)")
        await self.ack()
        self._at_hand = await self._next()
        return self._at_hand.recorded

    async def _next(self) -> Delivery:
        """The next delivery, or the error of a feed that ended.

        A caller that loses patience loses no event: the one under way waits for its next call.
        """
        if self._getting is None:
            self._getting = asyncio.create_task(self._ready.get())
        done, _ = await asyncio.wait(
            {self._getting, *self._tasks}, return_when=asyncio.FIRST_COMPLETED
        )
        if self._getting in done:
            delivery, self._getting = self._getting.result(), None
            return delivery
        for task in done:
            if not task.cancelled():
                task.result()
        raise StopAsyncIteration

    async def _give_back(self) -> None:
        if self._durable is None:
            return
        waiting = [self._at_hand] if self._at_hand else []
        if self._getting is not None and self._getting.done():
            waiting.append(self._getting.result())
        while not self._ready.empty():
            waiting.append(self._ready.get_nowait())
        self._at_hand = None
        for delivery in waiting:
            await delivery.message.nak()

    async def _keep_at_hand(self) -> None:
        """Tell the bus that a slow loop body is still at work."""
        while True:
            await asyncio.sleep(self._ack_wait_s / 3)
            if self._at_hand is not None:
                with suppress(nats.errors.Error):
                    await self._at_hand.message.in_progress()

    async def _connect(self) -> Client:
        assert self._url is not None
        client = Client()
        connecting = asyncio.ensure_future(
            client.connect(
                self._url,
                user=self._user,
                password=self._password,
                tls=self._tls,
                name="arguslm-sdk",
                inbox_prefix=inbox_prefix(self._user),
                max_reconnect_attempts=-1,
                reconnect_time_wait=RECONNECT_WAIT_S,
                error_cb=self._note,
                reconnected_cb=self._reconnected,
            )
        )
        refused = asyncio.ensure_future(self._refused.wait())
        done, waiting = await asyncio.wait(
            {connecting, refused},
            timeout=self._connect_timeout_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        for task in waiting:
            task.cancel()
        if connecting in done and connecting.exception() is None:
            return client
        await client.close()
        raise ConnectionFailed(
            f"cannot connect to the bus at {_place(self._url)} as {self._user!r}: "
            f"{self._said or 'no answer in time'}"
        )

    async def _note(self, error: Exception) -> None:
        """The connection's own report; a refused name or password will not pass by itself."""
        self._said = str(error) or type(error).__name__
        if "authorization" in self._said.lower():
            self._refused.set()
        log.info("the bus says: %s", self._said)

    async def _reconnected(self) -> None:
        for feed in self._feeds.values():
            feed.disturb()


def _by_stream(subjects: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    if not subjects:
        raise ValueError('which subjects? For example "check.completed.>"')
    found: dict[str, tuple[str, ...]] = {}
    for subject in dict.fromkeys(subjects):
        try:
            stream = stream_of(subject).name
        except LookupError as error:
            raise ValueError(
                f'{error.args[0]}: name the event, as in "check.completed.>"'
            ) from None
        found[stream] = (*found.get(stream, ()), subject)
    return found


def _place(url: str) -> str:
    """The address without a user name or password in it."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
