"""The door's tables, migrated, on SQLite and on PostgreSQL."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from arguslm_query_api.projections.tables import SERVICE_TABLES
from arguslm_storage.database import Database, open_database
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.tables import open_migrated


@pytest.fixture
async def database(storage: StorageSettings) -> AsyncIterator[Database]:
    opened = await open_migrated(SERVICE_TABLES, storage)
    yield opened
    await opened.close()


@pytest.fixture
async def shadow(storage: StorageSettings) -> AsyncIterator[Database]:
    opened = open_database("query-api", storage, shadow=True)
    yield opened
    await opened.close()
