"""The counting service's database, migrated, on SQLite and on PostgreSQL."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from counting import TABLES

from arguslm_storage.database import Database, open_database
from arguslm_storage.migrate import upgrade
from arguslm_storage.settings import StorageSettings


@pytest.fixture
async def database(storage: StorageSettings) -> AsyncIterator[Database]:
    opened = open_database("scheduler", storage)
    await upgrade(opened, TABLES.migrations, TABLES.metadata)
    yield opened
    await opened.close()


@pytest.fixture
async def shadow(storage: StorageSettings) -> AsyncIterator[Database]:
    opened = open_database("scheduler", storage, shadow=True)
    yield opened
    await opened.close()
