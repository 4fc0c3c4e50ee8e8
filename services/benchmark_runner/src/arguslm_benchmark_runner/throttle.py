"""Limits on several levels at once, taken together or not at all.

Whoever waits holds nothing: a request that waits for its provider takes no place of the whole.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `limit` holders of `key` at once."""

    key: Hashable
    limit: int


class Throttle:
    """Counts the holders of every key; the first in line that fits goes first."""

    def __init__(self) -> None:
        self._held: Counter[Hashable] = Counter()
        self._waiting: dict[asyncio.Future[None], Sequence[Cap]] = {}

    @asynccontextmanager
    async def slot(self, caps: Sequence[Cap]) -> AsyncIterator[None]:
        """Hold one place under every cap while the block runs."""
        await self._take(caps)
        try:
            yield
        finally:
            self._give(caps)

    async def _take(self, caps: Sequence[Cap]) -> None:
        if self._fits(caps):
            self._hold(caps)
            return
        admitted = asyncio.get_running_loop().create_future()
        self._waiting[admitted] = caps
        try:
            await admitted
        except asyncio.CancelledError:
            if self._waiting.pop(admitted, None) is None:
                # Admitted and cancelled in the same moment.
                self._give(caps)
            raise

    def _give(self, caps: Sequence[Cap]) -> None:
        for cap in caps:
            self._held[cap.key] -= 1
            if not self._held[cap.key]:
                del self._held[cap.key]
        for waiting, wanted in list(self._waiting.items()):
            if not waiting.done() and self._fits(wanted):
                del self._waiting[waiting]
                self._hold(wanted)
                waiting.set_result(None)

    def _fits(self, caps: Sequence[Cap]) -> bool:
        return all(self._held[cap.key] < cap.limit for cap in caps)

    def _hold(self, caps: Sequence[Cap]) -> None:
        for cap in caps:
            self._held[cap.key] += 1
