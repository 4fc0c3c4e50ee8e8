"""How far a projection has read: kept beside its rows, moved in the same transaction.

The move is a compare-and-set: whoever finds another position than the one it read from has lost
the tables to another writer, and must not write.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_storage.columns import UtcDateTime

TABLE_NAME = "checkpoints"


class LostOwnership(Exception):
    """Another writer moved this checkpoint."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Position `sequence` in `stream`; `stream_created` tells a recreated stream from this one."""

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
    rows = (await connection.execute(select(table))).all()
    return {row.stream: Checkpoint(row.stream, row.sequence, row.stream_created) for row in rows}


async def advance(
    connection: AsyncConnection,
    table: Table,
    before: Checkpoint | None,
    after: Checkpoint,
    version: int,
) -> None:
    """Move from `before` to `after`.

    Raises:
        LostOwnership: the stored position is not `before`.
    """
    values = {
        "sequence": after.sequence,
        "stream_created": after.stream_created,
        "version": version,
    }
    if before is None:
        known = await connection.scalar(
            select(table.c.sequence).where(table.c.stream == after.stream)
        )
        if known is not None:
            raise LostOwnership(f"{after.stream}: already at {known}, not unread")
        await connection.execute(insert(table).values(stream=after.stream, **values))
        return
    moved = await connection.execute(
        update(table)
        .where(table.c.stream == before.stream, table.c.sequence == before.sequence)
        .values(**values)
    )
    if moved.rowcount != 1:
        raise LostOwnership(f"{before.stream}: no longer at {before.sequence}")
