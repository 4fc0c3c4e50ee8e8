"""A service's tables for tests. Migrating an empty file takes longer than most tests, so on SQLite
it is done once in a process, and the others get a copy."""

from pathlib import Path

from arguslm_bus.tables import ServiceTables
from arguslm_storage.database import Database, open_database
from arguslm_storage.migrate import upgrade
from arguslm_storage.settings import StorageSettings

_migrated: dict[Path, bytes] = {}


async def open_migrated(tables: ServiceTables, settings: StorageSettings) -> Database:
    """The service's database with its tables; what is in an existing one stays."""
    database = open_database(tables.service, settings)
    file = database.path
    if file is not None and not file.exists():
        if tables.migrations not in _migrated:
            await upgrade(database, tables.migrations, tables.metadata)
            await database.close()  # all of it is in the one file then
            _migrated[tables.migrations] = file.read_bytes()
        file.write_bytes(_migrated[tables.migrations])
    await upgrade(database, tables.migrations, tables.metadata)
    return database
