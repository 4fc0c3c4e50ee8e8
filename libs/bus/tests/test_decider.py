"""The decider: each decision once, wherever it is interrupted."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID

import pytest
from counting import TABLES, tick
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus import projector as projector_module
from arguslm_bus.decider import Decider, Decision
from arguslm_bus.folding import Decoded, Folding
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import stream_state
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import ClockTicked, DiscoveryRequested
from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import Target
from arguslm_contracts.streams import CHECK_REQUESTS, CLOCK
from arguslm_storage.database import Database
from arguslm_testkit.bus import BusForTests

PROVIDER = UUID(int=7)


async def decide(connection: AsyncConnection, cause: Recorded) -> Sequence[Decision]:
    """On every tenth second, one request."""
    assert isinstance(cause.event, ClockTicked)
    if cause.event.second % 10:
        return ()
    target = Target(provider_id=str(PROVIDER), provider_type="openai", provider_name="P")
    return (
        Decision(
            DiscoveryRequested(
                request_id=derive("tenth", cause.event.second), provider_id=PROVIDER, target=target
            )
        ),
    )


async def decider(
    bus: BusForTests, database: Database, can_matter: Callable[[Event], bool] = lambda _: True
) -> Decider:
    async def first(connection: AsyncConnection, events: Sequence[Event]) -> int | None:
        return next((place for place, event in enumerate(events) if can_matter(event)), None)

    client = await bus.client("scheduler")
    return Decider(
        client,
        database,
        TABLES,
        decide,
        Publisher(client, "scheduler"),
        speaks_on=("discovery.requested.>",),
        first_that_matters=first,
    )


async def tick_through(bus: BusForTests, seconds: range) -> int:
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    last = 0
    for second in seconds:
        last = (await publisher.append(tick(second))).sequence
    return last


async def decisions(bus: BusForTests) -> int:
    return (await stream_state(await bus.client(), CHECK_REQUESTS.name)).last_sequence


async def test_decides_once_per_cause(bus: BusForTests, database: Database) -> None:
    speaking = await decider(bus, database)
    running = asyncio.create_task(speaking.run())
    assert await speaking.wait_for(CLOCK.name, await tick_through(bus, range(100, 150)), 10)
    assert await decisions(bus) == 5
    running.cancel()


async def test_what_cannot_matter_is_folded_many_at_once_and_never_judged(
    bus: BusForTests, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = Folding.fold
    folded: list[list[int]] = []

    async def noted(
        folding: Folding, connection: AsyncConnection, batch: Sequence[Decoded]
    ) -> list[Recorded]:
        folded.append([one.message.sequence for one in batch])
        return await genuine(folding, connection, batch)

    def is_tenth(event: Event) -> bool:
        return isinstance(event, ClockTicked) and event.second % 10 == 0

    monkeypatch.setattr(Folding, "fold", noted)
    last = await tick_through(bus, range(105, 132))
    speaking = await decider(bus, database, is_tenth)
    running = asyncio.create_task(speaking.run())
    assert await speaking.wait_for(CLOCK.name, last, 10)
    # Seconds 110, 120 and 130 alone, those between two of them together.
    assert folded == [[*range(1, 6)], [6], [*range(7, 16)], [16], [*range(17, 26)], [26], [27]]
    assert await decisions(bus) == 3
    running.cancel()


async def test_a_crash_between_publishing_and_committing_repeats_nothing(
    bus: BusForTests, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = projector_module.advance
    crashes = 0

    async def crash_sometimes(*arguments: object) -> None:
        nonlocal crashes
        if crashes < 3:
            crashes += 1
            raise OSError("power cut")
        await genuine(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(projector_module, "advance", crash_sometimes)
    speaking = await decider(bus, database)
    last = await tick_through(bus, range(100, 130))
    running = asyncio.create_task(speaking.run())
    assert await speaking.wait_for(CLOCK.name, last, 20)
    assert (crashes, await decisions(bus)) == (3, 3)
    running.cancel()


async def test_new_tables_fold_what_was_decided_in_silence_and_then_go_on(
    bus: BusForTests, database: Database
) -> None:
    first = await decider(bus, database)
    running = asyncio.create_task(first.run())
    assert await first.wait_for(CLOCK.name, await tick_through(bus, range(100, 131)), 10)
    running.cancel()
    async with database.writing() as connection:
        for table in TABLES.metadata.sorted_tables:
            await connection.execute(table.delete())
    client = await bus.client()
    await client.jetstream().purge_stream(CHECK_REQUESTS.name, keep=1)
    second = await decider(bus, database)
    running = asyncio.create_task(second.run())
    assert await second.wait_for(CLOCK.name, await tick_through(bus, range(131, 151)), 10)
    # Four before (100, 110, 120, 130), of which none is said again, and two after.
    assert await decisions(bus) == 6
    running.cancel()
