"""Rows and keys set by set mean what SQLAlchemy's own statements mean, on both databases."""

from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from things import AT, ROWS, stored, things

from arguslm_storage.bulk import copy_rows, insert_rows, rows_among
from arguslm_storage.columns import JsonText
from arguslm_storage.database import Database, insert_unseen


async def test_every_type_comes_back_as_it_went_in(with_things: Database) -> None:
    async with with_things.writing() as connection:
        await insert_rows(connection, things, ROWS)
        await insert_rows(connection, things, [])
    assert await stored(with_things) == ROWS


async def test_a_known_key_stays_or_is_updated_in_what_is_named(with_things: Database) -> None:
    changed = [{**row, "name": "new", "ratio": 9.0} for row in ROWS]
    async with with_things.writing() as connection:
        await insert_rows(connection, things, ROWS[:25])
        await insert_rows(connection, things, changed[:10])
        await insert_rows(connection, things, changed[20:], update=["name"])
    expected = ROWS[:20] + [{**row, "name": "new"} for row in ROWS[20:25]] + changed[25:]
    assert await stored(with_things) == expected


async def test_json_that_is_text_already_is_stored_as_it_is(with_things: Database) -> None:
    async with with_things.writing() as connection:
        await insert_rows(connection, things, [{**ROWS[0], "data": JsonText('{"k":[1,2]}')}])
    assert (await stored(with_things))[0]["data"] == {"k": [1, 2]}


async def test_any_number_of_keys_is_looked_for_at_once(with_things: Database) -> None:
    many = [UUID(int=number) for number in range(10, 50_000)]
    async with with_things.writing() as connection:
        await insert_rows(connection, things, ROWS[:50])
        query = select(things.c.id)
        for wanted, found in ((many, 40), ([], 0)):
            asked = {things.c.id: wanted, things.c.at: [AT]}
            assert len(await rows_among(connection, query, asked)) == found


async def test_a_value_that_no_column_takes_is_refused_and_not_cut(with_things: Database) -> None:
    # SQLite knows no lengths; a missing value it refuses as well.
    refused = {"order": None} if with_things.is_sqlite else {"name": "too long"}
    with pytest.raises(DBAPIError):
        async with with_things.writing() as connection:
            await insert_rows(connection, things, [{**ROWS[0], **refused}])
    assert await stored(with_things) == []


async def test_rows_known_to_be_new_are_stored_as_others_are(with_things: Database) -> None:
    async with with_things.writing() as connection:
        await insert_unseen(connection, things, [])
        await insert_unseen(connection, things, ROWS[:3])
        await insert_unseen(connection, things, ROWS[3:])
    assert await stored(with_things) == ROWS


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
