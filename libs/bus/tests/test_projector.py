"""The projector: every event counted once, whatever happens in between."""

import asyncio

from counting import POISON_SECOND, TABLES, minutes, tick
from sqlalchemy import func, select, update

from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Publisher
from arguslm_bus.rebuild import rebuild, verify
from arguslm_contracts.streams import CLOCK, DEAD_LETTERS
from arguslm_storage.database import Database
from arguslm_testkit.bus import BusForTests


async def publish(bus: BusForTests, seconds: range) -> int:
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    stored = await asyncio.gather(*(publisher.append(tick(second)) for second in seconds))
    return max(one.sequence for one in stored)


async def counted(database: Database) -> int:
    async with database.reading() as connection:
        return await connection.scalar(select(func.coalesce(func.sum(minutes.c.ticks), 0))) or 0


async def test_counts_every_event_once_and_lets_a_writer_read_its_own_write(
    bus: BusForTests, database: Database
) -> None:
    projector = Projector(await bus.client("scheduler"), database, TABLES)
    running = asyncio.create_task(projector.run())
    last = await publish(bus, range(100, 400))
    assert await projector.wait_for(CLOCK.name, last, 10)
    assert await counted(database) == 300
    assert projector.lag == {CLOCK.name: 0}
    running.cancel()


async def test_goes_on_where_a_stopped_one_left_and_survives_a_killed_broker(
    bus: BusForTests, database: Database
) -> None:
    first = Projector(await bus.client("scheduler"), database, TABLES)
    running = asyncio.create_task(first.run())
    assert await first.wait_for(CLOCK.name, await publish(bus, range(100, 150)), 10)
    running.cancel()
    second = Projector(await bus.client("scheduler"), database, TABLES)
    running = asyncio.create_task(second.run())
    assert await second.wait_for(CLOCK.name, await publish(bus, range(150, 200)), 10)
    await bus.server.kill()
    await bus.server.start()
    assert await second.wait_for(CLOCK.name, await publish(bus, range(200, 250)), 30)
    assert await counted(database) == 150
    running.cancel()


async def test_two_writers_at_once_count_every_event_once(
    bus: BusForTests, database: Database
) -> None:
    projectors = [Projector(await bus.client("scheduler"), database, TABLES) for _ in range(2)]
    running = [asyncio.create_task(projector.run()) for projector in projectors]
    last = await publish(bus, range(100, 600))
    for projector in projectors:
        assert await projector.wait_for(CLOCK.name, last, 20)
    assert await counted(database) == 500
    for task in running:
        task.cancel()


async def test_parks_a_poison_event_and_goes_on(bus: BusForTests, database: Database) -> None:
    projector = Projector(await bus.client("scheduler"), database, TABLES)
    running = asyncio.create_task(projector.run())
    last = await publish(bus, range(POISON_SECOND - 5, POISON_SECOND + 5))
    assert await projector.wait_for(CLOCK.name, last, 10)
    assert await counted(database) == 9
    operator = await bus.client()
    dead = await operator.jetstream().get_msg(DEAD_LETTERS.name, subject="dead.scheduler.>")
    assert (dead.headers or {})["Arguslm-Dead-Reason"] == "ValueError: thirteen"
    running.cancel()


async def test_an_event_already_stored_is_a_duplicate(bus: BusForTests) -> None:
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    first = await publisher.append(tick(1))
    again = await publisher.append(tick(1))
    assert (again.sequence, again.duplicate) == (first.sequence, True)


async def test_verify_finds_a_changed_row_and_rebuild_mends_it(
    bus: BusForTests, database: Database, shadow: Database
) -> None:
    client = await bus.client("scheduler")
    projector = Projector(client, database, TABLES)
    running = asyncio.create_task(projector.run())
    assert await projector.wait_for(CLOCK.name, await publish(bus, range(100, 300)), 10)
    seen: list[str] = []

    def progress(stream: str, done: int, of: int) -> None:
        seen.append(f"{stream} {done}/{of}")

    assert await verify(client, database, shadow, TABLES, progress) == []
    async with database.writing() as connection:
        await connection.execute(update(minutes).where(minutes.c.minute == 2).values(ticks=7))
    differences = await verify(client, database, shadow, TABLES, progress)
    assert [(d.table, d.key, d.live, d.rebuilt) for d in differences] == [
        ("minutes", (2,), {"minute": 2, "ticks": 7}, {"minute": 2, "ticks": 60})
    ]
    await rebuild(client, database, shadow, TABLES, progress)
    assert await verify(client, database, shadow, TABLES, progress) == []
    assert await projector.wait_for(CLOCK.name, await publish(bus, range(300, 320)), 20)
    assert await counted(database) == 220
    assert f"{CLOCK.name} 200/200" in seen
    running.cancel()
