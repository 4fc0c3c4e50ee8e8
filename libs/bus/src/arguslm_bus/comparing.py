"""Two tables that should be equal: which rows are not? Memory holds only what has no twin yet."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

_ROWS_AT_ONCE = 1_000
_MOST_SUSPECTS = 1_000
_MOST_WITHOUT_TWIN = 100_000

Key = tuple[Any, ...]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that live tables and rebuilt ones disagree on; None where one has no such row."""

    table: str
    key: Key
    live: dict[str, Any] | None
    rebuilt: dict[str, Any] | None


async def differences(
    live: AsyncConnection, rebuilt: AsyncConnection, table: Table
) -> list[Difference]:
    """The first rows that differ; a table that differs everywhere is not read to its end."""
    found = []
    for key in await _suspects(live, rebuilt, table):
        ours, theirs = await _row(live, table, key), await _row(rebuilt, table, key)
        if ours != theirs:
            found.append(Difference(table.name, key, ours, theirs))
    return found


async def still_differs(rebuilt: AsyncConnection, table: Table, found: Difference) -> bool:
    """Whether the rebuilt row, which has gone on since, is not the live one either."""
    return await _row(rebuilt, table, found.key) != found.live


async def _suspects(live: AsyncConnection, rebuilt: AsyncConnection, table: Table) -> list[Key]:
    """Keys of rows without an equal twin. Both sides are read in the same order, side by side, so
    that twins are met soon; which order that is, the collation of the database may decide."""
    ours: dict[Key, Row] = {}
    theirs: dict[Key, Row] = {}
    unequal: list[Key] = []
    left, right = _rows(live, table), _rows(rebuilt, table)
    more_left = more_right = True
    while more_left or more_right:
        more_left = more_left and await _take(left, ours, table)
        more_right = more_right and await _take(right, theirs, table)
        for key in [key for key in ours if key in theirs]:
            if ours.pop(key) != theirs.pop(key):
                unequal.append(key)
        if len(unequal) >= _MOST_SUSPECTS or len(ours) + len(theirs) >= _MOST_WITHOUT_TWIN:
            break
    return [*unequal, *ours, *theirs][:_MOST_SUSPECTS]


async def _rows(connection: AsyncConnection, table: Table) -> AsyncIterator[Sequence[Row]]:
    query = select(table).order_by(*table.primary_key.columns)
    async with connection.stream(query, execution_options={"yield_per": _ROWS_AT_ONCE}) as rows:
        async for some in rows.mappings().partitions(_ROWS_AT_ONCE):
            yield [dict(row) for row in some]


async def _take(source: AsyncIterator[Sequence[Row]], into: dict[Key, Row], table: Table) -> bool:
    some = await anext(source, None)
    if some is None:
        return False
    names = [column.name for column in table.primary_key.columns]
    into.update((tuple(row[name] for name in names), row) for row in some)
    return True


async def _row(connection: AsyncConnection, table: Table, key: Key) -> dict[str, Any] | None:
    query = select(table)
    for column, value in zip(table.primary_key.columns, key, strict=True):
        query = query.where(column == value)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else dict(row)
