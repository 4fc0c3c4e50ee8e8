"""The same events give the same rows, whatever the batches and the order of the streams."""

from collections.abc import Iterable, Sequence

import pytest
from door_events import rows_of
from door_story import tell
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.streams import CHECKS
from arguslm_query_api.projections.tables import SERVICE_TABLES
from arguslm_storage.database import Database


@pytest.fixture
async def in_one_batch(database: Database) -> dict[str, object]:
    """The rows after every stream was folded at once; the tables are empty again afterwards."""
    await tell().fold_into(database)
    rows = await rows_of(database)
    await empty(database)
    return dict(rows)


async def empty(database: Database) -> None:
    async with database.writing() as connection:
        for table in SERVICE_TABLES.metadata.sorted_tables:
            await connection.execute(table.delete())


@pytest.mark.parametrize("batch", [1, 7, 50])
async def test_batches_do_not_matter(
    database: Database, in_one_batch: dict[str, object], batch: int
) -> None:
    await tell().fold_into(database, batch=batch)
    assert await rows_of(database) == in_one_batch


async def test_the_order_of_the_streams_does_not_matter(
    database: Database, in_one_batch: dict[str, object]
) -> None:
    streams = tell()
    for stream in reversed(SERVICE_TABLES.folds):
        await streams.fold_stream(database, stream)
    assert await rows_of(database) == in_one_batch


async def test_folding_everything_again_counts_nothing_twice(
    database: Database, in_one_batch: dict[str, object]
) -> None:
    for _ in range(2):
        await tell().fold_into(database, batch=50)
    again = await rows_of(database)
    for name in (
        "checks",
        "reclassified",
        "rollups",
        "model_states",
        "benchmark_samples",
        "notifications",
    ):
        assert again[name] == in_one_batch[name]


@given(st.data())
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
async def test_no_way_of_cutting_and_interleaving_the_streams_matters(
    database: Database, in_one_batch: dict[str, object], data: st.DataObject
) -> None:
    """Each step is a transaction of some batches of a stream, among them now and then one that has
    been folded just before."""
    await empty(database)
    streams = tell()
    left = {name: list(events) for name, events in streams.events.items()}
    while any(left.values()):
        name = data.draw(st.sampled_from([name for name, events in left.items() if events]))
        batches = []
        for _ in range(data.draw(st.integers(1, 3))):
            cut = data.draw(st.integers(1, 120))
            batches.append(left[name][:cut])
            left[name] = left[name][cut:]
            if name == CHECKS.name and data.draw(st.booleans()):
                batches.append(batches[-1])
        async with database.writing() as connection:
            await fold_together(connection, name, batches)
    assert await rows_of(database) == in_one_batch


async def fold_together(
    connection: AsyncConnection, stream: str, batches: Iterable[Sequence[Recorded]]
) -> None:
    deferred = None
    for batch in batches:
        left = await SERVICE_TABLES.fold(connection, stream, batch)
        if deferred is None:
            deferred = left
        elif left is not None:
            deferred.join(left)
    if deferred is not None:
        await deferred.write(connection)
