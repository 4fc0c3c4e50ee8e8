"""Streams restored from their bytes: what was decided stays decided."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from counting import TABLES
from test_decider import decider, tick_through

from arguslm_bus.reader import stream_state
from arguslm_bus.snapshot import SnapshotFailed, StreamHead, restore_stream, stream_bytes
from arguslm_contracts.streams import CHECK_REQUESTS, CLOCK, StreamSpec
from arguslm_storage.database import open_database
from arguslm_storage.migrate import upgrade
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests


async def taken(bus: BusForTests, stream: StreamSpec) -> tuple[StreamHead, list[bytes]]:
    async with stream_bytes(await bus.client(), stream.name) as (head, chunks):
        return head, [chunk async for chunk in chunks]


async def each(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def decide_up_to(bus: BusForTests, directory: Path, sequence: int) -> None:
    """With tables that are empty at first."""
    settings = StorageSettings(data_dir=directory, database_url=None)
    database = open_database("scheduler", settings)
    await upgrade(database, TABLES.migrations, TABLES.metadata)
    deciding = await decider(bus, database)
    running = asyncio.create_task(deciding.run())
    assert await deciding.wait_for(CLOCK.name, sequence, 60)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await database.close()


async def test_a_decider_on_restored_streams_repeats_nothing(
    bus: BusForTests, tmp_path: Path
) -> None:
    """The server makes a restored stream under a new creation time, and has forgotten its ids."""
    last = await tick_through(bus, range(1, 41))
    await decide_up_to(bus, tmp_path / "before", last)
    client = await bus.client()
    said = (await stream_state(client, CHECK_REQUESTS.name)).last_sequence
    assert said == 4
    kept = [await taken(bus, stream) for stream in (CHECK_REQUESTS, CLOCK)]
    for head, chunks in kept:
        await client.jetstream().delete_stream(head.name)
        await restore_stream(client, head, each(chunks))
    last = await tick_through(bus, range(41, 51))
    assert last == 50
    await decide_up_to(bus, tmp_path / "after", last)
    assert (await stream_state(client, CHECK_REQUESTS.name)).last_sequence == said + 1


async def test_a_stream_is_not_restored_over_another(bus: BusForTests) -> None:
    head, chunks = await taken(bus, CLOCK)
    with pytest.raises(SnapshotFailed, match="CLOCK: "):
        await restore_stream(await bus.client(), head, each(chunks))
