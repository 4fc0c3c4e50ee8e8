"""Rebuild and verify: the tables are only ever what the streams say.

A rebuild fills a shadow beside the live tables and then, in one transaction on the live database,
replaces the rows and folds the few events that came meanwhile. Readers see the old rows or the
new ones; a live projector finds its checkpoint where it left it, or further on, and goes on.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from nats.aio.client import Client
from sqlalchemy import Table, event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.comparing import Difference, differences, still_differs
from arguslm_bus.folding import Folding
from arguslm_bus.reader import read_until, stream_state
from arguslm_bus.shadow import Progress, empty_shadow, fill
from arguslm_bus.tables import ServiceTables
from arguslm_storage.checkpoints import (
    TABLE_NAME,
    Checkpoint,
    load_checkpoints,
    place,
    stored_versions,
)
from arguslm_storage.database import Database, open_again, open_shadow
from arguslm_storage.migrate import upgrade

__all__ = ["Difference", "Progress", "read_until", "rebuild", "rebuild_if_outdated", "verify"]

log = structlog.get_logger(__name__)


async def rebuild(
    client: Client, live: Database, shadow: Database, tables: ServiceTables, progress: Progress
) -> dict[str, int]:
    """Build the tables anew from the streams and swap them in; gives rows by table.

    Raises:
        InUse: somebody else rebuilds or verifies this service right now.
    """
    await upgrade(live, tables.migrations, tables.metadata)
    async with empty_shadow(shadow, tables):
        async with live.reading() as connection:
            known = await load_checkpoints(connection, tables.checkpoints)
        filled = {stream: await _goal(client, stream, known) for stream in tables.folds}
        for stream, goal in filled.items():
            await fill(client, shadow, tables, stream, until=goal, progress=progress)
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
    """Build the tables as of the live checkpoints and compare row by row; the first differences.

    A decider folds what it says, and what it needs to know first, ahead of their checkpoints: a
    row may also be as the whole stream says.

    Raises:
        InUse: somebody else rebuilds or verifies this service right now.
    """
    async with empty_shadow(shadow, tables), live.reading() as connection:
        stored = await load_checkpoints(connection, tables.checkpoints)
        stands = {s: stored[s].sequence if s in stored else 0 for s in tables.folds}
        heads = {s: (await stream_state(client, s)).last_sequence for s in tables.folds}
        for stream, until in stands.items():
            await fill(client, shadow, tables, stream, until=until, progress=progress)
        found = await _compare(connection, shadow, tables)
        if not found:
            return []
        for stream, after in stands.items():
            until = heads[stream]
            await fill(client, shadow, tables, stream, after=after, until=until, progress=progress)
        async with shadow.reading() as rebuilt:
            named = tables.metadata.tables
            return [d for d in found if await still_differs(rebuilt, named[d.table], d)][:most]


async def rebuild_if_outdated(client: Client, live: Database, tables: ServiceTables) -> bool:
    """Rebuild tables that an older version of the projection wrote; whether it was needed.

    Raises:
        InUse: another replica is at it.
    """
    async with live.reading() as connection:
        versions = await stored_versions(connection, tables.checkpoints)
    if not versions or max(versions) > tables.version or versions == {tables.version}:
        return False
    log.info("tables_outdated", stored=sorted(versions), version=tables.version)
    shadow = open_shadow(live)
    try:
        rows = await rebuild(client, live, shadow, tables, lambda *_: None)
    finally:
        await shadow.close()
    log.info("tables_rebuilt", rows=rows, version=tables.version)
    return True


async def _goal(client: Client, stream: str, known: dict[str, Checkpoint]) -> int:
    """Rebuild to where the live tables stand; a decider must not skip what it has not judged.
    What a stream holds that was made anew is history: nobody is told of it."""
    if stream in known:
        state = await stream_state(client, stream)
        same = known[stream].stream_created == state.created
        return min(known[stream].sequence, state.last_sequence) if same else state.last_sequence
    return 0


async def _compare(
    connection: AsyncConnection, shadow: Database, tables: ServiceTables
) -> list[Difference]:
    async with shadow.reading() as rebuilt:
        found: list[Difference] = []
        for table in _compared(tables):
            found += await differences(connection, rebuilt, table)
        return found


async def _swap(
    client: Client, live: Database, shadow: Database, tables: ServiceTables, filled: dict[str, int]
) -> dict[str, int]:
    """Replace the rows, and fold what came since the shadow was filled, in one transaction."""
    rows: dict[str, int] = {}
    async with _beside(live, shadow) as (both, prefix), both.writing() as connection:
        if not live.is_sqlite:
            # Writers claim their checkpoint before they write: none is half-way now.
            await connection.execute(text(f"LOCK TABLE {TABLE_NAME} IN EXCLUSIVE MODE"))
        known = await load_checkpoints(connection, tables.checkpoints)
        for table in _compared(tables):
            rows[table.name] = await _replace(connection, table, prefix)
        reached: list[Checkpoint] = []
        for stream in tables.folds:
            goal = await _goal(client, stream, known)
            await _fold_rest(client, connection, tables, stream, filled[stream], goal)
            if goal:
                created = (await stream_state(client, stream)).created
                reached.append(Checkpoint(stream, goal, created))
        await place(connection, tables.checkpoints, reached, tables.version)
    return rows


async def _fold_rest(
    client: Client,
    connection: AsyncConnection,
    tables: ServiceTables,
    stream: str,
    after: int,
    until: int,
) -> None:
    folding = Folding(client, tables, stream, buries=False)
    subjects = tables.subjects.get(stream, ())
    async for batch in read_until(client, stream, after=after, until=until, subjects=subjects):
        await folding.fold(connection, await folding.decode(batch))
    await folding.settle(connection)


@asynccontextmanager
async def _beside(live: Database, shadow: Database) -> AsyncIterator[tuple[Database, str]]:
    """The live database as connections that see the shadow's tables too, under a prefix."""
    if shadow.schema is not None:
        yield live, f'"{shadow.schema}".'
        return

    def attach(dbapi_connection: Any, _record: Any) -> None:
        cursor = dbapi_connection.cursor()
        cursor.execute("ATTACH DATABASE ? AS shadow", (shadow.engine.url.database,))
        cursor.close()

    attached = open_again(live)
    event.listen(attached.engine.sync_engine, "connect", attach)
    try:
        yield attached, "shadow."
    finally:
        await attached.close()


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
