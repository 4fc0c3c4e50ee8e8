"""A running query API: on SQLite, and `any_door` on both databases."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from running_door import RunningDoor, running_door

from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests


@pytest.fixture
async def house(bus: BusForTests, tmp_path: Path) -> AsyncIterator[RunningDoor]:
    async with running_door(bus, StorageSettings(data_dir=tmp_path / "data")) as running:
        yield running


@pytest.fixture
async def any_house(bus: BusForTests, storage: StorageSettings) -> AsyncIterator[RunningDoor]:
    """The same on SQLite and on PostgreSQL."""
    async with running_door(bus, storage) as running:
        yield running
