"""Two replicas on one PostgreSQL: one writes; killed or stopped, it is followed by the other."""

import asyncio
import json
from contextlib import AsyncExitStack
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

import psutil
from door_process import environment, healthy, port_of, process
from pydantic import SecretStr
from sqlalchemy import func, select, text

from arguslm_bus.publisher import Publisher
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_query_api import tables
from arguslm_storage.database import Database, open_database
from arguslm_storage.settings import StorageSettings
from arguslm_storage.vault import create_key_file
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until
from arguslm_testkit.postgres import PostgresForTests

_SAMPLE = files("arguslm_contracts") / "samples" / "arguslm.check.completed.v1.json"


def a_check() -> CheckCompleted:
    told = json.loads(_SAMPLE.read_text())["data"]
    return CheckCompleted.model_validate(told | {"check_id": str(uuid4())})


async def counted(database: Database) -> tuple[int, int]:
    """Checks in the history, and in the sums."""
    widest = tables.rollups.c.width_s == tables.ROLLUP_WIDTHS_S[-1]
    async with database.reading() as connection:
        history = await connection.scalar(select(func.count()).select_from(tables.checks))
        sums = await connection.scalar(select(func.sum(tables.rollups.c.checks)).where(widest))
    return history or 0, sums or 0


async def test_a_killed_replica_is_followed_by_the_other_within_ten_seconds(
    bus: BusForTests, postgres: PostgresForTests, tmp_path: Path
) -> None:
    create_key_file(tmp_path / "keys" / "fernet.key")
    url = await postgres.new_database()
    publisher = Publisher(await bus.client(), "prober")
    database = open_database(
        "query-api", StorageSettings(data_dir=tmp_path, database_url=SecretStr(url))
    )
    published = 0

    async def all_there() -> bool:
        return await counted(database) == (published, published)

    async with AsyncExitStack() as stack:
        given = environment(bus, tmp_path, ARGUSLM_DATABASE_URL=url)
        replicas = [await stack.enter_async_context(process(given)) for _ in range(2)]
        for replica in replicas:
            await healthy(f"http://127.0.0.1:{await port_of(replica)}")
        for victim in replicas:
            for number in range(200):
                await publisher.append(a_check())
                published += 1
                if number == 100:
                    victim.kill()
            if victim is replicas[0]:
                await until(all_there, "the other replica to go on", timeout_s=10)
        # Nobody is left to write. Who comes next goes on where they stood, and doubles nothing.
        third = await stack.enter_async_context(process(given))
        await port_of(third)
        await until(all_there, "the next one to catch up", timeout_s=30)
    await database.close()


async def test_a_replica_that_stands_still_half_way_is_followed_by_the_other(
    bus: BusForTests, postgres: PostgresForTests, tmp_path: Path
) -> None:
    create_key_file(tmp_path / "keys" / "fernet.key")
    url = await postgres.new_database()
    publisher = Publisher(await bus.client(), "prober")
    database = open_database(
        "query-api", StorageSettings(data_dir=tmp_path, database_url=SecretStr(url))
    )
    published, caught = 0, asyncio.Event()

    async def publishing() -> None:
        nonlocal published
        while not caught.is_set():
            await publisher.append(a_check())
            published += 1

    async def all_there() -> bool:
        return await counted(database) == (published, published)

    async with AsyncExitStack() as stack:
        given = environment(bus, tmp_path, ARGUSLM_DATABASE_URL=url)
        replicas = [await stack.enter_async_context(process(given)) for _ in range(2)]
        for replica in replicas:
            await healthy(f"http://127.0.0.1:{await port_of(replica)}")
        # Many at once, so that the writer is seldom between two transactions.
        load = [asyncio.create_task(publishing()) for _ in range(20)]
        stopped = await stopped_half_way([psutil.Process(one.pid) for one in replicas], database)
        caught.set()
        await asyncio.gather(*load)
        await until(all_there, "the other replica to go on", timeout_s=60)
        # It wakes, finds that it has lost the tables, and follows from where they stand.
        stopped.resume()
        for _ in range(20):
            await publisher.append(a_check())
            published += 1
        await until(all_there, "both to go on", timeout_s=60)
        for replica in replicas:
            assert replica.returncode is None
    await database.close()


async def stopped_half_way(replicas: list[psutil.Process], database: Database) -> psutil.Process:
    """Stop whichever holds a checkpoint, while it holds it."""
    while True:
        for replica in replicas:
            replica.suspend()
            if await somebody_stands_half_way(database):
                return replica
            replica.resume()
            await asyncio.sleep(0.003)


async def somebody_stands_half_way(database: Database) -> bool:
    """Whether a transaction has claimed something and says nothing."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND state = 'idle in transaction' AND backend_xid IS NOT NULL"
        " AND state_change < clock_timestamp() - interval '100 ms'"
    )
    await asyncio.sleep(0.12)
    async with database.reading() as connection:
        return bool(await connection.scalar(query))
