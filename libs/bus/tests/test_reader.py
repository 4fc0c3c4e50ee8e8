"""The reader: every message once and in order, whatever becomes of its stream and its server."""

import asyncio
import os
import signal
from contextlib import aclosing

import pytest
from counting import TABLES, minutes, tick
from sqlalchemy import func, select
from tasks import freeze

import arguslm_bus.reader
from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import StreamChanged, StreamReader, read_until, stream_state
from arguslm_bus.topology import apply_topology
from arguslm_contracts.streams import CLOCK
from arguslm_storage.database import Database
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until


async def publish(bus: BusForTests, seconds: range) -> int:
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    return [(await publisher.append(tick(second))).sequence for second in seconds][-1]


async def read(reader: StreamReader, count: int, *, timeout_s: float = 30) -> list[int]:
    """The sequences of the next messages."""
    seen: list[int] = []
    async with asyncio.timeout(timeout_s), aclosing(reader.batches()) as batches:
        async for batch in batches:
            seen += [message.sequence for message in batch]
            if len(seen) >= count:
                break
    return seen


async def counted(database: Database) -> int:
    async with database.reading() as connection:
        return await connection.scalar(select(func.coalesce(func.sum(minutes.c.ticks), 0))) or 0


async def make_anew(bus: BusForTests) -> None:
    client = await bus.client()
    await client.jetstream().delete_stream(CLOCK.name)
    await apply_topology(client)


async def test_a_stream_made_anew_under_a_running_reader_is_not_read_on(
    bus: BusForTests, database: Database
) -> None:
    projector = Projector(await bus.client("scheduler"), database, TABLES)
    running = asyncio.create_task(projector.run())
    assert await projector.wait_for(CLOCK.name, await publish(bus, range(100, 110)), 10)
    await make_anew(bus)
    await publish(bus, range(200, 230))

    async def refuses() -> bool:
        return "made anew" in projector.trouble.get(CLOCK.name, "")

    await until(refuses, "the new stream to be noticed", timeout_s=30)
    assert await counted(database) == 10
    assert "arguslm rebuild scheduler" in projector.trouble[CLOCK.name]
    running.cancel()


async def test_a_stream_that_ends_before_what_was_read_is_not_waited_for(
    bus: BusForTests, database: Database
) -> None:
    projector = Projector(await bus.client("scheduler"), database, TABLES)
    running = asyncio.create_task(projector.run())
    assert await projector.wait_for(CLOCK.name, await publish(bus, range(100, 110)), 10)
    running.cancel()
    # As after a restore from a backup that is older than the tables.
    state = await stream_state(await bus.client(), CLOCK.name)
    reader = StreamReader(await bus.client(), CLOCK.name, 500, created=state.created)
    with pytest.raises(StreamChanged, match="ends at 10, read up to 500"):
        await read(reader, 1)


async def test_a_stream_that_is_gone_is_told(bus: BusForTests, database: Database) -> None:
    await (await bus.client()).jetstream().delete_stream(CLOCK.name)
    projector = Projector(await bus.client("scheduler"), database, TABLES)
    running = asyncio.create_task(projector.run())

    async def told() -> bool:
        return "does not exist" in projector.trouble.get(CLOCK.name, "")

    await until(told, "the missing stream to be told", timeout_s=20)
    running.cancel()


async def test_a_consumer_that_was_deleted_is_made_again(bus: BusForTests) -> None:
    client = await bus.client()
    reader = StreamReader(await bus.client("scheduler"), CLOCK.name, 0)
    await publish(bus, range(100, 105))
    reading = asyncio.create_task(read(reader, 10))

    async def delete() -> bool:
        found = await client.jetstream().consumers_info(CLOCK.name)
        for consumer in found:
            await client.jetstream().delete_consumer(CLOCK.name, consumer.name)
        return bool(found)

    await until(delete, "a consumer to delete", timeout_s=30)
    await publish(bus, range(105, 110))
    assert await reading == list(range(1, 11))


async def test_reading_goes_on_soon_after_a_killed_server_is_back(bus: BusForTests) -> None:
    client = await bus.client("scheduler")
    await publish(bus, range(100, 105))
    reading = asyncio.create_task(read(StreamReader(client, CLOCK.name, 0), 6))
    await bus.server.kill()
    await bus.server.restart()
    began = asyncio.get_running_loop().time()
    await publish(bus, range(105, 106))
    assert await reading == list(range(1, 7))
    # Not only when the silence has lasted so long that something must be wrong.
    assert asyncio.get_running_loop().time() - began < 9


