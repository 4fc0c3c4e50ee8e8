"""A rebuild beside readers that never notice, and one that a new version does by itself."""

import asyncio
from dataclasses import replace

from counting import TABLES, minutes, tick
from sqlalchemy import func, select

from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Publisher
from arguslm_bus.rebuild import rebuild
from arguslm_contracts.streams import CLOCK
from arguslm_storage.checkpoints import stored_versions
from arguslm_storage.database import Database
from arguslm_testkit.bus import BusForTests

TICKS = 120


async def publish(bus: BusForTests, first: int) -> int:
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    seconds = range(first, first + TICKS)
    return [(await publisher.append(tick(second))).sequence for second in seconds][-1]


async def counted(database: Database) -> int:
    async with database.reading() as connection:
        return await connection.scalar(select(func.sum(minutes.c.ticks))) or 0


async def test_readers_see_old_rows_or_new_ones_while_it_is_rebuilt(
    bus: BusForTests, database: Database, shadow: Database
) -> None:
    projector = Projector(await bus.client("scheduler"), database, TABLES)
    running = asyncio.create_task(projector.run())
    assert await projector.wait_for(CLOCK.name, await publish(bus, 100), 60)
    # One row that the stream does not know tells the old rows from the new ones.
    async with database.writing() as connection:
        await connection.execute(minutes.insert().values(minute=-1, ticks=1_000))
    seen: set[int] = set()
    steps: list[tuple[str, int, int]] = []
    done = asyncio.Event()

    async def read() -> None:
        while not done.is_set():
            seen.add(await counted(database))
            # Readers, not a denial of service.
            await asyncio.sleep(0.01)

    readers = [asyncio.create_task(read()) for _ in range(2)]
    await rebuild(await bus.client(), database, shadow, TABLES, lambda *at: steps.append(at))
    done.set()
    await asyncio.gather(*readers)
    assert seen <= {TICKS + 1_000, TICKS}
    assert await counted(database) == TICKS
    assert steps[-1] == (CLOCK.name, TICKS, TICKS)
    running.cancel()


async def test_a_new_version_of_the_projection_rebuilds_when_it_starts(
    bus: BusForTests, database: Database
) -> None:
    old = Projector(await bus.client("scheduler"), database, TABLES)
    running = asyncio.create_task(old.run())
    assert await old.wait_for(CLOCK.name, await publish(bus, 100), 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    async with database.writing() as connection:
        await connection.execute(minutes.update().values(ticks=7))
    newer = Projector(await bus.client("scheduler"), database, replace(TABLES, version=2))
    running = asyncio.create_task(newer.run())
    assert await newer.wait_for(CLOCK.name, await publish(bus, 1_000), 60)
    assert await counted(database) == 2 * TICKS
    async with database.reading() as connection:
        assert await stored_versions(connection, TABLES.checkpoints) == {2}
    running.cancel()
