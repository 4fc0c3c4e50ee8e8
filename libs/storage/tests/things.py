"""A table with a column of each type, and rows for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, Float, MetaData, String, Table, Uuid, select

from arguslm_storage.columns import Json, UtcDateTime
from arguslm_storage.database import Database, create_schema, open_database
from arguslm_storage.settings import StorageSettings

metadata = MetaData()
things = Table(
    "things",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", UtcDateTime, primary_key=True),
    Column("order", BigInteger, nullable=False),
    Column("name", String(5)),
    Column("ratio", Float),
    Column("good", Boolean),
    Column("data", Json),
)
AT = datetime(2026, 11, 23, 8, 9, 28, 123456, tzinfo=UTC)
ROWS = [
    {
        "id": UUID(int=number),
        "at": AT,
        "order": 2**40 + number,
        "name": "näm'\"" if number % 2 else None,
        "ratio": number / 3 if number % 3 else None,
        "good": [True, False, None][number % 3],
        "data": [{"a": [1, None]}, "text", 0.5][number % 3],
    }
    for number in range(450)
]


@asynccontextmanager
async def opened_with(tables: MetaData, storage: StorageSettings) -> AsyncIterator[Database]:
    """A database in which these tables have just been made."""
    opened = open_database("query-api", storage)
    async with opened.writing() as connection:
        await create_schema(connection, opened)
        await connection.run_sync(tables.create_all)
    yield opened
    await opened.close()


async def stored(database: Database) -> list[dict[str, object]]:
    """As SQLAlchemy reads them."""
    async with database.reading() as connection:
        query = select(things).order_by(things.c.order)
        return [dict(row) for row in (await connection.execute(query)).mappings()]
