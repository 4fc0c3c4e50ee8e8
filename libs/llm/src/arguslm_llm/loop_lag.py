"""How late the event loop itself was while a measurement ran, and how busy we were: our own error,
made visible."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_PERIOD_S = 0.01


@dataclass(slots=True, eq=False)
class Lag:
    """The latest the loop was, in nanoseconds, while this watch was open; and when it is closed,
    the CPU seconds that this process took of each second."""

    worst_ns: int = 0
    cpu_share: float = 0.0


class LoopLagSampler:
    """Ticks only while somebody watches, so that an idle monitor sleeps."""

    def __init__(self) -> None:
        self._watches: list[Lag] = []
        self._timer: asyncio.TimerHandle | None = None
        self._due_ns = 0

    @contextmanager
    def watch(self) -> Iterator[Lag]:
        """Gather the worst lag until the block ends."""
        lag, began_ns, cpu_ns = Lag(), time.monotonic_ns(), time.process_time_ns()
        self._watches.append(lag)
        if self._timer is None:
            self._arm()
        try:
            yield lag
        finally:
            took_ns = max(1, time.monotonic_ns() - began_ns)
            lag.cpu_share = (time.process_time_ns() - cpu_ns) / took_ns
            self._watches.remove(lag)
            if not self._watches and self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _arm(self) -> None:
        self._due_ns = time.monotonic_ns() + int(_PERIOD_S * 1e9)
        self._timer = asyncio.get_running_loop().call_later(_PERIOD_S, self._tick)

    def _tick(self) -> None:
        late_ns = time.monotonic_ns() - self._due_ns
        for lag in self._watches:
            lag.worst_ns = max(lag.worst_ns, late_ns)
        self._arm()
