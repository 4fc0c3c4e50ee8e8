"""Many rows, or many keys, in one statement: SQLAlchemy's work per row costs more than the disk.

PostgreSQL takes one array per column and unnests them. SQLite takes many rows per statement: as
long as one runs, the interpreter is free for other work; an `executemany` asks for it at each row.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import asyncpg
from sqlalchemy import (
    Column,
    ColumnElement,
    Dialect,
    Select,
    String,
    Table,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_storage.driver import Convert, Row, asked_of_asyncpg, driver_of, rows_of, run, stored

_Columns = tuple[tuple[str, Convert | None], ...]

_SQLITE_ROWS = 256
"""To a statement; SQLite takes 32,766 values at once."""


async def insert_rows(
    connection: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    update: Iterable[str] = (),
) -> None:
    """Insert rows that all have the same columns. Where a primary key is there already, the columns
    in `update` are replaced; no two of the rows may then share a key. Without any, it stays."""
    if not rows:
        return
    told = (connection.dialect, table, tuple(rows[0]), tuple(update))
    insert = _insert(*told)
    values = _by_column(rows, insert.columns)
    if connection.dialect.name == "postgresql":
        await run(connection, insert.statement, values)
        return
    listed, done = list(zip(*values, strict=True)), 0
    while left := len(listed) - done:
        # Powers of two: few statements to keep, and few trips for any number of rows.
        size = min(_SQLITE_ROWS, 1 << (left.bit_length() - 1))
        some = tuple(chain.from_iterable(listed[done : done + size]))
        await run(connection, _insert(*told, size).statement, some)
        done += size


async def copy_rows(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows by PostgreSQL's COPY, which takes half of an INSERT's time. They all have the
    same columns, and no key that is there already."""
    columns = _columns(connection.dialect, table, tuple(rows[0]))
    # SQLAlchemy knows no COPY; its transaction begins with a statement that it does know.
    await connection.exec_driver_sql("SELECT 1")
    driver = driver_of(connection)
    assert isinstance(driver, asyncpg.Connection)
    copying = driver.copy_records_to_table(
        table.name,
        records=zip(*_by_column(rows, columns), strict=True),
        columns=[name for name, _ in columns],
    )
    await asked_of_asyncpg(connection, f"COPY {table.name}", copying)


async def rows_among(
    connection: AsyncConnection, query: Select[Any], keys: Mapping[Column[Any], Iterable[Any]]
) -> list[Row]:
    """The rows of the query whose columns have one of their values each, of which there may be any
    number. The query is to be a constant: its statement is kept."""
    among = {key: list(values) for key, values in keys.items()}
    if not all(among.values()):
        return []
    statement = _statement_among(connection.dialect, query, tuple(keys))
    bound = (_listed(connection.dialect, key, values) for key, values in among.items())
    return await rows_of(connection, statement, **dict(zip(_names(keys), bound, strict=True)))


@lru_cache(maxsize=256)
def _statement_among(
    dialect: Dialect, query: Select[Any], keys: tuple[Column[Any], ...]
) -> Select[Any]:
    return query.where(
        *(_among(dialect, key, name) for key, name in zip(keys, _names(keys), strict=True))
    )


def _among(dialect: Dialect, key: Column[Any], name: str) -> ColumnElement[bool]:
    """All values are bound as one."""
    if dialect.name == "postgresql":
        return key == func.any(bindparam(name, type_=ARRAY(key.type)))
    return key.in_(select(column("value")).select_from(func.json_each(bindparam(name))))


def _listed(dialect: Dialect, key: Column[Any], values: list[Any]) -> Any:
    if dialect.name == "postgresql":
        return values
    store = stored(dialect, key.type)
    return json.dumps([store(value) if store else value for value in values])


def _names(keys: Iterable[Column[Any]]) -> list[str]:
    return [f"among_{key.name}" for key in keys]


def _by_column(rows: Sequence[Mapping[str, Any]], columns: _Columns) -> list[list[Any]]:
    return [
        [store(row[name]) for row in rows] if store else [row[name] for row in rows]
        for name, store in columns
    ]


@dataclass(frozen=True, slots=True)
class _Insert:
    statement: str
    columns: _Columns


@lru_cache(maxsize=1_024)
def _insert(
    dialect: Dialect, table: Table, names: tuple[str, ...], update: tuple[str, ...], rows: int = 1
) -> _Insert:
    """For SQLite a statement that takes so many rows; PostgreSQL's takes any number."""
    quote = dialect.identifier_preparer.quote
    columns = [table.columns[name] for name in names]
    keys = ", ".join(quote(key.name) for key in table.primary_key.columns)
    replaced = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in update)
    # Names come from our own metadata, never from outside.
    into = f"INSERT INTO {quote(table.name)} ({', '.join(map(quote, names))})"
    conflict = f"ON CONFLICT ({keys}) " + (
        f"DO UPDATE SET {replaced}" if replaced else "DO NOTHING"
    )
    statement = f"{into} {_source(dialect, columns, rows)} {conflict}"
    return _Insert(statement, _columns(dialect, table, names))


@lru_cache(maxsize=256)
def _columns(dialect: Dialect, table: Table, names: tuple[str, ...]) -> _Columns:
    return tuple((name, stored(dialect, table.columns[name].type)) for name in names)


def _source(dialect: Dialect, columns: Sequence[Column[Any]], rows: int) -> str:
    if dialect.name != "postgresql":
        row = f"({', '.join('?' for _ in columns)})"
        return f"VALUES {', '.join([row] * rows)}"
    arrays = [f"${place}::{_array(dialect, one)}" for place, one in enumerate(columns, start=1)]
    return f"SELECT * FROM unnest({', '.join(arrays)})"  # noqa: S608


def _array(dialect: Dialect, of: Column[Any]) -> str:
    # A cast to varchar(n) would cut silently what is too long; the column itself refuses it.
    return "text[]" if isinstance(of.type, String) else f"{of.type.compile(dialect)}[]"
