"""How an exchange ends: its answer is whole, its connection is lost, or a deadline passes."""

import asyncio
import contextlib
import time

from arguslm_contracts.measurement import Timeouts
from arguslm_llm.exchange import NS_PER_S, Exchange, ReadProgress, WireFailure, next_deadline


class Waiter:
    """What one exchange waits for: its end, told from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.future: asyncio.Future[None] = loop.create_future()

    def end(self, error: Exception | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            self.loop.call_soon_threadsafe(self.end_here, error)

    def end_here(self, error: Exception | None) -> None:
        """The same, in the loop's own thread. The first end counts."""
        if self.future.done():
            return
        if error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(error)


class Watch:
    """One timer per exchange. It looks at how far the answer has come only when it fires."""

    def __init__(
        self, exchange: Exchange, timeouts: Timeouts, progress: ReadProgress, waiter: Waiter
    ) -> None:
        self._exchange = exchange
        self._timeouts = timeouts
        self._progress = progress
        self._waiter = waiter
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Go on waiting, or end the exchange."""
        if self._waiter.future.done() or self._exchange.ended_ns is not None:
            return  # its end, on the way from the other thread perhaps
        try:
            ended = self._has_ended()
        except Exception as error:  # a timer has nobody to raise to; the waiting measurement has
            self._waiter.end_here(error)
            return
        if ended:
            self._waiter.end_here(None)

    def _has_ended(self) -> bool:
        """Whether the answer is whole though its body is not. Raises WireFailure when it is late;
        sets the next timer when it is neither."""
        now = time.monotonic_ns()
        due_ns, outcome = next_deadline(self._exchange, self._timeouts, self._progress)
        if now < due_ns:
            # A token that comes right after this look could be followed by too long a gap, so
            # the next look is never further away than one gap.
            wait_s = min((due_ns - now) / NS_PER_S, self._timeouts.gap_s)
            self._timer = self._waiter.loop.call_later(wait_s, self.look)
            return False
        if not self._progress(self._exchange.reads).finished:
            raise WireFailure(outcome, "")
        self._exchange.ended_ns = self._exchange.reads[-1][0]
        return True

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
