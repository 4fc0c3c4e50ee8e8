"""The clock: it publishes the passing of time, so that nothing that decides reads a wall clock.

Each tick expects the one before it, so however many clocks there are, they make one chain.
"""

import asyncio
import time
from collections.abc import Callable

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError

from arguslm_bus.cancellation import heed_cancellation
from arguslm_bus.lookup import last_event
from arguslm_bus.publisher import Conflict, NotStored, Publisher
from arguslm_contracts.events.checks import ClockTicked
from arguslm_contracts.streams import CLOCK
from arguslm_scheduler.model import next_tick

log = structlog.get_logger(__name__)

_SUBJECT = f"{ClockTicked.name}.>"
_RETRY_S = 1.0


class Clock:
    """Ticks each whole second. `now_s` is Unix time."""

    def __init__(
        self, client: Client, publisher: Publisher, *, now_s: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._publisher = publisher
        self._now_s = now_s
        self._last_second: int | None = None
        self._last_sequence = 0
        self.trouble: str | None = "not started"

    async def run(self) -> None:
        """Tick until cancelled. After an outage one tick covers the gap."""
        await self._recover()
        while True:
            heed_cancellation()
            try:
                await self._tick()
            except Conflict:
                await self._recover()
                continue
            except NotStored as error:
                self.trouble = str(error)
                await asyncio.sleep(_RETRY_S)
                await self._recover()
                continue
            self.trouble = None
            now_s = self._now_s()
            await asyncio.sleep(int(now_s) + 1 - now_s)

    async def _tick(self) -> None:
        tick = next_tick(self._last_second, self._now_s())
        if tick is None:
            return
        # One attempt: a later one would tell an old time.
        stored = await self._publisher.append(
            tick, expected_sequence=self._last_sequence, attempts=1
        )
        self._last_second, self._last_sequence = tick.second, stored.sequence

    async def _recover(self) -> None:
        """Take up the chain where its newest tick left it, as soon as the bus answers."""
        while True:
            heed_cancellation()
            try:
                newest = await last_event(self._client, CLOCK.name, _SUBJECT)
            except NatsError as error:
                self.trouble = f"bus: {error or type(error).__name__}"
                log.warning("clock_waits_for_bus", error=self.trouble)
                await asyncio.sleep(_RETRY_S)
                continue
            break
        if newest is None:
            self._last_second, self._last_sequence = None, 0
        elif isinstance(newest.event, ClockTicked):
            self._last_second, self._last_sequence = newest.event.second, newest.sequence
