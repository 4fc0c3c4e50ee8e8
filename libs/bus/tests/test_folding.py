"""What is the event's fault is buried; what is the database's is waited for."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from counting import POISON_SECOND, TABLES, fold_ticks, minutes, tick
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.folding import storable
from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import stream_state
from arguslm_bus.tables import Fold, Gist, GistOf
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import ClockTicked
from arguslm_contracts.streams import CLOCK, DEAD_LETTERS
from arguslm_storage.database import Database, upsert
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until

# SQLSTATEs that say nothing about the event: deadlock, disk full, out of memory, too many
# connections, a server that goes down, a standby that is not the primary, a lock not to be had.
NOT_THE_EVENT = ("40P01", "53100", "53200", "53300", "57P01", "25006", "55P03")


@asynccontextmanager
async def projecting(
    bus: BusForTests, database: Database, fold: Fold, gists: Mapping[str, GistOf] | None = None
) -> AsyncIterator[Projector]:
    tables = replace(TABLES, folds={CLOCK.name: fold}, gists=gists or {})
    projector = Projector(await bus.client("scheduler"), database, tables)
    running = asyncio.create_task(projector.run())
    try:
        yield projector
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def publish(bus: BusForTests, seconds: range) -> int:
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    return [(await publisher.append(tick(second))).sequence for second in seconds][-1]


async def buried(bus: BusForTests) -> int:
    return (await stream_state(await bus.client(), DEAD_LETTERS.name)).last_sequence


async def counted(database: Database) -> int:
    async with database.reading() as connection:
        return await connection.scalar(select(func.coalesce(func.sum(minutes.c.ticks), 0))) or 0


@pytest.mark.parametrize("sqlstate", NOT_THE_EVENT)
async def test_a_failing_postgresql_buries_nothing(
    bus: BusForTests, on_postgresql: Database, sqlstate: str
) -> None:
    failures = 0

    async def fold(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
        nonlocal failures
        await fold_ticks(connection, events)
        if failures < 2:
            failures += 1
            await connection.execute(
                text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE='{sqlstate}'; END $$")
            )

    last = await publish(bus, range(100, 110))
    async with projecting(bus, on_postgresql, fold) as projector:
        assert await projector.wait_for(CLOCK.name, last, 20)
    assert (failures, await counted(on_postgresql), await buried(bus)) == (2, 10, 0)


async def test_a_connection_lost_in_the_middle_buries_nothing(
    bus: BusForTests, on_postgresql: Database
) -> None:
    losses = 0

    async def fold(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
        nonlocal losses
        await fold_ticks(connection, events)
        if losses < 2:
            losses += 1
            await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    last = await publish(bus, range(100, 110))
    async with projecting(bus, on_postgresql, fold) as projector:
        assert await projector.wait_for(CLOCK.name, last, 20)
    assert (losses, await counted(on_postgresql), await buried(bus)) == (2, 10, 0)


async def test_a_full_disk_buries_nothing(bus: BusForTests, on_sqlite: Database) -> None:
    is_full = True
    seen = asyncio.Event()

    async def fold(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
        pages = await connection.scalar(text("PRAGMA page_count")) if is_full else 1_000_000
        await connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        seen.set()
        # More new rows than the last page has room for.
        await upsert(connection, minutes, [{"minute": -n, "ticks": 0} for n in range(1, 5_000)])
        await fold_ticks(connection, events)

    last = await publish(bus, range(100, 110))
    async with projecting(bus, on_sqlite, fold) as projector:
        await asyncio.wait_for(seen.wait(), 10)

        async def in_trouble() -> bool:
            return "full" in projector.trouble.get(CLOCK.name, "")

        await until(in_trouble, "the full disk to be noticed", timeout_s=30)
        is_full = False
        assert await projector.wait_for(CLOCK.name, last, 20)
    assert (await counted(on_sqlite), await buried(bus)) == (10, 0)


async def test_a_value_no_column_can_hold_is_buried_and_the_rest_goes_on(
    bus: BusForTests, database: Database
) -> None:
    async def fold(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
        for recorded in events:
            assert isinstance(recorded.event, ClockTicked)
            await upsert(connection, minutes, [{"minute": recorded.event.second, "ticks": 1}])
            if recorded.event.second == 104:
                await upsert(connection, minutes, [{"minute": 7, "ticks": 2**70}])

    last = await publish(bus, range(100, 110))
    async with projecting(bus, database, fold) as projector:
        assert await projector.wait_for(CLOCK.name, last, 20)
    # What the event had written before it failed is gone as well.
    assert (await counted(database), await buried(bus)) == (9, 1)


async def test_a_gist_that_cannot_be_made_is_buried_and_the_rest_goes_on(
    bus: BusForTests, database: Database
) -> None:
    class Second(Gist):
        def __init__(self, recorded: Recorded) -> None:
            assert isinstance(recorded.event, ClockTicked)
            self.second = recorded.event.second
            self.inverse = 1 / (self.second - 104)

    async def fold(connection: AsyncConnection, seconds: Sequence[Second]) -> None:
        rows = [{"minute": one.second, "ticks": 1} for one in seconds]
        await upsert(connection, minutes, rows)

    last = await publish(bus, range(100, 110))
    async with projecting(bus, database, fold, gists={CLOCK.name: Second}) as projector:
        assert await projector.wait_for(CLOCK.name, last, 20)
    assert (await counted(database), await buried(bus)) == (9, 1)


async def test_a_batch_that_fails_half_way_leaves_nothing_behind(
    bus: BusForTests, database: Database
) -> None:
    batches: list[int] = []

    async def fold(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
        batches.append(len(events))
        for recorded in events:
            await fold_ticks(connection, [recorded])

    last = await publish(bus, range(POISON_SECOND - 5, POISON_SECOND + 5))
    async with projecting(bus, database, fold) as projector:
        assert await projector.wait_for(CLOCK.name, last, 20)
    assert (await counted(database), await buried(bus)) == (9, 1)
    # All at once first, then one by one.
    assert max(batches) > 1


async def test_a_nul_in_a_text_is_replaced_wherever_it_is_stored() -> None:
    told = json.dumps({"a": "x\x00y", "b": "\\u0000", "c": "\\\x00"}).encode()
    assert json.loads(storable(told)) == {"a": "x\ufffdy", "b": "\\u0000", "c": "\\\ufffd"}
