"""Removes checks that have been summed up and given up, so that CHECKS does not grow for ever.

Another service says what is given up; here it is done, an hour later and never beyond what is old
enough. Who begins to read the stream looks at what is given up before: in an hour it is past that.
"""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import structlog
from nats.aio.client import Client

from arguslm_bus.lookup import last_event
from arguslm_bus.reader import StreamReader
from arguslm_bus.retention import purge
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.events.history import HourClosed
from arguslm_contracts.streams import CHECKS

log = structlog.get_logger(__name__)

_CHECKS = f"{CheckCompleted.name}.>"
# Hours close once an hour; those who fold have long done so when their checks go.
_EACH_S = 1_800.0
_RESPITE = timedelta(hours=1)
_RETRY_S = 30.0


class Broom:
    """Sweeps CHECKS. `least_age` is what every check may stay, whatever is said of it."""

    def __init__(self, client: Client, least_age: timedelta) -> None:
        self._client = client
        self._least_age = least_age
        self._swept = 0
        self._given_up: list[tuple[int, datetime]] = []
        """Sequences through which checks are given up, and when that was first seen."""
        self.trouble: str | None = None

    async def run(self) -> None:
        """Sweep again and again, until cancelled."""
        while True:
            try:
                await self.sweep(datetime.now(UTC))
            except Exception as error:
                text = f"{type(error).__name__}: {error}"[:300]
                if text != self.trouble:
                    log.error("checks_not_swept", error=text)
                self.trouble = text
                await asyncio.sleep(_RETRY_S)
            else:
                self.trouble = None
                await asyncio.sleep(_EACH_S)

    async def sweep(self, now: datetime) -> int:
        """Remove what is given up; gives the sequence through which no check is left by it."""
        found = await last_event(self._client, CHECKS.name, f"{HourClosed.name}.>")
        if found is None or not isinstance(found.event, HourClosed):
            return 0
        if found.event.given_up_through > self._swept:
            self._given_up.append((found.event.given_up_through, now))
        ripe = [through for through, seen in self._given_up if now - seen >= _RESPITE]
        if not ripe:
            return self._swept
        through = max(ripe)
        young = await self._first_since(now - self._least_age)
        if young is not None and young <= through:
            log.error("too_young_to_be_swept", given_up=through, kept_from=young)
            through = young - 1
        await purge(self._client, CHECKS, _CHECKS, through=through)
        log.info("checks_swept", through=through)
        self._swept = through
        self._given_up = [one for one in self._given_up if one[0] > through]
        return through

    async def _first_since(self, since: datetime) -> int | None:
        """The first check that the stream took in since a time."""
        reader = StreamReader(self._client, CHECKS.name, 0, subjects=(_CHECKS,), since=since)
        async with aclosing(reader.batches(1, to_the_end=True)) as batches:
            async for batch in batches:
                return batch[0].sequence
        return None
