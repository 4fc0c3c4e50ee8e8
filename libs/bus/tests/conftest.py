"""The counting service's database, migrated, on SQLite and on PostgreSQL."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parent))

from counting import TABLES

from arguslm_storage.database import Database, open_database
from arguslm_storage.migrate import upgrade
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.postgres import PostgresForTests


@pytest.fixture
async def database(storage: StorageSettings) -> AsyncIterator[Database]:
    opened = open_database("scheduler", storage)
    await upgrade(opened, TABLES.migrations, TABLES.metadata)
    yield opened
    await opened.close()


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    opened = open_database("scheduler", StorageSettings(data_dir=tmp_path, database_url=None))
    await upgrade(opened, TABLES.migrations, TABLES.metadata)
    yield opened
    await opened.close()


@pytest.fixture
async def on_postgresql(postgres: PostgresForTests, tmp_path: Path) -> AsyncIterator[Database]:
    url = SecretStr(await postgres.new_database())
    opened = open_database("scheduler", StorageSettings(data_dir=tmp_path, database_url=url))
    await upgrade(opened, TABLES.migrations, TABLES.metadata)
    yield opened
    await opened.close()


@pytest.fixture
async def shadow(storage: StorageSettings) -> AsyncIterator[Database]:
    opened = open_database("scheduler", storage, shadow=True)
    yield opened
    await opened.close()
