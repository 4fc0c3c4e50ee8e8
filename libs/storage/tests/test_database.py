"""The same meaning on SQLite and PostgreSQL: times, upserts, checkpoints."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select
from sqlalchemy.exc import DBAPIError
from things import opened_with

from arguslm_storage.checkpoints import (
    Checkpoint,
    LostOwnership,
    WrongVersion,
    advance,
    checkpoint_table,
    claim,
    load_checkpoints,
    place,
    stored_versions,
)
from arguslm_storage.columns import Json, UtcDateTime
from arguslm_storage.database import (
    Database,
    create_schema,
    insert_new,
    open_again,
    open_database,
    open_shadow,
    upsert,
)
from arguslm_storage.locks import InUse, exclusive
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
    async with opened_with(metadata, storage) as opened:
        yield opened


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
    unread = Checkpoint("CLOCK", 0, AT)
    first, second = Checkpoint("CLOCK", 5, AT), Checkpoint("CLOCK", 9, AT)
    for before, after in ((unread, first), (first, second)):
        async with database.writing() as connection:
            await claim(connection, checkpoints, before, 1)
            await advance(connection, checkpoints, before, after, 1)
    for before in (unread, first):
        for step in (claim, advance):
            arguments = (before, 1) if step is claim else (before, Checkpoint("CLOCK", 10, AT), 1)
            with pytest.raises(LostOwnership):
                async with database.writing() as connection:
                    await step(connection, checkpoints, *arguments)  # type: ignore[operator]
    async with database.reading() as connection:
        assert await load_checkpoints(connection, checkpoints) == {"CLOCK": second}


async def test_tables_of_another_version_are_not_claimed(database: Database) -> None:
    stands = Checkpoint("CLOCK", 5, AT)
    async with database.writing() as connection:
        await place(connection, checkpoints, [stands], 2)
    for version in (1, 3):
        with pytest.raises(WrongVersion, match=f"version 2, this program writes version {version}"):
            async with database.writing() as connection:
                await claim(connection, checkpoints, stands, version)
    async with database.reading() as connection:
        assert await stored_versions(connection, checkpoints) == {2}


async def test_a_failed_statement_does_not_tell_its_values(database: Database) -> None:
    row = {"id": 1, "name": "planted-secret", "at": None, "data": None}
    with pytest.raises(DBAPIError) as caught:
        async with database.writing() as connection:
            for _ in range(2):
                await connection.execute(insert(things), row)
    assert "planted-secret" not in str(caught.value)


async def test_a_cancelled_writer_leaves_no_lock_behind(database: Database) -> None:
    row = {"id": 1, "name": "a", "at": AT, "data": None}
    for delay_ms in range(20):
        async with database.writing() as connection:
            await upsert(connection, things, [{**row, "id": delay_ms + 100}])

        async def write() -> None:
            async with database.writing() as connection:
                for number in range(50):
                    await upsert(connection, things, [{**row, "id": number}])

        writer = asyncio.create_task(write())
        await asyncio.sleep(delay_ms / 1_000)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        other = open_again(database)
        async with asyncio.timeout(30), other.writing() as connection:
            await upsert(connection, things, [{**row, "id": 200}])
        await other.close()


async def test_of_two_who_want_a_database_alone_one_is_told(database: Database) -> None:
    shadow = open_shadow(database)
    async with exclusive(shadow):
        with pytest.raises(InUse, match="query_api_shadow"):
            async with exclusive(open_shadow(database)):
                pytest.fail("two at once")
    async with exclusive(shadow):
        pass
    await shadow.close()


async def test_a_dropped_database_begins_empty(database: Database) -> None:
    shadow = open_shadow(database)
    for _ in range(2):
        async with shadow.writing() as connection:
            await create_schema(connection, shadow)
            await connection.run_sync(metadata.create_all)
            await insert_new(connection, things, [{"id": 1, "name": "a", "at": AT, "data": None}])
        await shadow.drop()
    async with database.reading() as connection:
        assert (await connection.execute(select(things))).first() is None
    await shadow.close()


def test_another_database_is_refused_by_name(storage: StorageSettings) -> None:
    url = storage.model_copy(update={"database_url": SecretStr("mysql://root@localhost/x")})
    with pytest.raises(ValueError, match="'mysql' is not supported"):
        open_database("query-api", url)
