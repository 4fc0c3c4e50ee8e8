"""Rows and keys set by set mean what SQLAlchemy's own statements mean, on both databases."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Float, MetaData, String, Table, Uuid, select
from sqlalchemy.exc import DBAPIError

from arguslm_storage.bulk import insert_rows, rows_among
from arguslm_storage.columns import Json, JsonText, UtcDateTime
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


@pytest.fixture
async def database(storage: StorageSettings) -> AsyncIterator[Database]:
    opened = open_database("query-api", storage)
    async with opened.writing() as connection:
        await create_schema(connection, opened)
        await connection.run_sync(metadata.create_all)
    yield opened
    await opened.close()


async def stored(database: Database) -> list[dict[str, object]]:
    async with database.reading() as connection:
        query = select(things).order_by(things.c.order)
        return [dict(row) for row in (await connection.execute(query)).mappings()]


async def test_every_type_comes_back_as_it_went_in(database: Database) -> None:
    async with database.writing() as connection:
        await insert_rows(connection, things, ROWS)
        await insert_rows(connection, things, [])
    assert await stored(database) == ROWS


async def test_a_known_key_stays_or_is_updated_in_what_is_named(database: Database) -> None:
    changed = [{**row, "name": "new", "ratio": 9.0} for row in ROWS]
    async with database.writing() as connection:
        await insert_rows(connection, things, ROWS[:25])
        await insert_rows(connection, things, changed[:10])
        await insert_rows(connection, things, changed[20:], update=["name"])
    expected = ROWS[:20] + [{**row, "name": "new"} for row in ROWS[20:25]] + changed[25:]
    assert await stored(database) == expected


async def test_json_that_is_text_already_is_stored_as_it_is(database: Database) -> None:
    async with database.writing() as connection:
        await insert_rows(connection, things, [{**ROWS[0], "data": JsonText('{"k":[1,2]}')}])
    assert (await stored(database))[0]["data"] == {"k": [1, 2]}


async def test_any_number_of_keys_is_looked_for_at_once(database: Database) -> None:
    many = [UUID(int=number) for number in range(10, 50_000)]
    async with database.writing() as connection:
        await insert_rows(connection, things, ROWS[:50])
        query = select(things.c.id)
        for wanted, found in ((many, 40), ([], 0)):
            asked = {things.c.id: wanted, things.c.at: [AT]}
            assert len((await rows_among(connection, query, asked)).all()) == found


async def test_a_value_that_no_column_takes_is_refused_and_not_cut(database: Database) -> None:
    # SQLite knows no lengths; a missing value it refuses as well.
    refused = {"order": None} if database.is_sqlite else {"name": "too long"}
    with pytest.raises(DBAPIError):
        async with database.writing() as connection:
            await insert_rows(connection, things, [{**ROWS[0], **refused}])
    assert await stored(database) == []
