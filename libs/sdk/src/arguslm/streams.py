"""Following a live stream: the same steps once with threads and once with asyncio.

The first connection must succeed. Later ones are tried for ever with backoff, because who follows
wants to see the server come back; a refusal (revoked token, no such run) ends it with its error,
unless it was an expired session that could be renewed.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection as SyncConnection
from websockets.sync.client import connect as connect_sync

from arguslm.answers import unreachable
from arguslm.call import Id
from arguslm.errors import ConnectionFailed, ServerError, Unauthorized
from arguslm.live import Feed, LiveFeed, RunFeed, ending, refusal, stream_url
from arguslm.retries import Retries
from arguslm.transport import AsyncTransport, SyncTransport
from arguslm_contracts.rest.system import LiveMessage

T = TypeVar("T")

# Never gives up: at most 8 s between two tries.
RECONNECTS = Retries(limit=2**31)
LOST = (ConnectionFailed, ServerError)


class SyncStreams(SyncTransport):
    def stream_live(
        self, *, cursor: str | None = None, pings: bool = False
    ) -> Iterator[LiveMessage]:
        """Checks, alerts and progress as they happen, after `cursor` if one is given.

        With `pings`, also the signs of life between: the first one says that we are listening.
        """
        return self._follow(LiveFeed(cursor, pings=pings))

    def stream_benchmark(self, run_id: Id) -> Iterator[dict[str, Any]]:
        """A run from its beginning to its end, also one that is over.

        Messages have a `type`: `progress` (`completed`, `total`), `result` (`data`), and at last
        `complete` (`status`) or `error` (`error`, `status`).
        """
        return self._follow(RunFeed(run_id))

    def _follow(self, feed: Feed[T]) -> Iterator[T]:
        connection = self._join(feed)
        while True:
            used = self._session.token
            with connection:
                try:
                    for text in connection:
                        if (message := feed.take(text)) is not None:
                            yield message
                        if feed.finished:
                            return
                except ConnectionClosed as error:
                    reason = ending(error)
                    expired = isinstance(reason, Unauthorized) and self._renew(used)
                    if reason is not None and not expired:
                        raise reason from None
            connection = self._rejoin(feed)

    def _rejoin(self, feed: Feed[T]) -> SyncConnection:
        tries = 0
        while True:
            time.sleep(RECONNECTS.delay_s(min(tries, 16)) or 0.0)
            try:
                return self._join(feed)
            except LOST:
                tries += 1

    def _join(self, feed: Feed[T]) -> SyncConnection:
        used = self._session.token
        try:
            return self._open(feed)
        except Unauthorized:
            if not self._renew(used):
                raise
            return self._open(feed)

    def _open(self, feed: Feed[T]) -> SyncConnection:
        address = stream_url(self._session, feed)
        try:
            return connect_sync(
                address,
                additional_headers=self._session.headers,
                proxy=None if self._session.on_this_machine else True,
            )
        except InvalidStatus as error:
            raise refusal(error, self._session) from None
        except (OSError, WebSocketException) as error:
            raise unreachable(error, self._session) from error


class AsyncStreams(AsyncTransport):
    def stream_live(
        self, *, cursor: str | None = None, pings: bool = False
    ) -> AsyncIterator[LiveMessage]:
        """Checks, alerts and progress as they happen, after `cursor` if one is given.

        With `pings`, also the signs of life between: the first one says that we are listening.
        """
        return self._follow(LiveFeed(cursor, pings=pings))

    def stream_benchmark(self, run_id: Id) -> AsyncIterator[dict[str, Any]]:
        """A run from its beginning to its end, also one that is over.

        Messages have a `type`: `progress` (`completed`, `total`), `result` (`data`), and at last
        `complete` (`status`) or `error` (`error`, `status`).
        """
        return self._follow(RunFeed(run_id))

    async def _follow(self, feed: Feed[T]) -> AsyncIterator[T]:
        connection = await self._join(feed)
        while True:
            used = self._session.token
            async with connection:
                try:
                    async for text in connection:
                        if (message := feed.take(text)) is not None:
                            yield message
                        if feed.finished:
                            return
                except ConnectionClosed as error:
                    reason = ending(error)
                    expired = isinstance(reason, Unauthorized) and await self._renew(used)
                    if reason is not None and not expired:
                        raise reason from None
            connection = await self._rejoin(feed)

    async def _rejoin(self, feed: Feed[T]) -> ClientConnection:
        tries = 0
        while True:
            await asyncio.sleep(RECONNECTS.delay_s(min(tries, 16)) or 0.0)
            try:
                return await self._join(feed)
            except LOST:
                tries += 1

    async def _join(self, feed: Feed[T]) -> ClientConnection:
        used = self._session.token
        try:
            return await self._open(feed)
        except Unauthorized:
            if not await self._renew(used):
                raise
            return await self._open(feed)

    async def _open(self, feed: Feed[T]) -> ClientConnection:
        address = stream_url(self._session, feed)
        try:
            return await connect_async(
                address,
                additional_headers=self._session.headers,
                proxy=None if self._session.on_this_machine else True,
            )
        except InvalidStatus as error:
            raise refusal(error, self._session) from None
        except (OSError, WebSocketException) as error:
            raise unreachable(error, self._session) from error
