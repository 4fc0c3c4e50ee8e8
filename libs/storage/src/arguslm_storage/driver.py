"""Statements given to the driver itself: for those that run at each event.

SQLAlchemy writes them and knows their types; to run one by it takes three to six times as long as
the driver and the database do.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Connection, Delete, Dialect, Select, Table, Update, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import TypeEngine

from arguslm_storage.columns import UtcDateTime
from arguslm_storage.sqlite_connection import SqliteConnection

GLANCES = "arguslm_glances"
"""The execution option of a connection that has no transaction."""
Row = dict[str, Any]
Convert = Callable[[Any], Any]
Answer = TypeVar("Answer")


async def run(
    connection: AsyncConnection, statement: str, values: Sequence[Any] = ()
) -> Iterable[Iterable[Any]]:
    """The rows of a statement, as the driver gives them; `values` are as it takes them.

    Raises:
        DBAPIError: what the database complains of.
    """
    driver = driver_of(connection)
    if isinstance(driver, SqliteConnection):
        try:
            return await driver.run(statement, values)
        except sqlite3.Error as error:
            raise _complaint(connection, statement, error) from error
    glances = _beneath(connection).get_execution_options().get(GLANCES)
    if not glances and not driver.is_in_transaction():
        # SQLAlchemy begins its transaction with the first statement that it knows.
        result = await connection.exec_driver_sql(statement, tuple(values))
        return result.all() if result.returns_rows else []
    return await asked_of_asyncpg(connection, statement, driver.fetch(statement, *values))


async def asked_of_asyncpg(
    connection: AsyncConnection, statement: str, answer: Awaitable[Answer]
) -> Answer:
    """The answer to a statement, which in what is raised stands for it.

    Raises:
        DBAPIError: what the database complains of.
    """
    try:
        return await answer
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _complaint(connection, statement, error) from error
    except asyncio.CancelledError:
        # As SQLAlchemy does: to roll back would wait for a server that may stand still.
        await connection.invalidate()
        raise


def driver_of(connection: AsyncConnection) -> SqliteConnection | asyncpg.Connection:
    """The driver's own connection."""
    driver = _beneath(connection).connection.driver_connection
    assert isinstance(driver, SqliteConnection | asyncpg.Connection)
    return driver


def _beneath(connection: AsyncConnection) -> Connection:
    """SQLAlchemy's own connection, of which the asynchronous one is a face."""
    assert connection.sync_connection is not None
    return connection.sync_connection


def _complaint(connection: AsyncConnection, statement: str, error: Exception) -> Exception:
    """A driver's error as SQLAlchemy raises it."""
    dialect = connection.dialect
    return DBAPIError.instance(
        statement, None, error, type(error), hide_parameters=True, dialect=dialect
    )


async def rows_of(
    connection: AsyncConnection, query: Select[Any] | Update | Delete, **values: Any
) -> list[Row]:
    """The rows of a query, or of a change that returns some, by the names of its columns. It is to
    be a constant: what SQLAlchemy makes of it is kept. `values` are those of its parameters."""
    prepared = _prepared(connection.dialect, query)
    given = prepared.fixed | values
    bound = [store(given[name]) if store else given[name] for name, store in prepared.places]
    rows = await run(connection, prepared.statement, bound)
    return [
        {
            name: load(value) if load else value
            for (name, load), value in zip(prepared.columns, row, strict=True)
        }
        for row in rows
    ]


@cache
def all_of(table: Table) -> Select[Any]:
    """The query of a table's rows, which is a constant."""
    return select(table)


@dataclass(frozen=True, slots=True)
class _Prepared:
    statement: str
    places: tuple[tuple[str, Convert | None], ...]
    """The parameters in the order in which the driver takes them."""
    fixed: dict[str, Any]
    """Those that the query brings with it."""
    columns: tuple[tuple[str, Convert | None], ...]


@lru_cache(maxsize=512)
def _prepared(dialect: Dialect, query: Select[Any] | Update | Delete) -> _Prepared:
    compiled = query.compile(dialect=dialect)
    described = (
        query.column_descriptions
        if isinstance(query, Select)
        else query.returning_column_descriptions
    )
    return _Prepared(
        statement=str(compiled),
        places=tuple(
            (name, stored(dialect, compiled.binds[name].type))
            for name in compiled.positiontup or ()
        ),
        fixed={name: value for name, value in compiled.params.items() if value is not None},
        columns=tuple((one["name"], _loaded(dialect, one["type"])) for one in described),
    )


def stored(dialect: Dialect, of: TypeEngine[Any]) -> Convert | None:
    """From a value of a type to what the driver takes for it; None where it is the same."""
    if isinstance(of, UtcDateTime):
        return partial(of.process_bind_param, dialect=dialect)  # without its wrapper
    return of.dialect_impl(dialect).bind_processor(dialect)


def _loaded(dialect: Dialect, of: TypeEngine[Any]) -> Convert | None:
    if isinstance(of, UtcDateTime):
        return partial(of.process_result_value, dialect=dialect)
    if dialect.name == "postgresql":
        return None  # asyncpg gives Python's own types
    return of.dialect_impl(dialect).result_processor(dialect, None)
