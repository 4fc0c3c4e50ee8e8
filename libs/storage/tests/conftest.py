"""Databases with the table of things in them."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parent))

from things import metadata

from arguslm_storage.database import Database, create_schema, open_database
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.postgres import PostgresForTests


@asynccontextmanager
async def _with_things(storage: StorageSettings) -> AsyncIterator[Database]:
    opened = open_database("query-api", storage)
    async with opened.writing() as connection:
        await create_schema(connection, opened)
        await connection.run_sync(metadata.create_all)
    yield opened
    await opened.close()


@pytest.fixture
async def with_things(storage: StorageSettings) -> AsyncIterator[Database]:
    """On SQLite, and on PostgreSQL."""
    async with _with_things(storage) as opened:
        yield opened


@pytest.fixture
async def on_postgresql(postgres: PostgresForTests, tmp_path: Path) -> AsyncIterator[Database]:
    url = SecretStr(await postgres.new_database())
    async with _with_things(StorageSettings(data_dir=tmp_path, database_url=url)) as opened:
        yield opened
