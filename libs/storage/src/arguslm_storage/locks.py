"""One at a time, among all programs that share a database. A crash gives the lock back."""

import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_storage.database import Database


class InUse(Exception):
    """Somebody else holds it."""


@asynccontextmanager
async def exclusive(database: Database) -> AsyncIterator[None]:
    """Hold a database for the block; it need not exist yet.

    Raises:
        InUse: another program, or another part of this one, holds it.
    """
    holding = _file(database.path) if database.path is not None else _session(database)
    async with holding:
        yield


async def wait_turn(connection: AsyncConnection, name: str) -> None:
    """Wait until no other transaction that asked under this name goes on; PostgreSQL only.

    SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
        )


@asynccontextmanager
async def _file(path: Path) -> AsyncIterator[None]:
    # The lock file stays: to remove it would let two hold two different files.
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InUse(f"{path.stem} is in use by another rebuild or verify") from None
        yield


@asynccontextmanager
async def _session(database: Database) -> AsyncIterator[None]:
    key = {"name": str(database.schema)}
    async with database.engine.connect() as connection:
        held = await connection.execution_options(isolation_level="AUTOCOMMIT")
        query = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 1))")
        if not await held.scalar(query, key):
            raise InUse(f"{database.schema} is in use by another rebuild or verify")
        try:
            yield
        finally:
            # Not given back to the pool: the session ends, and the lock with it.
            await held.invalidate()
