"""The tables over a real bus: kept by the projector, equal to what a rebuild makes of them."""

import asyncio

from door_events import rows_of
from door_story import tell

from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Publisher
from arguslm_bus.rebuild import rebuild, verify
from arguslm_query_api.projections.tables import SERVICE_TABLES
from arguslm_storage.database import Database
from arguslm_storage.migrate import differences
from arguslm_testkit.bus import BusForTests


def ignore_progress(_stream: str, _done: int, _of: int) -> None:
    """Nobody watches a test."""


async def test_the_migration_makes_the_declared_tables(database: Database) -> None:
    assert await differences(database, SERVICE_TABLES.metadata) == []


async def test_what_the_projector_kept_is_what_a_rebuild_makes(
    bus: BusForTests, database: Database, shadow: Database
) -> None:
    streams = tell()
    publisher = Publisher(await bus.client(), "test")
    last: dict[str, int] = {}
    for recorded in (one for events in streams.events.values() for one in events):
        stored = await publisher.append(recorded.event)
        last[stored.stream] = max(last.get(stored.stream, 0), stored.sequence)
    client = await bus.client("query-api")
    projector = Projector(client, database, SERVICE_TABLES)
    running = asyncio.create_task(projector.run())
    for stream, sequence in last.items():
        assert await projector.wait_for(stream, sequence, 20)
    running.cancel()
    projected = await rows_of(database)
    assert await verify(client, database, shadow, SERVICE_TABLES, ignore_progress) == []
    counted = await rebuild(client, database, shadow, SERVICE_TABLES, ignore_progress)
    assert counted["checks"] == len(projected["checks"]) == 201
    assert await rows_of(database) == projected
    assert projector.trouble == {}
