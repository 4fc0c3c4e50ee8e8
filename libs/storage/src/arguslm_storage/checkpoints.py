"""How far a projection has read: kept beside its rows, moved in the same transaction.

A writer claims the checkpoint before it writes anything, and moves it at the end. Both compare:
whoever finds another position than the one it read from has lost the tables to another writer, and
must not write. On PostgreSQL the claim is a row lock, so that of two writers one waits, without
having said or written anything yet; from one that falls silent half-way, the server takes it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Update,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_storage.columns import UtcDateTime
from arguslm_storage.database import insert_new
from arguslm_storage.driver import all_of, rows_of

TABLE_NAME = "checkpoints"
# A stopped process or a stalled machine; the next writer is to have taken over within 10 s.
_SILENT_AT_MOST_S = 8


class LostOwnership(Exception):
    """Another writer moved this checkpoint."""


class WrongVersion(Exception):
    """The tables were written by another version of the projection: an older one cannot be
    continued, a newer one must not be."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Position `sequence` in `stream` (0: nothing read); `stream_created` tells a recreated stream
    from this one."""

    stream: str
    sequence: int
    stream_created: datetime


def checkpoint_table(metadata: MetaData) -> Table:
    """Add the checkpoint table to a service's tables."""
    return Table(
        TABLE_NAME,
        metadata,
        Column("stream", String(64), primary_key=True),
        Column("sequence", BigInteger, nullable=False),
        Column("stream_created", UtcDateTime, nullable=False),
        Column("version", Integer, nullable=False),
    )


async def load_checkpoints(connection: AsyncConnection, table: Table) -> dict[str, Checkpoint]:
    rows = await rows_of(connection, all_of(table))
    return {
        row["stream"]: Checkpoint(row["stream"], row["sequence"], row["stream_created"])
        for row in rows
    }


async def stored_versions(connection: AsyncConnection, table: Table) -> set[int]:
    """The versions of the projection that wrote these tables: none, one, or a mixture."""
    return {row["version"] for row in await rows_of(connection, all_of(table)) if row["sequence"]}


async def claim(
    connection: AsyncConnection, table: Table, before: Checkpoint, version: int
) -> None:
    """Keep every other writer of this checkpoint waiting until the transaction ends.

    Raises:
        LostOwnership: the stored position is not `before`.
        WrongVersion: the stored rows are of another version.
    """
    if before.sequence == 0:
        await insert_new(connection, table, [_row(before, version)])
    hold = _hold(table, connection.dialect.name)
    held = await rows_of(connection, hold, of_stream=before.stream)
    stands = held[0]["sequence"] if held else None
    if stands != before.sequence:
        place = "gone" if stands is None else f"at {stands}"
        raise LostOwnership(f"{before.stream}: {place}, no longer at {before.sequence}")
    if stands > 0 and held[0]["version"] != version:
        raise WrongVersion(
            f"the tables are of version {held[0]['version']}, this program writes version {version}"
        )


async def advance(
    connection: AsyncConnection, table: Table, before: Checkpoint, after: Checkpoint, version: int
) -> None:
    """Move a claimed checkpoint from `before` to `after`.

    Raises:
        LostOwnership: the stored position is not `before`.
    """
    to = {f"to_{name}": value for name, value in _row(after, version).items()}
    moved = await rows_of(
        connection, _move(table), of_stream=before.stream, at=before.sequence, **to
    )
    if len(moved) != 1:
        raise LostOwnership(f"{before.stream}: no longer at {before.sequence}")


async def place(
    connection: AsyncConnection, table: Table, checkpoints: Sequence[Checkpoint], version: int
) -> None:
    """Replace every checkpoint by these: the rows have just been replaced as well."""
    await connection.execute(table.delete())
    await insert_new(connection, table, [_row(checkpoint, version) for checkpoint in checkpoints])


@cache
def _hold(table: Table, dialect: str) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [table.c.sequence, table.c.version]
    if dialect == "postgresql":
        timeout, local = "idle_in_transaction_session_timeout", True
        columns.append(func.set_config(timeout, f"{_SILENT_AT_MOST_S}s", local))
    return select(*columns).where(table.c.stream == bindparam("of_stream")).with_for_update()


@cache
def _move(table: Table) -> Update:
    stands_there = (table.c.stream == bindparam("of_stream"), table.c.sequence == bindparam("at"))
    to: dict[str, Any] = {column.name: bindparam(f"to_{column.name}") for column in table.c}
    return update(table).where(*stands_there).values(to).returning(table.c.sequence)


def _row(checkpoint: Checkpoint, version: int) -> dict[str, Any]:
    return {
        "stream": checkpoint.stream,
        "sequence": checkpoint.sequence,
        "stream_created": checkpoint.stream_created,
        "version": version,
    }
