"""One HTTP/1.1 connection over an asyncio transport. The hot path stamps and appends."""

import asyncio
import time
from collections.abc import Callable
from typing import cast

from arguslm_contracts.measurement import Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_llm.exchange import NS_PER_S, Exchange, ReadProgress, WireFailure, next_deadline
from arguslm_llm.http1 import Origin, ProtocolError, ResponseParser


class Connection(asyncio.Protocol):
    """Serves one exchange at a time; between two of them it is idle in the pool."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.idle_since_ns = 0
        self.on_lost: Callable[[Connection], None] | None = None
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._parser = ResponseParser()
        self._done: asyncio.Future[None] | None = None
        self._closed = False
        self._received = False

    @property
    def open(self) -> bool:
        transport = self._transport
        return not self._closed and transport is not None and not transport.is_closing()

    @property
    def answered_anything(self) -> bool:
        """Whether any byte of the current response has arrived."""
        return self._received

    async def send(
        self, data: bytes, exchange: Exchange, timeouts: Timeouts, progress: ReadProgress
    ) -> None:
        """Send a request and gather its response into `exchange`, until it is complete.

        Raises:
            WireFailure: a deadline passed, the peer closed early, or it spoke no HTTP.
        """
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        self._parser, self._exchange, self._received = ResponseParser(), exchange, False
        self._done = loop.create_future()
        watch = _Watch(loop, exchange, timeouts, progress, self._done)
        try:
            exchange.sent_ns = time.monotonic_ns()
            self._transport.write(data)
            watch.look()
            await self._done
        except BaseException:
            # Also on cancellation: half a response is left on this connection.
            self.abort()
            raise
        finally:
            watch.stop()
            exchange.ended_ns = exchange.ended_ns or time.monotonic_ns()
            self._exchange = self._done = None

    @property
    def reusable(self) -> bool:
        """Whether another request may follow the last response."""
        return self.open and self._parser.complete and self._parser.reusable

    def abort(self) -> None:
        """Close at once, without a farewell."""
        self._closed = True
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        exchange = self._exchange
        if exchange is None:
            self.abort()  # nobody asked for this; the next response would be the wrong one
            return
        self._received = True
        try:
            body = self._parser.feed(data)
        except ProtocolError as error:
            self._fail(Outcome.INVALID_STREAM, str(error))
            return
        if exchange.headers_ns is None and self._parser.headers_complete:
            exchange.headers_ns = now
            exchange.status = self._parser.status
            exchange.headers = self._parser.headers
        if body:
            exchange.reads.append((now, body))
        if self._parser.complete:
            exchange.ended_ns = now
            self._finish()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed = True
        if self._exchange is not None:
            self._exchange.ended_ns = time.monotonic_ns()
            self._parser.feed_eof()
            if self._parser.complete and exc is None:
                self._finish()
            else:
                self._fail(Outcome.DISCONNECTED, "the server closed the connection early")
        if self.on_lost is not None:
            self.on_lost(self)

    # --- ending an exchange

    def _finish(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _fail(self, outcome: Outcome, message: str) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(WireFailure(outcome, message))


class _Watch:
    """One timer per exchange. It looks at how far the answer has come only when it fires."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        exchange: Exchange,
        timeouts: Timeouts,
        progress: ReadProgress,
        done: asyncio.Future[None],
    ) -> None:
        self._loop = loop
        self._exchange = exchange
        self._timeouts = timeouts
        self._progress = progress
        self._done = done
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Go on waiting, or end the exchange."""
        if self._done.done():
            return
        try:
            ended = self._has_ended()
        except Exception as error:  # a timer has nobody to raise to; the waiting measurement has
            self._done.set_exception(error)
            return
        if ended:
            self._done.set_result(None)

    def _has_ended(self) -> bool:
        """Whether the answer is whole though its body is not. Raises WireFailure when it is late;
        sets the next timer when it is neither."""
        now = time.monotonic_ns()
        due_ns, outcome = next_deadline(self._exchange, self._timeouts, self._progress)
        if now < due_ns:
            # A token that comes right after this look could be followed by too long a gap, so
            # the next look is never further away than one gap.
            wait_s = min((due_ns - now) / NS_PER_S, self._timeouts.gap_s)
            self._timer = self._loop.call_later(wait_s, self.look)
            return False
        if not self._progress(self._exchange.reads).finished:
            raise WireFailure(outcome, "")
        self._exchange.ended_ns = self._exchange.reads[-1][0]
        return True

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
