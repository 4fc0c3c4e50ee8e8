"""A service's tables in memory, behind the interface of `Database`, without a thread."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.engine import NestedTransaction
from sqlalchemy.pool import StaticPool

from arguslm_bus.tables import ServiceTables, fold_whole
from arguslm_contracts.envelope import Recorded
from arguslm_storage.columns import to_json

Rows = dict[str, list[tuple[Any, ...]]]


class _Nested:
    def __init__(self, nested: NestedTransaction) -> None:
        self._nested = nested

    async def commit(self) -> None:
        self._nested.commit()

    async def rollback(self) -> None:
        self._nested.rollback()


class DirectConnection:
    """What folds and decisions ask of an AsyncConnection, answered at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect

    async def execute(self, *arguments: Any, **options: Any) -> Any:
        return self._connection.execute(*arguments, **options)

    async def exec_driver_sql(self, *arguments: Any) -> Any:
        return self._connection.exec_driver_sql(*arguments)

    async def scalar(self, *arguments: Any) -> Any:
        return self._connection.scalar(*arguments)

    async def scalars(self, *arguments: Any) -> Any:
        return self._connection.scalars(*arguments)

    async def begin_nested(self) -> _Nested:
        return _Nested(self._connection.begin_nested())


class MemoryTables:
    """Replicas that share it take turns, as they do on a locked PostgreSQL row."""

    is_sqlite = True
    path = None
    schema = None

    def __init__(self, tables: ServiceTables, number: int) -> None:
        self._tables = tables
        self._held, self._engine = _opened(tables.service, number)
        self._turn = asyncio.Lock()
        if not self._held.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            tables.metadata.create_all(self._engine)
        self.empty()

    def empty(self) -> None:
        for table in self._tables.metadata.tables:
            self._held.execute(f'DELETE FROM "{table}"')

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[DirectConnection]:
        async with self._turn:
            with self._engine.begin() as connection:
                yield DirectConnection(connection)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[DirectConnection]:
        async with self.writing() as connection:
            yield connection

    def rows(self) -> Rows:
        """All rows but the checkpoints, in an order of their own."""
        tables = [
            t for t in self._tables.metadata.sorted_tables if t is not self._tables.checkpoints
        ]
        with self._engine.connect() as connection:
            return {
                table.name: sorted(
                    (tuple(row) for row in connection.execute(select(table))), key=repr
                )
                for table in tables
            }

    async def fold_anyhow(self, chance: random.Random, history: dict[str, list[Recorded]]) -> None:
        """Fold the streams in any interleaving and any batches that keep each one's order."""
        waiting = {s: list(history[s]) for s in self._tables.folds if history[s]}
        async with self.writing() as connection:
            while waiting:
                stream = chance.choice(sorted(waiting))
                size = chance.choice((1, 2, 7, 50))
                batch, waiting[stream] = waiting[stream][:size], waiting[stream][size:]
                await fold_whole(self._tables.folds[stream], connection, batch)  # type: ignore[arg-type]
                if not waiting[stream]:
                    del waiting[stream]


@cache
def _opened(service: str, number: int) -> tuple[sqlite3.Connection, Engine]:
    """Kept from seed to seed: its compiled statements are what costs time."""
    held = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, creator=lambda: held, json_serializer=to_json
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return held, engine
