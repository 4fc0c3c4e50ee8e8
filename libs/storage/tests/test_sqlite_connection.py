"""Our SQLite cursor, by way of SQLAlchemy, which is all that uses it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_storage.database import open_database
from arguslm_storage.settings import StorageSettings

_NUMBERS = Table("numbers", MetaData(), Column("number", Integer, primary_key=True))
_QUERY = select(_NUMBERS.c.number).order_by(_NUMBERS.c.number)


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[AsyncConnection]:
    database = open_database("query-api", StorageSettings(data_dir=tmp_path, database_url=None))
    async with database.writing() as connection:
        await connection.run_sync(_NUMBERS.metadata.create_all)
        yield connection
    await database.close()


@pytest.mark.parametrize("rows", [0, 1, 999, 1_000, 1_001, 2_500])
async def test_every_way_of_reading_gives_every_row_in_order(
    connection: AsyncConnection, rows: int
) -> None:
    if rows:
        await connection.execute(insert(_NUMBERS), [{"number": n} for n in range(rows)])
    expected = list(range(rows))
    assert list(await connection.scalars(_QUERY)) == expected
    for at_once in (1, 7, 1_200):
        async with connection.stream(_QUERY, execution_options={"yield_per": at_once}) as result:
            assert [row.number async for row in result] == expected
        async with connection.stream(_QUERY, execution_options={"yield_per": at_once}) as result:
            parts = [part async for part in result.scalars().partitions()]
        assert [number for part in parts for number in part] == expected


async def test_two_results_are_read_side_by_side_and_one_is_left_half_way(
    connection: AsyncConnection,
) -> None:
    await connection.execute(insert(_NUMBERS), [{"number": n} for n in range(3_000)])
    async with connection.stream(_QUERY) as one, connection.stream(_QUERY) as other:
        assert [(await one.fetchone(), await other.fetchone()) for _ in range(2)] == [
            ((0,), (0,)),
            ((1,), (1,)),
        ]
        assert len(await one.fetchall()) == 2_998
    assert await connection.scalar(text("SELECT count(*) FROM numbers")) == 3_000


async def test_what_a_statement_did_and_how_it_failed_is_said(connection: AsyncConnection) -> None:
    await connection.execute(insert(_NUMBERS), [{"number": n} for n in range(5)])
    deleted = await connection.execute(_NUMBERS.delete().where(_NUMBERS.c.number < 3))
    assert deleted.rowcount == 3
    added = await connection.execute(insert(_NUMBERS).returning(_NUMBERS.c.number), {"number": 9})
    assert added.all() == [(9,)]
    with pytest.raises(IntegrityError):
        await connection.execute(insert(_NUMBERS), {"number": 9})
    with pytest.raises(OperationalError, match="no such table"):
        await connection.execute(text("SELECT * FROM letters"))
    assert list(await connection.scalars(_QUERY)) == [3, 4, 9]
