"""Rows and keys set by set mean what SQLAlchemy's own statements mean, on both databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    MetaData,
    String,
    Table,
    Uuid,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from arguslm_storage.bulk import copy_rows, insert_rows, rows_among
from arguslm_storage.columns import Json, JsonText, UtcDateTime
from arguslm_storage.database import Database, create_schema, insert_unseen, open_database
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.postgres import PostgresForTests

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
async def with_things(storage: StorageSettings) -> AsyncIterator[Database]:
    opened = open_database("query-api", storage)
    async with opened.writing() as connection:
        await create_schema(connection, opened)
        await connection.run_sync(metadata.create_all)
    yield opened
    await opened.close()


@pytest.fixture
async def database(storage: StorageSettings) -> AsyncIterator[Database]:
    async with with_things(storage) as opened:
        yield opened


@pytest.fixture
async def on_postgresql(postgres: PostgresForTests, tmp_path: Path) -> AsyncIterator[Database]:
    url = SecretStr(await postgres.new_database())
    async with with_things(StorageSettings(data_dir=tmp_path, database_url=url)) as opened:
        yield opened


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


async def test_rows_known_to_be_new_are_stored_as_others_are(database: Database) -> None:
    async with database.writing() as connection:
        await insert_unseen(connection, things, [])
        await insert_unseen(connection, things, ROWS[:3])
        await insert_unseen(connection, things, ROWS[3:])
    assert await stored(database) == ROWS


async def test_a_copy_belongs_to_its_transaction(on_postgresql: Database) -> None:
    with pytest.raises(KeyError):
        async with on_postgresql.writing() as connection:
            await copy_rows(connection, things, ROWS)  # the first statement of all
            raise KeyError
    assert await stored(on_postgresql) == []


@pytest.mark.parametrize(
    ("refused", "sqlstate"),
    [({"name": "too long"}, "22001"), ({"order": None}, "23502"), ({"id": ROWS[1]["id"]}, "23505")],
)
async def test_what_a_copy_complains_of_is_said_as_by_any_statement(
    on_postgresql: Database, refused: dict[str, object], sqlstate: str
) -> None:
    with pytest.raises(DBAPIError) as failure:
        async with on_postgresql.writing() as connection:
            await copy_rows(connection, things, [{**ROWS[0], **refused}, *ROWS[1:]])
    assert getattr(failure.value.orig, "sqlstate", None) == sqlstate
    assert await stored(on_postgresql) == []


async def test_a_copy_over_a_lost_connection_blames_no_row(on_postgresql: Database) -> None:
    with pytest.raises(DBAPIError) as failure:
        async with on_postgresql.writing() as connection:
            own = await connection.scalar(text("SELECT pg_backend_pid()"))
            async with on_postgresql.reading() as other:
                await other.execute(text(f"SELECT pg_terminate_backend({own})"))
            await copy_rows(connection, things, ROWS)
    assert not str(getattr(failure.value.orig, "sqlstate", "")).startswith(("22", "23"))
    assert await stored(on_postgresql) == []
