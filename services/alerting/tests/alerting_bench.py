"""Running the decider in tests: a bus to speak on, a decider to cut short, and what was said."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_alerting.deciding import decider_of
from arguslm_bus.decider import Decider
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import RawMessage, StreamReader, stream_state
from arguslm_bus.rebuild import read_until
from arguslm_contracts.envelope import Recorded, decode
from arguslm_contracts.events.alerts import AlertRaised, AlertResolved
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.history import HourClosed
from arguslm_contracts.events.spending import SpendingReported
from arguslm_contracts.streams import ALERTS, CHECKS, REGISTRY
from arguslm_contracts.subjects import stream_of
from arguslm_storage.database import Database
from arguslm_testkit.bus import BusForTests

_SPEAKER_OF: dict[type[Event], str] = {SpendingReported: "scheduler", HourClosed: "query-api"}
_SPEAKER = {REGISTRY.name: "query-api", CHECKS.name: "prober", ALERTS.name: "alerting"}


class Stage:
    """A bus on which everybody else speaks."""

    def __init__(self, bus: BusForTests) -> None:
        self.bus = bus
        self._publishers: dict[str, Publisher] = {}

    async def say(self, *events: Event) -> None:
        for event in events:
            stream = stream_of(event.subject).name
            user = _SPEAKER_OF.get(type(event), _SPEAKER[stream])
            if user not in self._publishers:
                self._publishers[user] = Publisher(await self.bus.client(user), user)
            await self._publishers[user].append(event)

    async def decider(self, database: Database) -> Decider:
        return decider_of(await self.bus.client("alerting"), database)

    @asynccontextmanager
    async def deciding(self, database: Database) -> AsyncIterator[Decider]:
        decider = await self.decider(database)
        running = asyncio.create_task(decider.run())
        try:
            yield decider
        finally:
            await stop(running)

    async def judged(self, decider: Decider) -> None:
        """Wait until everything in the streams has been folded and judged. A decider that was cut
        short may leave SQLite locked for its busy time of 10 s."""
        for stream in (REGISTRY.name, CHECKS.name, ALERTS.name):
            last = (await stream_state(decider.client, stream)).last_sequence
            assert await decider.wait_for(stream, last, 60), decider.trouble

    async def recorded(self, stream: str) -> list[Recorded]:
        client = await self.bus.client()
        until = (await stream_state(client, stream)).last_sequence
        found: list[Recorded] = []
        async for batch in read_until(client, stream, after=0, until=until):
            found += [read(message, stream) for message in batch]
        return found

    async def told(self, subject: str, count: int = 1) -> list[Recorded]:
        """Wait for the first `count` events under a subject pattern."""
        stream = stream_of(subject).name
        reader = StreamReader(await self.bus.client(), stream, 0, subjects=(subject,))
        found: list[Recorded] = []
        async with asyncio.timeout(30):
            async for batch in reader.batches():
                found += [read(message, stream) for message in batch]
                if len(found) >= count:
                    break
        return found

    async def alerts(self) -> list[AlertRaised | AlertResolved]:
        """What was raised and resolved, in order."""
        return [
            recorded.event
            for recorded in await self.recorded(ALERTS.name)
            if isinstance(recorded.event, AlertRaised | AlertResolved)
        ]

    async def said(self) -> list[str]:
        return in_short(await self.alerts())

    async def by_cause(self) -> list[str]:
        """What was raised and resolved, by the event that led to it: "raised <event id>"."""
        return [
            f"{recorded.subject.split('.')[1]} {recorded.cause.event_id}"
            for recorded in await self.recorded(ALERTS.name)
            if recorded.cause is not None
        ]


def read(message: RawMessage, stream: str) -> Recorded:
    return decode(
        message.headers,
        message.body,
        stream=stream,
        sequence=message.sequence,
        subject=message.subject,
    )


def in_short(alerts: Sequence[AlertRaised | AlertResolved]) -> list[str]:
    """ "raised gpt" and "resolved gpt recovered"."""
    names = {a.alert_id: a.model_name for a in alerts if isinstance(a, AlertRaised)}
    return [
        f"raised {alert.model_name}"
        if isinstance(alert, AlertRaised)
        else f"resolved {names[alert.alert_id]} {alert.reason}"
        for alert in alerts
    ]


async def stop(running: asyncio.Task[None]) -> None:
    """End a decider in whatever it does. Before Python 3.12 `asyncio.wait_for`, deep in the NATS
    client, loses a cancellation that meets its answer: so it is repeated, to each reader."""
    while not running.done():
        readers = {task for task in asyncio.all_tasks() if task.get_name().startswith("project ")}
        for task in (running, *readers):
            task.cancel()
        await asyncio.wait({running}, timeout=0.5)


class BreakingDatabase(Database):
    """Loses its connection right before the commits numbered in `breaks`: what was published by
    then stands, what was folded is rolled back."""

    def __init__(self, whole: Database, breaks: Sequence[int]) -> None:
        super().__init__(whole.service, whole.engine, whole.schema)
        self._breaks = set(breaks)
        self.commits = 0

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        async with super().writing() as connection:
            yield connection
            self.commits += 1
            if self.commits in self._breaks:
                raise OSError("the database went away before the commit")
