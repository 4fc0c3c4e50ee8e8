"""An event loop whose clock is a number: nobody waits, and the same seed gives the same run."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, tzinfo
from typing import Any, Self, TypeVar

T = TypeVar("T")
BEGIN_S = 1_790_000_000.0


class _NothingHappens(selectors.SelectSelector):
    """Instead of waiting for a socket it moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = BEGIN_S

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everybody waits for ever")
        self.now_s += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is Unix time in this world."""

    def __init__(self) -> None:
        self._clock = _NothingHappens()
        super().__init__(self._clock)
        # Timers that lie closer together than this are due at once.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._clock.now_s


def run_virtually(work: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


class VirtualDatetime(datetime):
    """`datetime.now` of this world, for modules that stamp what they publish."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(asyncio.get_running_loop().time(), tz or UTC)
