"""SQLite connections whose statements take one trip to the connection's thread.

aiosqlite takes five (open a cursor, execute, describe, fetch, close), and on a small statement the
trips are most of what it costs.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Self, TypeVar

import aiosqlite

_READ_AHEAD = 1_000
"""Rows that come with the execution; of more, the rest is fetched as it is asked for."""
_DRIVERS_CHUNK = 64

Done = TypeVar("Done")


async def connect(path: Path) -> aiosqlite.Connection:
    """A connection to the file, which is made if it is not there."""
    opened = partial(sqlite3.connect, path, check_same_thread=False)
    connection = SqliteConnection(opened, _DRIVERS_CHUNK)
    connection._thread.daemon = True
    return await connection


class SqliteConnection(aiosqlite.Connection):
    def cursor(self) -> "_Cursor":  # type: ignore[override]  # theirs opens one in the thread
        return _Cursor(self)

    async def rollback(self) -> None:
        """The pool asks for it whenever a connection comes back to it, mostly for nothing."""
        if self.in_transaction:
            await super().rollback()

    async def run(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of one statement."""
        return await self.in_thread(self._run, statement, values)

    def _run(self, statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._conn.execute(statement, values).fetchall()

    async def in_thread(self, work: Callable[..., Done], *arguments: object) -> Done:
        done: Done = await self._execute(work, *arguments)  # type: ignore[no-untyped-call]
        return done


class _Cursor:
    """What SQLAlchemy asks of an asynchronous cursor."""

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self._open: sqlite3.Cursor | None = None
        """While it has rows that have not been fetched."""
        self._rows: deque[Any] = deque()
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, values: Any = ()) -> Self:
        await self._connection.in_thread(self._run, "execute", statement, values)
        return self

    async def executemany(self, statement: str, values: Iterable[Any]) -> Self:
        await self._connection.in_thread(self._run, "executemany", statement, values)
        return self

    async def fetchone(self) -> Any:
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        wanted = size or self.arraysize
        if len(self._rows) < wanted and self._open is not None:
            await self._connection.in_thread(self._read, max(wanted, _READ_AHEAD))
        return list(islice(self._taken(), wanted))

    async def fetchall(self) -> list[Any]:
        if self._open is not None:
            await self._connection.in_thread(self._read, None)
        return list(self._taken())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        row = await self.fetchone()
        if row is None:
            raise StopAsyncIteration
        return row

    async def close(self) -> None:
        self._rows.clear()
        if self._open is not None:
            await self._connection.in_thread(self._open.close)
            self._open = None

    def _taken(self) -> Iterator[Any]:
        while self._rows:
            yield self._rows.popleft()

    def _run(self, how: str, statement: str, values: Any) -> None:
        """In the connection's thread, as is `_read`."""
        self._rows.clear()
        self._open = self._connection._conn.cursor()
        getattr(self._open, how)(statement, values)
        self.description = self._open.description
        self.rowcount, self.lastrowid = self._open.rowcount, self._open.lastrowid
        self._read(_READ_AHEAD)

    def _read(self, most: int | None) -> None:
        """Fetch up to so many rows, and close the cursor when there are no more."""
        assert self._open is not None
        rows = self._open.fetchall() if most is None else self._open.fetchmany(most)
        self._rows.extend(rows)
        if most is None or len(rows) < most:
            self._open.close()
            self._open = None
