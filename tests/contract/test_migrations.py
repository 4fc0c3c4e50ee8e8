"""Tables of every earlier version, with rows in them, become those of today."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import Column, Connection, MetaData, func, select

from arguslm_alerting.projections import SERVICE_TABLES as ALERTING
from arguslm_bus.tables import ServiceTables
from arguslm_query_api.projections.tables import SERVICE_TABLES as QUERY_API
from arguslm_scheduler.projections import SERVICE_TABLES as SCHEDULER
from arguslm_storage.database import create_schema, open_database
from arguslm_storage.migrate import _config, differences, upgrade
from arguslm_storage.settings import StorageSettings

_BY_PYTHON_TYPE: dict[type, Any] = {
    bool: True,
    bytes: b"x",
    datetime: datetime(2026, 11, 1, tzinfo=UTC).replace(tzinfo=None),
    dict: {},
    float: 1.5,
    int: 1,
    str: "x",
}


def _earlier() -> list[tuple[ServiceTables, str]]:
    """Each service's versions but the last."""
    found = []
    for tables in (ALERTING, QUERY_API, SCHEDULER):
        files = sorted(file.name for file in Path(tables.migrations).glob("*_*.py"))
        found += [(tables, name.partition("_")[0]) for name in files[:-1]]
    return found


@pytest.mark.parametrize(
    ("tables", "version"), _earlier(), ids=lambda one: getattr(one, "service", one)
)
async def test_rows_of_an_earlier_version_come_along(
    tables: ServiceTables, version: str, storage: StorageSettings
) -> None:
    database = open_database(tables.service, storage)
    counts: dict[str, int] = {}

    def fill(connection: Connection) -> None:
        command.upgrade(_config(tables.migrations, connection, tables.metadata), version)
        stored = MetaData()
        stored.reflect(connection)
        for table in stored.sorted_tables:
            if table.name != "alembic_version":
                row = {column.name: _value(column) for column in table.columns}
                connection.execute(table.insert(), row)
                counts[table.name] = 1

    try:
        async with database.writing() as connection:
            await create_schema(connection, database)
            await connection.run_sync(fill)
        assert counts
        await upgrade(database, tables.migrations, tables.metadata)
        assert await differences(database, tables.metadata) == []
        async with database.reading() as connection:
            for name in counts:
                table = tables.metadata.tables[name]
                assert await connection.scalar(select(func.count()).select_from(table)) == 1
    finally:
        await database.close()


def _value(column: Column[Any]) -> Any:
    kind = column.type.as_generic()
    if kind.__visit_name__ == "uuid":
        return uuid4()
    if kind.__visit_name__ == "JSON":
        return {}
    if kind.python_type is str and getattr(kind, "length", None) == 32:
        return uuid4().hex  # what an SQLite file holds for one
    return _BY_PYTHON_TYPE[kind.python_type]
