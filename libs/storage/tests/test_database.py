"""The same meaning on SQLite and PostgreSQL: times, upserts, checkpoints."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Column, Integer, MetaData, String, Table, select

from arguslm_storage.checkpoints import (
    Checkpoint,
    LostOwnership,
    advance,
    checkpoint_table,
    load_checkpoints,
)
from arguslm_storage.columns import Json, UtcDateTime
from arguslm_storage.database import (
    Database,
    create_schema,
    insert_new,
    open_database,
    upsert,
)
from arguslm_storage.settings import StorageSettings

metadata = MetaData()
checkpoints = checkpoint_table(metadata)
things = Table(
    "things",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(50)),
    Column("at", UtcDateTime),
    Column("data", Json),
)
AT = datetime(2026, 11, 23, 8, 9, 28, 123456, tzinfo=UTC)


@pytest.fixture
async def database(storage: StorageSettings) -> AsyncIterator[Database]:
    opened = open_database("query-api", storage)
    await create_schema(opened)
    async with opened.writing() as connection:
        await connection.run_sync(metadata.create_all)
    yield opened
    await opened.close()


async def test_times_keep_zone_and_microseconds(database: Database) -> None:
    async with database.writing() as connection:
        await upsert(connection, things, [{"id": 1, "name": "a", "at": AT, "data": {"k": [1]}}])
    async with database.reading() as connection:
        row = (await connection.execute(select(things).where(things.c.at == AT))).one()
        none = await connection.execute(
            select(things).where(things.c.at > AT + timedelta(microseconds=1))
        )
        assert (row.at, row.at.utcoffset(), row.data) == (AT, timedelta(0), {"k": [1]})
        assert none.first() is None


async def test_upsert_replaces_and_keeps_and_insert_new_does_not(database: Database) -> None:
    row = {"id": 1, "name": "first", "at": AT, "data": None}
    async with database.writing() as connection:
        await upsert(connection, things, [row, {**row, "name": "second"}])
        await upsert(connection, things, [{**row, "name": "third", "at": None}], keep=["at"])
        await insert_new(connection, things, [{**row, "name": "late"}])
    async with database.reading() as connection:
        stored = (await connection.execute(select(things))).one()
    assert (stored.name, stored.at) == ("third", AT)


async def test_a_failed_block_writes_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.writing() as connection:
            await upsert(connection, things, [{"id": 1, "name": "a", "at": None, "data": None}])
            raise RuntimeError
    async with database.reading() as connection:
        assert (await connection.execute(select(things))).first() is None


async def test_a_checkpoint_moves_only_from_where_it_stands(database: Database) -> None:
    first, second = Checkpoint("CLOCK", 5, AT), Checkpoint("CLOCK", 9, AT)
    async with database.writing() as connection:
        await advance(connection, checkpoints, None, first, 1)
        await advance(connection, checkpoints, first, second, 1)
    for before in (None, first):
        with pytest.raises(LostOwnership):
            async with database.writing() as connection:
                await advance(connection, checkpoints, before, Checkpoint("CLOCK", 10, AT), 1)
    async with database.reading() as connection:
        assert await load_checkpoints(connection, checkpoints) == {"CLOCK": second}


def test_another_database_is_refused_by_name(storage: StorageSettings) -> None:
    url = storage.model_copy(update={"database_url": SecretStr("mysql://root@localhost/x")})
    with pytest.raises(ValueError, match="'mysql' is not supported"):
        open_database("query-api", url)
