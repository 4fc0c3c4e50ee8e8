"""Rebuild and verify: the tables are only ever what the streams say.

A rebuild fills a shadow beside the live tables and then, in one transaction on the live database,
replaces the rows and folds the few events that came meanwhile. Readers see the old rows or the
new ones; a live projector finds its checkpoint where it left it, or further on, and goes on.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from nats.aio.client import Client
from sqlalchemy import Table, event, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.folding import Folding
from arguslm_bus.reader import RawMessage, StreamReader, stream_state
from arguslm_bus.tables import ServiceTables
from arguslm_storage.checkpoints import TABLE_NAME, Checkpoint, advance, load_checkpoints
from arguslm_storage.database import Database
from arguslm_storage.migrate import upgrade

Progress = Callable[[str, int, int], None]
"""Called with stream, events folded, events to fold."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that live tables and rebuilt ones disagree on; None where one has no such row."""

    table: str
    key: tuple[Any, ...]
    live: dict[str, Any] | None
    rebuilt: dict[str, Any] | None


async def rebuild(
    client: Client, live: Database, shadow: Database, tables: ServiceTables, progress: Progress
) -> dict[str, int]:
    """Build the tables anew from the streams and swap them in; gives rows by table."""
    await upgrade(live, tables.migrations, tables.metadata)
    await _make_shadow(shadow, tables)
    async with live.reading() as connection:
        goals = await load_checkpoints(connection, tables.checkpoints)
    filled = {stream: await _goal(client, stream, goals) for stream in tables.folds}
    for stream, goal in filled.items():
        await _fill(client, shadow, tables, stream, goal, progress)
    return await _swap(client, live, shadow, tables, filled)


async def verify(
    client: Client,
    live: Database,
    shadow: Database,
    tables: ServiceTables,
    progress: Progress,
    *,
    most: int = 20,
) -> list[Difference]:
    """Build the tables as of the live checkpoints and compare row by row; the first differences."""
    await _make_shadow(shadow, tables)
    async with live.reading() as connection:
        goals = await load_checkpoints(connection, tables.checkpoints)
        for stream in tables.folds:
            goal = goals[stream].sequence if stream in goals else 0
            await _fill(client, shadow, tables, stream, goal, progress)
        async with shadow.reading() as rebuilt:
            found: list[Difference] = []
            for table in _compared(tables):
                found += await _compare(connection, rebuilt, table)
    return found[:most]


async def _goal(client: Client, stream: str, known: dict[str, Checkpoint]) -> int:
    """Rebuild to where the live tables stand; a decider must not skip what it has not judged."""
    if stream in known:
        state = await stream_state(client, stream)
        same = known[stream].stream_created == state.created
        return known[stream].sequence if same else state.last_sequence
    return 0


async def _make_shadow(shadow: Database, tables: ServiceTables) -> None:
    await upgrade(shadow, tables.migrations, tables.metadata)
    async with shadow.writing() as connection:
        for table in tables.metadata.sorted_tables:
            await connection.execute(table.delete())


async def _fill(
    client: Client,
    shadow: Database,
    tables: ServiceTables,
    stream: str,
    goal: int,
    progress: Progress,
) -> None:
    folding = Folding(client, tables.service, stream, tables.folds[stream])
    done = 0
    async for batch in read_until(client, stream, after=0, until=goal):
        async with shadow.writing() as connection:
            await folding.fold(connection, batch)
        done += len(batch)
        progress(stream, done, goal)


async def read_until(
    client: Client, stream: str, *, after: int, until: int
) -> AsyncIterator[list[RawMessage]]:
    """The messages with after < sequence <= until that the stream still has."""
    state = await stream_state(client, stream)
    if until <= after or state.first_sequence > until or state.last_sequence <= after:
        return
    async for batch in StreamReader(client, stream, after).batches(1_000):
        wanted = [message for message in batch if message.sequence <= until]
        if wanted:
            yield wanted
        if len(wanted) < len(batch) or batch[-1].sequence >= until or batch[-1].pending == 0:
            return


async def _swap(
    client: Client, live: Database, shadow: Database, tables: ServiceTables, filled: dict[str, int]
) -> dict[str, int]:
    """Replace the rows, and fold what came since the shadow was filled, in one transaction."""
    rows: dict[str, int] = {}
    async with _beside(live, shadow) as prefix, live.writing() as connection:
        if not live.is_sqlite:
            await connection.execute(text(f"LOCK TABLE {TABLE_NAME} IN EXCLUSIVE MODE"))
        known = await load_checkpoints(connection, tables.checkpoints)
        for table in _compared(tables):
            rows[table.name] = await _replace(connection, table, prefix)
        await connection.execute(tables.checkpoints.delete())
        for stream, fold in tables.folds.items():
            goal = await _goal(client, stream, known)
            folding = Folding(client, tables.service, stream, fold)
            async for batch in read_until(client, stream, after=filled[stream], until=goal):
                await folding.fold(connection, batch)
            if goal:
                created = (await stream_state(client, stream)).created
                after = Checkpoint(stream, goal, created)
                await advance(connection, tables.checkpoints, None, after, tables.version)
    return rows


@asynccontextmanager
async def _beside(live: Database, shadow: Database) -> AsyncIterator[str]:
    """The prefix under which the live database's connections see the shadow's tables."""
    if shadow.schema is not None:
        yield f'"{shadow.schema}".'
        return

    def attach(dbapi_connection: Any, _record: Any) -> None:
        cursor = dbapi_connection.cursor()
        cursor.execute("ATTACH DATABASE ? AS shadow", (shadow.engine.url.database,))
        cursor.close()

    await live.engine.dispose()
    event.listen(live.engine.sync_engine, "connect", attach)
    try:
        yield "shadow."
    finally:
        event.remove(live.engine.sync_engine, "connect", attach)
        await live.engine.dispose()


async def _replace(connection: AsyncConnection, table: Table, prefix: str) -> int:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    await connection.execute(table.delete())
    # Names come from our own metadata, never from outside.
    copied = await connection.execute(
        text(f'INSERT INTO "{table.name}" ({columns}) SELECT {columns} FROM {prefix}"{table.name}"')  # noqa: S608
    )
    return copied.rowcount


def _compared(tables: ServiceTables) -> Sequence[Table]:
    return [table for table in tables.metadata.sorted_tables if table is not tables.checkpoints]


async def _compare(
    live: AsyncConnection, rebuilt: AsyncConnection, table: Table
) -> list[Difference]:
    keys = [column.name for column in table.primary_key.columns]
    order = select(table).order_by(*table.primary_key.columns)
    left = {_key(row, keys): dict(row) for row in (await live.execute(order)).mappings()}
    right = {_key(row, keys): dict(row) for row in (await rebuilt.execute(order)).mappings()}
    return [
        Difference(table.name, key, left.get(key), right.get(key))
        for key in {**left, **right}
        if left.get(key) != right.get(key)
    ]


def _key(row: Any, keys: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[key] for key in keys)
