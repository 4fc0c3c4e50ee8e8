"""The scheduler in a test: its decider over real tables and a real bus."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from watched import SchedulerUnderTest, StartScheduler

from arguslm_scheduler.app import decider_of
from arguslm_scheduler.projections import SERVICE_TABLES
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.tables import open_migrated


@pytest.fixture
async def start_scheduler(bus: BusForTests) -> AsyncIterator[StartScheduler]:
    """Starts the decider of a scheduler, on new tables or on those of an earlier life."""
    started: list[SchedulerUnderTest] = []

    async def start(
        storage: StorageSettings, *, locations: tuple[str, ...] = ("local",)
    ) -> SchedulerUnderTest:
        database = await open_migrated(SERVICE_TABLES, storage)
        decider = decider_of(await bus.client("scheduler"), database, locations)
        running = asyncio.create_task(decider.run())
        started.append(SchedulerUnderTest(decider, database, running))
        return started[-1]

    yield start
    for scheduler in started:
        await scheduler.stop()


@pytest.fixture
async def start_scheduler_on_sqlite(
    start_scheduler: StartScheduler, tmp_path: Path
) -> StartScheduler:
    """As `start_scheduler`, where the database does not matter: `start(name, ...)`."""

    async def start(name: str, **options: tuple[str, ...]) -> SchedulerUnderTest:
        settings = StorageSettings(data_dir=tmp_path / name, database_url=None)
        return await start_scheduler(settings, **options)

    return start
