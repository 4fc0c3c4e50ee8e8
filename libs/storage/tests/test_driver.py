"""What the driver is given means what it means by way of SQLAlchemy, on both databases."""

import asyncio
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Select, Update, bindparam, func, literal, select, text, update
from sqlalchemy.exc import DBAPIError
from things import AT, ROWS, stored, things

from arguslm_storage import database as database_module
from arguslm_storage.bulk import insert_rows
from arguslm_storage.database import Database, open_again
from arguslm_storage.driver import rows_of, run
from arguslm_testkit.postgres import PostgresForTests


@cache
def _of_one() -> Select[Any]:
    return select(things, literal("said").label("fixed")).where(
        things.c.id == bindparam("of_id"), things.c.at == bindparam("of_at")
    )


@cache
def _renamed() -> Update:
    return (
        update(things)
        .where(things.c.id == bindparam("of_id"))
        .values(name=bindparam("to_name"))
        .returning(things.c.order, things.c.at)
    )


async def test_a_row_comes_back_with_every_type(with_things: Database) -> None:
    async with with_things.writing() as connection:
        await insert_rows(connection, things, ROWS)
    async with with_things.reading() as connection:
        for row in ROWS[:12]:
            found = await rows_of(connection, _of_one(), of_id=row["id"], of_at=AT)
            assert found == [row | {"fixed": "said"}]
        assert await rows_of(connection, _of_one(), of_id=UUID(int=999), of_at=AT) == []


async def test_an_update_says_which_rows_it_changed(with_things: Database) -> None:
    async with with_things.writing() as connection:
        await insert_rows(connection, things, ROWS[:3])
        changed = await rows_of(connection, _renamed(), of_id=ROWS[1]["id"], to_name="new")
        none = await rows_of(connection, _renamed(), of_id=UUID(int=999), to_name="new")
    assert (changed, none) == ([{"order": ROWS[1]["order"], "at": AT}], [])
    assert (await stored(with_things))[1]["name"] == "new"


async def test_the_first_statement_belongs_to_its_transaction(with_things: Database) -> None:
    with pytest.raises(KeyError):
        async with with_things.writing() as connection:
            await insert_rows(connection, things, ROWS[:1])  # the first of all
            raise KeyError
    assert await stored(with_things) == []


async def test_a_glance_begins_nothing_and_sees_what_comes(with_things: Database) -> None:
    async with with_things.glancing() as connection:
        for row in ROWS[:3]:
            async with with_things.writing() as writing:
                await insert_rows(writing, things, [row])
            assert len(await rows_of(connection, _of_one(), of_id=row["id"], of_at=AT)) == 1
            assert (await connection.execute(select(things.c.id).limit(1))).first() is not None
    async with with_things.reading() as connection:
        # The next one to take the connection has its transaction again.
        before = await connection.scalar(select(func.count()).select_from(things))
        async with with_things.writing() as writing:
            await insert_rows(writing, things, ROWS[3:5])
        assert await connection.scalar(select(func.count()).select_from(things)) == before == 3


async def test_a_complaint_is_said_as_by_any_statement(with_things: Database) -> None:
    states = set[str | None]()
    for table in ("first_not_there", "later_not_there"):
        with pytest.raises(DBAPIError) as failure:
            async with with_things.reading() as connection:
                if table.startswith("later"):
                    await run(connection, "SELECT 1")
                await run(connection, f"SELECT 1 FROM {table}")
        assert table in str(failure.value.orig)
        states.add(getattr(failure.value.orig, "sqlstate", None))
    assert states == {None if with_things.is_sqlite else "42P01"}


async def test_a_cancelled_statement_does_not_wait_for_a_server_that_stands_still(
    postgres: PostgresForTests, on_postgresql: Database
) -> None:
    begun = asyncio.Event()

    async def wait_long() -> None:
        async with on_postgresql.writing() as connection:
            await run(connection, "SELECT 1")
            begun.set()
            await run(connection, "SELECT pg_sleep(600)")

    waiting = asyncio.create_task(wait_long())
    await begun.wait()
    processes = postgres.processes()
    for process in processes:
        process.suspend()
    try:
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(waiting, 30)
    finally:
        for process in processes:
            process.resume()
    async with on_postgresql.reading() as connection:
        assert await connection.scalar(select(literal(1))) == 1


async def test_a_connection_lost_while_idle_is_not_used_again(
    on_postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_SURELY_ALIVE_S", 0.0)
    own = select(func.pg_backend_pid())
    async with on_postgresql.reading() as connection:
        lost = await connection.scalar(own)
    another = open_again(on_postgresql)
    async with another.reading() as connection:
        await connection.execute(text(f"SELECT pg_terminate_backend({lost})"))
    await another.close()
    async with on_postgresql.reading() as connection:
        assert await connection.scalar(own) != lost
