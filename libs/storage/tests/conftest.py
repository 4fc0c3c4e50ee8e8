"""Databases with the table of things in them."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parent))

from things import metadata, opened_with

from arguslm_storage.database import Database
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.postgres import PostgresForTests


@pytest.fixture
async def with_things(storage: StorageSettings) -> AsyncIterator[Database]:
    """On SQLite, and on PostgreSQL."""
    async with opened_with(metadata, storage) as opened:
        yield opened


@pytest.fixture
async def on_postgresql(postgres: PostgresForTests, tmp_path: Path) -> AsyncIterator[Database]:
    url = SecretStr(await postgres.new_database())
    settings = StorageSettings(data_dir=tmp_path, database_url=url)
    async with opened_with(metadata, settings) as opened:
        yield opened
