"""One service's database: SQLite in a file of its own, or a PostgreSQL schema of its own."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import URL, Connection, Dialect, Table, event, make_url, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from arguslm_storage.bulk import copy_rows, insert_rows
from arguslm_storage.columns import to_json
from arguslm_storage.driver import GLANCES
from arguslm_storage.settings import StorageSettings
from arguslm_storage.sqlite_connection import connect

# SQLite's limit of bound values is 32,766 in one statement; PostgreSQL's is 65,535.
_MAX_BOUND_VALUES = 30_000
_SHADOW = "_shadow"
_IDLE_SINCE = "idle_since"
_SURELY_ALIVE_S = 1.0
# For a few rows it takes more trips than an INSERT.
_WORTH_A_COPY = 50
# The server lets go of the locks of a client that vanished without a word after 25 s, not 2 h.
_KEEPALIVES = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


class Database:
    """The engine, and the ways to use it: `reading()`, `writing()` and `glancing()`.

    Writers inside one process wait for each other here rather than in SQLite's busy loop.
    """

    def __init__(self, service: str, engine: AsyncEngine, schema: str | None) -> None:
        self.service = service
        self.engine = engine
        self.schema = schema
        self._writer = asyncio.Lock()
        isolation = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._to_read = engine.execution_options(**isolation)
        self._to_write = engine.execution_options(arguslm_writes=True)
        alone = {} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._to_glance = engine.execution_options(**alone, **{GLANCES: True})

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database."""
        return Path(self.engine.url.database or "") if self.is_sqlite else None

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one moment of the tables."""
        async with self._to_read.begin() as connection:
            yield connection

    @asynccontextmanager
    async def glancing(self) -> AsyncIterator[AsyncConnection]:
        """For statements of which each may see a moment of its own: to begin and to end a
        transaction is two trips more."""
        async with self._to_glance.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits when the block ends well."""
        async with self._writer, self._to_write.begin() as connection:
            yield connection

    async def close(self) -> None:
        await self.engine.dispose()

    async def drop(self) -> None:
        """Remove the file or the schema with all that is in it; used again, it begins empty."""
        if self.schema is not None:
            async with self.engine.begin() as connection:
                await connection.execute(text(f'DROP SCHEMA IF EXISTS "{self.schema}" CASCADE'))
        await self.engine.dispose()
        if self.path is not None:
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)


def open_database(service: str, settings: StorageSettings, *, shadow: bool = False) -> Database:
    """The database of a service; `shadow` opens the one beside it that a rebuild fills."""
    name = service.replace("-", "_") + (_SHADOW if shadow else "")
    if settings.database_url is not None:
        return _open_postgres(service, _postgres_url(settings.database_url, settings), name)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return _open_sqlite(service, settings.data_dir / f"{name}.db")


def open_shadow(live: Database) -> Database:
    """The database beside an open one that a rebuild fills."""
    if live.path is not None:
        return _open_sqlite(live.service, live.path.with_stem(live.path.stem + _SHADOW))
    return _open_postgres(live.service, live.engine.url, f"{live.schema}{_SHADOW}")


def open_again(database: Database) -> Database:
    """The same database through connections of its own."""
    if database.path is not None:
        return _open_sqlite(database.service, database.path)
    return _open_postgres(database.service, database.engine.url, str(database.schema))


def _postgres_url(given: SecretStr, settings: StorageSettings) -> URL:
    url = make_url(given.get_secret_value())
    if url.get_backend_name() != "postgresql":
        raise ValueError(
            f"ARGUSLM_DATABASE_URL: {url.drivername!r} is not supported; "
            "use postgresql+asyncpg://..., or leave it empty for SQLite"
        )
    if url.password is None and settings.database_password_file is not None:
        url = url.set(password=settings.database_password_file.read_text().strip())
    return url.set(drivername="postgresql+asyncpg")


def _open_postgres(service: str, url: URL, schema: str) -> Database:
    engine = create_async_engine(
        url,
        hide_parameters=True,
        connect_args={"server_settings": {"search_path": schema} | _KEEPALIVES},
        pool_size=5,
        max_overflow=10,
        pool_use_lifo=True,
        json_serializer=to_json,
    )
    event.listen(engine.sync_engine, "checkin", _note_when)
    event.listen(engine.sync_engine, "checkout", partial(_ask_if_alive, engine.dialect))
    return Database(service, engine, schema)


def _note_when(_dbapi_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[_IDLE_SINCE] = time.monotonic()


def _ask_if_alive(
    dialect: Dialect, dbapi_connection: Any, record: ConnectionPoolEntry, _proxy: Any
) -> None:
    """What `pool_pre_ping` asks in three trips before each transaction, asked of those alone that
    may have been lost meanwhile."""
    now = time.monotonic()
    if now - record.info.get(_IDLE_SINCE, now) < _SURELY_ALIVE_S:
        return
    try:
        dialect.do_ping(dbapi_connection)
    except dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error


def _open_sqlite(service: str, path: Path) -> Database:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        async_creator=partial(connect, path),
        pool_use_lifo=True,
        hide_parameters=True,
        json_serializer=to_json,
    )
    event.listen(engine.sync_engine, "connect", _set_up_sqlite_connection)
    event.listen(engine.sync_engine, "begin", _begin_sqlite_transaction)
    return Database(service, engine, None)


def _set_up_sqlite_connection(dbapi_connection: Any, _record: Any) -> None:
    # Transactions are begun by us, so that a writer takes its lock at the start, not half-way.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    # The timeout first: two programs may turn a new file to WAL at once.
    for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite_transaction(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get(GLANCES):
        # By way of SQLAlchemy, which throws the connection away when this is cancelled half-way.
        writes = options.get("arguslm_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


async def create_schema(connection: AsyncConnection, database: Database) -> None:
    """Make the schema of a PostgreSQL database; an SQLite file has none."""
    if database.schema is not None:
        await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{database.schema}"'))


async def upsert(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    keep: Iterable[str] = (),
) -> None:
    """Insert rows, or replace those with the same primary key; columns in `keep` stay as they are.

    `rows` all have the same columns. Of rows with equal keys in one call, the last one wins.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key.columns]
    unique = {tuple(row[key] for key in keys): row for row in rows}
    replaced = [name for name in rows[0] if name not in keys and name not in set(keep)]
    await insert_rows(connection, table, list(unique.values()), update=replaced)


async def insert_unseen(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows whose primary key is known not to be there."""
    if connection.dialect.name == "postgresql" and len(rows) >= _WORTH_A_COPY:
        await copy_rows(connection, table, rows)
    else:
        await insert_rows(connection, table, rows)


async def insert_new(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows whose primary key is not there yet; the first one wins, the others are no-ops."""
    await insert_rows(connection, table, rows)


def in_chunks(values: Sequence[Any], size: int = _MAX_BOUND_VALUES) -> Iterable[Sequence[Any]]:
    """Slices small enough for one `IN (...)`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
