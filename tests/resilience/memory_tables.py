"""A service's tables in memory, behind the interface of `Database`, without a thread."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Connection, create_engine
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import StaticPool

from arguslm_bus.tables import ServiceTables
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.subjects import matches
from arguslm_storage.columns import to_json
from arguslm_storage.sqlite_connection import SqliteConnection

Rows = dict[str, list[tuple[Any, ...]]]


class DirectDriver(SqliteConnection):
    """Runs a statement at once, where it is asked for."""

    def __init__(self, held: sqlite3.Connection) -> None:
        self._held = held
        self._connection = None  # asked for at its end

    async def run(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._held.execute(statement, values).fetchall()


class DirectConnection:
    """What folds and decisions ask of an AsyncConnection, answered at once."""

    def __init__(self, held: sqlite3.Connection, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect
        lent = SimpleNamespace(driver_connection=DirectDriver(held))
        self.sync_connection = SimpleNamespace(connection=lent)

    async def execute(self, *arguments: Any, **options: Any) -> Any:
        return self._connection.execute(*arguments, **options)

    async def scalar(self, *arguments: Any) -> Any:
        return self._connection.scalar(*arguments)

    async def scalars(self, *arguments: Any) -> Any:
        return self._connection.scalars(*arguments)


class MemoryTables:
    """Replicas that share it take turns, as they do on a locked PostgreSQL row."""

    is_sqlite = True
    path = None
    schema = None

    def __init__(self, tables: ServiceTables, number: int) -> None:
        self._tables = tables
        self._held, self._connection = _opened(tables.service, number)
        self._direct = DirectConnection(self._held, self._connection)
        self._turn = asyncio.Lock()
        if not self._held.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            tables.metadata.create_all(self._connection)
        self.empty()

    def empty(self) -> None:
        for table in self._tables.metadata.tables:
            self._held.execute(f'DELETE FROM "{table}"')

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        async with self._turn:
            self._held.execute("BEGIN")
            try:
                yield cast(AsyncConnection, self._direct)
            except BaseException:
                self._held.execute("ROLLBACK")
                raise
            self._held.execute("COMMIT")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with self.writing() as connection:
            yield connection

    def rows(self) -> Rows:
        """All rows but the checkpoints, as they are stored, in an order of their own."""
        return {
            name: sorted(self._held.execute(f'SELECT * FROM "{name}"'), key=repr)
            for name, table in self._tables.metadata.tables.items()
            if table is not self._tables.checkpoints
        }

    async def fold_anyhow(self, chance: random.Random, history: dict[str, list[Recorded]]) -> None:
        """Fold the streams in any interleaving and any batches that keep each one's order."""
        waiting = {s: list(history[s]) for s in self._tables.folds if history[s]}
        async with self.writing() as connection:
            for stream, pattern in self._tables.folded_first.items():
                newest = [e for e in history[stream] if matches(pattern, e.subject)][-1:]
                await self._tables.fold_whole(connection, stream, newest)
            while waiting:
                stream = chance.choice(sorted(waiting))
                size = chance.choice((1, 2, 7, 50))
                batch, waiting[stream] = waiting[stream][:size], waiting[stream][size:]
                await self._tables.fold_whole(connection, stream, batch)
                if not waiting[stream]:
                    del waiting[stream]


@cache
def _opened(service: str, number: int) -> tuple[sqlite3.Connection, Connection]:
    """Kept from seed to seed: its compiled statements are what costs time."""
    held = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, creator=lambda: held, json_serializer=to_json
    )
    return held, engine.connect()