async def test_a_frozen_server_costs_and_doubles_nothing(
    bus: BusForTests, on_sqlite: Database
) -> None:
    client = await bus.client("scheduler")
    projector = Projector(client, on_sqlite, TABLES)
    running = asyncio.create_task(projector.run())
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    assert await projector.wait_for(CLOCK.name, await publish(bus, range(100, 110)), 10)
    await freeze(bus)
    try:
        publishing = [asyncio.create_task(publisher.append(tick(n))) for n in range(110, 120)]
        await asyncio.sleep(20)
    finally:
        os.kill(bus.server.pid, signal.SIGCONT)
    last = max(stored.sequence for stored in await asyncio.gather(*publishing))
    assert await projector.wait_for(CLOCK.name, last, 30)
    assert (last, await counted(on_sqlite)) == (20, 20)
    # One that is read, and the inbox of answers: none is left of the attempts in between.
    assert len(client._subs) <= 2
    running.cancel()


async def test_a_finished_reader_leaves_no_consumer_behind(bus: BusForTests) -> None:
    client = await bus.client("scheduler")
    last = await publish(bus, range(100, 105))
    assert await read(StreamReader(client, CLOCK.name, 0), 5) == [1, 2, 3, 4, 5]
    seen = [
        m.sequence async for b in read_until(client, CLOCK.name, after=2, until=last) for m in b
    ]
    assert seen == [3, 4, 5]

    async def none_left() -> bool:
        info = await (await bus.client()).jetstream().stream_info(CLOCK.name)
        return info.state.consumer_count == 0

    await until(none_left, "the consumers to go", timeout_s=30)


async def test_a_filter_that_matches_nothing_ends_at_once(bus: BusForTests) -> None:
    client = await bus.client("scheduler")
    last = await publish(bus, range(100, 105))
    async with asyncio.timeout(30):
        for subjects in (("clock.ticked.never",), ("clock.ticked.never", "clock.ticked.not")):
            async for _ in read_until(client, CLOCK.name, after=0, until=last, subjects=subjects):
                pytest.fail("nothing stands under these subjects")


async def test_what_expired_is_passed_over(bus: BusForTests, database: Database) -> None:
    projector = Projector(await bus.client("scheduler"), database, TABLES)
    running = asyncio.create_task(projector.run())
    assert await projector.wait_for(CLOCK.name, await publish(bus, range(100, 110)), 10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    last = await publish(bus, range(110, 120))
    await (await bus.client()).jetstream().purge_stream(CLOCK.name, keep=3)
    again = Projector(await bus.client("scheduler"), database, TABLES)
    running = asyncio.create_task(again.run())
    assert await again.wait_for(CLOCK.name, last, 10)
    assert await counted(database) == 13
    running.cancel()


async def test_nothing_to_read_is_no_trouble(bus: BusForTests, database: Database) -> None:
    projector = Projector(await bus.client("scheduler"), database, TABLES)
    assert projector.trouble == {CLOCK.name: "not read yet"}
    running = asyncio.create_task(projector.run())

    async def well() -> bool:
        return projector.trouble == {} and projector.lag == {CLOCK.name: 0}

    await until(well, "the projector to be well", timeout_s=30)
    running.cancel()


async def test_reading_to_the_end_ends_where_what_waited_was_purged(
    bus: BusForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arguslm_bus.reader, "_PULL_EXPIRES_S", 1.0)
    monkeypatch.setattr(arguslm_bus.reader, "_HEARTBEAT_S", 0.4)
    monkeypatch.setattr(arguslm_bus.reader, "_LEAST_CREDIT", 10)
    await publish(bus, range(100, 160))
    seen: list[int] = []
    async with asyncio.timeout(30):
        async for batch in read_until(
            await bus.client("scheduler"), CLOCK.name, after=0, until=60, limit=5
        ):
            seen += [message.sequence for message in batch]
            await (await bus.client()).jetstream().purge_stream(CLOCK.name)
    # What was on its way already still came.
    assert seen == list(range(1, len(seen) + 1))
    assert 5 <= len(seen) < 60
