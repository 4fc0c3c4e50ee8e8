"""A decider that begins again: nothing is said twice, and nothing is left unsaid."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import pytest
from counting import TABLES, fold_ticks, tick
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.decider import Decider, Decision
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import stream_state
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import ClockTicked, DiscoveryRequested
from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import Target
from arguslm_contracts.streams import CHECK_REQUESTS, CLOCK, DEAD_LETTERS
from arguslm_storage.database import Database
from arguslm_testkit.bus import BusForTests

PROVIDER = UUID(int=7)


def request(second: int) -> DiscoveryRequested:
    target = Target(provider_id=str(PROVIDER), provider_type="openai", provider_name="P")
    return DiscoveryRequested(
        request_id=derive("tenth", second), provider_id=PROVIDER, target=target
    )


class Voice:
    """Decides on every tenth second, and remembers what it was asked."""

    def __init__(self, bus: BusForTests, database: Database) -> None:
        self._bus = bus
        self._database = database
        self.asked: list[int] = []
        self.stop_after: int | None = None
        self.stopped = asyncio.Event()

    async def decide(self, connection: AsyncConnection, cause: Recorded) -> Sequence[Decision]:
        assert isinstance(cause.event, ClockTicked)
        self.asked.append(cause.event.second)
        if cause.event.second == 666:
            raise ValueError("the number of the beast")
        return () if cause.event.second % 10 else (Decision(request(cause.event.second)),)

    @asynccontextmanager
    async def speaking(self, tables: object = TABLES) -> AsyncIterator[Decider]:
        client = await self._bus.client("scheduler")
        decider = Decider(
            client,
            self._database,
            tables,  # type: ignore[arg-type]
            self.decide,
            Publisher(client, "scheduler"),
            speaks_on=("discovery.requested.>",),
        )
        running = asyncio.create_task(decider.run())
        try:
            yield decider
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def voice(bus: BusForTests, database: Database) -> Voice:
    return Voice(bus, database)


async def publish(bus: BusForTests, seconds: range) -> int:
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    return [(await publisher.append(tick(second))).sequence for second in seconds][-1]


async def decisions(bus: BusForTests) -> int:
    return (await stream_state(await bus.client(), CHECK_REQUESTS.name)).last_sequence


async def empty(database: Database) -> None:
    async with database.writing() as connection:
        for table in TABLES.metadata.sorted_tables:
            await connection.execute(table.delete())


async def test_a_crash_in_the_middle_of_the_silence_does_not_break_it(
    bus: BusForTests, database: Database, voice: Voice
) -> None:
    async with voice.speaking() as decider:
        last = await publish(bus, range(100, 400))
        assert await decider.wait_for(CLOCK.name, last, 60)
    await empty(database)
    voice.asked.clear()
    crashed = asyncio.Event()

    async def fold(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
        # Alive for some batches, then dead.
        if any(isinstance(e.event, ClockTicked) and e.event.second >= 350 for e in events):
            crashed.set()
            raise OSError("power cut")
        await fold_ticks(connection, events)

    async with voice.speaking(replace(TABLES, folds={CLOCK.name: fold})):
        await asyncio.wait_for(crashed.wait(), 60)
    async with voice.speaking() as decider:
        assert await decider.wait_for(CLOCK.name, last, 60)
    # The last decision was on 390; what came after it may be judged again.
    assert [second for second in voice.asked if second < 390] == []
    assert await decisions(bus) == 30


async def test_what_was_not_judged_before_the_tables_were_lost_is_judged(
    bus: BusForTests, database: Database, voice: Voice
) -> None:
    async with voice.speaking() as decider:
        assert await decider.wait_for(CLOCK.name, await publish(bus, range(100, 115)), 60)
    # Ticks that nobody judges, and then a decision that was already under way is stored.
    last = await publish(bus, range(115, 125))
    client = await bus.client("query-api")
    await Publisher(client, "query-api").append(request(7))
    await empty(database)
    async with voice.speaking() as decider:
        assert await decider.wait_for(CLOCK.name, last, 60)
    # 100, 110, the foreign one, and 120.
    assert await decisions(bus) == 4


async def test_a_twin_is_known_beyond_the_broker_s_memory(
    bus: BusForTests, database: Database, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    jetstream = (await bus.client()).jetstream()
    config = (await jetstream.stream_info(CHECK_REQUESTS.name)).config
    await jetstream.update_stream(replace(config, duplicate_window=0.1))
    monkeypatch.setattr("arguslm_bus.publisher._SURELY_REMEMBERED", 0.0)
    async with voice.speaking() as decider:
        last = await publish(bus, range(100, 121))
        assert await decider.wait_for(CLOCK.name, last, 60)
    assert await decisions(bus) == 3
    # Another decision on the same subject hides the one that is repeated.
    await Publisher(await bus.client("query-api"), "query-api").append(request(7))
    await asyncio.sleep(0.3)
    await empty(database)
    decider_module_silence = "arguslm_bus.decider.Decider._judged_before"

    async def nothing(self: Decider) -> dict[str, tuple[str, int]]:
        return {}

    monkeypatch.setattr(decider_module_silence, nothing)
    async with voice.speaking() as decider:
        assert await decider.wait_for(CLOCK.name, last, 60)
    assert await decisions(bus) == 4


async def test_an_event_that_cannot_be_judged_is_parked_and_the_rest_goes_on(
    bus: BusForTests, voice: Voice
) -> None:
    async with voice.speaking() as decider:
        assert await decider.wait_for(CLOCK.name, await publish(bus, range(660, 675)), 60)
    # 660 and 670.
    assert await decisions(bus) == 2
    dead = (
        await (await bus.client())
        .jetstream()
        .get_msg(DEAD_LETTERS.name, subject="dead.scheduler.>")
    )
    assert "beast" in (dead.headers or {})["Arguslm-Dead-Reason"]


async def test_a_bus_that_does_not_answer_parks_nothing(
    bus: BusForTests, voice: Voice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arguslm_bus.publisher._ATTEMPT_TIMEOUT_S", 0.2)
    genuine = Publisher.append
    refused = 0

    async def unacknowledged(self: Publisher, event: object, **options: object) -> object:
        nonlocal refused
        if isinstance(event, DiscoveryRequested) and refused < 2:
            refused += 1
            from arguslm_bus.publisher import NotStored

            raise NotStored("no acknowledgement")
        return await genuine(self, event, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Publisher, "append", unacknowledged)
    async with voice.speaking() as decider:
        assert await decider.wait_for(CLOCK.name, await publish(bus, range(100, 111)), 60)
    assert (refused, await decisions(bus)) == (2, 2)
    dead = (await stream_state(await bus.client(), DEAD_LETTERS.name)).last_sequence
    assert dead == 0
