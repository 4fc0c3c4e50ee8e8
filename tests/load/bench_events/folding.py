"""Folding a stream from its beginning: our own code, and the barest loop over the same rows.

Each measurement runs in a process of its own, so that its memory and its CPU are its own.
"""

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from typing import Any

import asyncpg
import psutil
import uvloop
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from arguslm_bus.connection import connect
from arguslm_bus.projector import Projector
from arguslm_bus.rebuild import rebuild
from arguslm_bus.settings import BusSettings
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.outcomes import VERDICTS
from arguslm_contracts.streams import CHECKS
from arguslm_query_api.projections.tables import SERVICE_TABLES
from arguslm_query_api.tables import checks as history
from arguslm_storage.database import Database, open_database, open_shadow
from arguslm_storage.migrate import upgrade
from arguslm_storage.settings import StorageSettings
from arguslm_telemetry.collector import tame_collector

_SERVICE = "query-api"
_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Given:
    """What to fold, and into what."""

    bus: BusSettings
    storage: StorageSettings
    events: int


@dataclass(frozen=True, slots=True)
class Took:
    """`rss_mb` is resident memory after a fifth of the time, and at its highest after that."""

    seconds: float
    cpu_seconds: float
    rss_mb: tuple[float, float]


Way = Callable[[Client, Database, int], Awaitable[None]]


def measure(way: str, given: Given) -> Took:
    """One of WAYS, in a new process; all but a rebuild begin with empty tables."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, way, given).result()


def _measured(way: str, given: Given) -> Took:
    return run_here(WAYS[way], given)


def run_here(way: Way, given: Given) -> Took:
    """In this process, which is to have done nothing else."""
    if way is not bare:
        tame_collector()  # as every service does when it starts
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(way, given))


async def _run(way: Way, given: Given) -> Took:
    client = await connect(given.bus, _SERVICE)
    database = open_database(_SERVICE, given.storage)
    if way is not rebuilding:
        await database.drop()
    await upgrade(database, SERVICE_TABLES.migrations, SERVICE_TABLES.metadata)
    memory = _Memory()
    began, cpu = time.perf_counter(), time.process_time()
    await way(client, database, given.events)
    took = time.perf_counter() - began, time.process_time() - cpu
    rss_mb = memory.stop()
    await database.close()
    await client.close()
    return Took(*took, rss_mb)


class _Memory:
    """Looks at resident memory all the time."""

    def __init__(self) -> None:
        self._samples: list[int] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        process = psutil.Process()
        while not self._done.wait(0.2):
            self._samples.append(process.memory_info().rss)

    def stop(self) -> tuple[float, float]:
        self._done.set()
        self._thread.join()
        early = len(self._samples) // 5
        samples = self._samples[early:] or [psutil.Process().memory_info().rss]
        return samples[0] / 2**20, max(samples) / 2**20


async def projector(client: Client, database: Database, events: int) -> None:
    """Current state, history and rollups, as the running query-api keeps them."""
    following = Projector(client, database, SERVICE_TABLES)
    running = asyncio.create_task(following.run())
    assert await following.wait_for(CHECKS.name, events, 3_600)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def rebuilding(client: Client, database: Database, events: int) -> None:
    """`arguslm rebuild query-api` of the tables that are there: a shadow, and the swap."""
    shadow = open_shadow(database)
    rows = await rebuild(client, database, shadow, SERVICE_TABLES, lambda *_: None)
    await shadow.close()
    assert rows["checks"] == events


async def bare(client: Client, database: Database, events: int) -> None:
    """Pull, decode, and nothing but the history's rows: executemany, or COPY."""
    reading = _pull(client, events)
    if database.path is not None:
        await _into_sqlite(str(database.path), reading)
    else:
        await _into_postgresql(database, reading)


async def _pull(client: Client, events: int) -> AsyncIterator[list[bytes]]:
    """Bodies, by nats-py's own means; a callback is its quickest."""
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(message: Msg) -> None:
        arrived.put_nowait(message.data)

    inbox = client.new_inbox()
    subscription = await client.subscribe(
        inbox, cb=take, pending_msgs_limit=0, pending_bytes_limit=0
    )
    consumer = await client.jetstream().add_consumer(
        CHECKS.name,
        ConsumerConfig(
            ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.ALL, mem_storage=True
        ),
    )
    left = events
    while left:
        wanted = min(left, _ROWS_AT_ONCE)
        await client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{CHECKS.name}.{consumer.name}",
            json.dumps({"batch": wanted}).encode(),
            reply=inbox,
        )
        yield [await arrived.get() for _ in range(wanted)]
        left -= wanted
    await subscription.unsubscribe()


_COLUMNS = [column.name for column in history.columns]


def _row(sequence: int, body: bytes) -> list[Any]:
    check = CheckCompleted.model_validate_json(body)
    measured, verdict = check.measurement, VERDICTS[check.measurement.outcome]
    return [
        check.check_id,
        check.model_id,
        check.location,
        check.purpose,
        check.run_id,
        check.due_at,
        check.started_at,
        check.completed_at,
        measured.outcome.value,
        verdict.available,
        verdict.usable,
        measured.timing.first_token_ms,
        measured.tokens_per_s,
        measured.timing.total_ms,
        measured.usage.output_tokens,
        measured.audit.trustworthy,
        measured.model_dump_json(exclude_none=True),
        sequence,
        check.kind.value,
        check.probe_id,
        None,
    ]


async def _into_sqlite(path: str, reading: AsyncIterator[list[bytes]]) -> None:
    marks = ", ".join("?" * len(_COLUMNS))
    statement = f"INSERT INTO checks ({', '.join(_COLUMNS)}) VALUES ({marks})"
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")

    def write(rows: list[list[Any]]) -> None:
        with connection:
            connection.executemany(statement, rows)

    sequences = count(1)
    async for bodies in reading:
        rows = []
        for body in bodies:
            row = _row(next(sequences), body)
            row[0], row[1] = row[0].hex, row[1].hex
            row[5:8] = [int(at.timestamp() * 1_000_000) for at in row[5:8]]
            rows.append(row)
        await asyncio.to_thread(write, rows)
    connection.close()


async def _into_postgresql(database: Database, reading: AsyncIterator[list[bytes]]) -> None:
    url = database.engine.url
    connection = await asyncpg.connect(
        host=str(url.query["host"]), user=url.username, database=url.database
    )
    sequences = count(1)
    async for bodies in reading:
        await connection.copy_records_to_table(
            "checks",
            records=[_row(next(sequences), body) for body in bodies],
            columns=_COLUMNS,
            schema_name=database.schema,
        )
    await connection.close()


WAYS: dict[str, Way] = {"bare": bare, "projector": projector, "rebuild": rebuilding}
