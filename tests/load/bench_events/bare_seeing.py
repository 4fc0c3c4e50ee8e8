"""The barest that shows a check, in a process of its own: nats-py is pushed it, the driver commits
one row of it."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing import get_context
from pathlib import Path

import asyncpg
import uvloop
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from arguslm_bus.connection import connect
from arguslm_bus.publisher import Publisher
from arguslm_bus.settings import BusSettings
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.streams import CHECKS
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until
from bench_events.steadily import PER_S, steadily

Write = Callable[[str, str], Awaitable[None]]
"""Commits the row of a check: its id and its text."""

_CONSUMER = "bare"
_TABLE = "CREATE TABLE bare (check_id TEXT PRIMARY KEY, completion TEXT NOT NULL)"


async def look_barely(bus: BusForTests, storage: StorageSettings, seconds: int) -> list[float]:
    """Milliseconds from the acknowledgement to the committed row, ascending."""
    stored: dict[str, float] = {}
    jetstream = (await bus.client()).jetstream()

    async def note(_number: int, event: CheckCompleted) -> None:
        stored[str(event.check_id)] = time.perf_counter()

    async def reads() -> bool:
        try:
            await jetstream.consumer_info(CHECKS.name, _CONSUMER)
        except NotFoundError:
            return False
        return True

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        settings = bus.settings("query-api")
        reading = pool.submit(_committed, settings, storage, seconds * PER_S)
        await until(reads, "the bare reader")
        publisher = Publisher(await bus.client("prober"), "prober")
        await steadily(publisher, seconds, note, seed=8)
        committed = await asyncio.wrap_future(reading)
    return sorted(max(0.0, at - stored[one]) * 1_000 for one, at in committed.items())


def _committed(bus: BusSettings, storage: StorageSettings, checks: int) -> dict[str, float]:
    """When the row of each of so many checks was committed, by the clock of all processes."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_commit(bus, storage, checks))


async def _commit(bus: BusSettings, storage: StorageSettings, checks: int) -> dict[str, float]:
    committed: dict[str, float] = {}
    done = asyncio.Event()
    client = await connect(bus, "query-api")
    async with _writer(storage) as write:

        async def take(message: Msg) -> None:
            check_id = json.loads(message.data)["check_id"]
            await write(check_id, message.data.decode())
            committed[check_id] = time.perf_counter()
            if len(committed) == checks:
                done.set()

        await client.jetstream().subscribe(
            f"{CheckCompleted.name}.>",
            stream=CHECKS.name,
            cb=take,
            config=ConsumerConfig(
                name=_CONSUMER, ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.NEW
            ),
        )
        await done.wait()
    await client.close()
    return committed


@asynccontextmanager
async def _writer(storage: StorageSettings) -> AsyncIterator[Write]:
    if storage.database_url is None:
        connection = _sqlite(storage.data_dir / "bare.db")

        async def into_sqlite(check_id: str, completion: str) -> None:
            with connection:
                connection.execute("INSERT INTO bare VALUES (?, ?)", (check_id, completion))

        yield into_sqlite
        connection.close()
        return
    url = storage.database_url.get_secret_value().replace("+asyncpg", "")
    server = await asyncpg.connect(url)
    await server.execute(_TABLE)

    async def into_postgresql(check_id: str, completion: str) -> None:
        await server.execute("INSERT INTO bare VALUES ($1, $2)", check_id, completion)

    yield into_postgresql
    await server.close()


def _sqlite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=NORMAL", _TABLE):
        connection.execute(statement)
    return connection
