"""Two replicas on one set of tables: one of them writes and speaks, the other follows."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from counting import TABLES, fold_ticks, minutes, tick
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.decider import Decider, Decision
from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import stream_state
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import ClockTicked
from arguslm_contracts.streams import CLOCK, DEAD_LETTERS
from arguslm_storage.checkpoints import LostOwnership
from arguslm_storage.database import Database, upsert
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until


async def publish(bus: BusForTests, seconds: range) -> int:
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    return [(await publisher.append(tick(second))).sequence for second in seconds][-1]


async def test_only_one_of_two_deciders_speaks_of_an_event(
    bus: BusForTests, database: Database
) -> None:
    asked: Counter[int] = Counter()

    async def decide(connection: AsyncConnection, cause: Recorded) -> Sequence[Decision]:
        asked[cause.sequence] += 1
        await asyncio.sleep(0)
        return ()

    deciders = []
    for _ in range(2):
        client = await bus.client("scheduler")
        publisher = Publisher(client, "scheduler")
        deciders.append(Decider(client, database, TABLES, decide, publisher, speaks_on=()))
    running = [asyncio.create_task(decider.run()) for decider in deciders]
    last = await publish(bus, range(100, 300))
    for decider in deciders:
        assert await decider.wait_for(CLOCK.name, last, 60)
    assert (len(asked), max(asked.values())) == (200, 1)
    for task in running:
        task.cancel()


async def test_writers_that_would_cross_do_not(bus: BusForTests, database: Database) -> None:
    """Two transactions that take the same two rows the other way round would deadlock."""
    turn = 0

    async def fold(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
        nonlocal turn
        turn += 1
        rows = [{"minute": -1, "ticks": 0}, {"minute": -2, "ticks": 0}]
        for row in rows if turn % 2 else reversed(rows):
            await upsert(connection, minutes, [row])
            await asyncio.sleep(0.02)
        await fold_ticks(connection, events)

    tables = replace(TABLES, folds={CLOCK.name: fold})
    projectors = [
        Projector(await bus.client("scheduler"), database, tables, batch_limit=10) for _ in range(2)
    ]
    running = [asyncio.create_task(projector.run()) for projector in projectors]
    last = await publish(bus, range(100, 300))
    for projector in projectors:
        assert await projector.wait_for(CLOCK.name, last, 60)
    async with database.reading() as connection:
        counted = await connection.scalar(select(func.sum(minutes.c.ticks)))
    dead = (await stream_state(await bus.client(), DEAD_LETTERS.name)).last_sequence
    assert (counted, dead) == (200, 0)
    for task in running:
        task.cancel()


async def test_an_older_program_does_not_write_the_tables_of_a_newer_one(
    bus: BusForTests, database: Database
) -> None:
    newer = Projector(await bus.client("scheduler"), database, replace(TABLES, version=2))
    running = asyncio.create_task(newer.run())
    assert await newer.wait_for(CLOCK.name, await publish(bus, range(100, 110)), 10)
    running.cancel()
    older = Projector(await bus.client("scheduler"), database, TABLES)
    running = asyncio.create_task(older.run())
    await publish(bus, range(110, 120))

    async def refuses() -> bool:
        return "version 2" in older.trouble.get(CLOCK.name, "")

    await until(refuses, "the older program to step back", timeout_s=20)
    async with database.reading() as connection:
        assert await connection.scalar(select(func.sum(minutes.c.ticks))) == 10
    assert isinstance(tick(1), ClockTicked)
    running.cancel()


async def test_a_standby_forgets_the_failure_that_the_writer_got_past(
    bus: BusForTests, database: Database
) -> None:
    """Also under steady load, where it never sees the end of the stream."""
    failed = asyncio.Event()

    async def fails_then_loses(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
        if failed.is_set():
            raise LostOwnership("the other one was quicker")
        failed.set()
        raise OSError("connection reset")

    tables = replace(TABLES, folds={CLOCK.name: fails_then_loses})
    standby = Projector(await bus.client("scheduler"), database, tables)
    running = [asyncio.create_task(standby.run())]
    await publish(bus, range(100, 102))
    await asyncio.wait_for(failed.wait(), 60)

    async def has(word: str) -> bool:
        return word in standby.trouble.get(CLOCK.name, "")

    await until(lambda: has("reset"), "the failure to be told")
    writer = Projector(await bus.client("scheduler"), database, TABLES)
    running.append(asyncio.create_task(writer.run()))
    assert await writer.wait_for(CLOCK.name, await publish(bus, range(102, 104)), 60)
    # One event is left for the standby to want.
    running[1].cancel()
    await asyncio.gather(running[1], return_exceptions=True)
    await publish(bus, range(104, 105))

    async def is_well() -> bool:
        return not await has("reset")

    await until(is_well, "the failure to be forgotten")
    running[0].cancel()
