"""Alembic, driven from here: each service keeps only its versions and its tables."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError

from arguslm_storage.database import Database, create_schema
from arguslm_storage.locks import wait_turn

_ENVIRONMENT = Path(__file__).parent / "alembic_environment"


def _config(versions: Path, connection: Connection, metadata: MetaData) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_ENVIRONMENT))
    config.set_main_option("version_locations", str(versions))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata
    return config


async def upgrade(database: Database, versions: Path, metadata: MetaData) -> None:
    """Bring a service's tables to the newest version; does nothing when they are there."""
    if await _stored_version(database) == _newest_version(versions):
        return

    def run(connection: Connection) -> None:
        command.upgrade(_config(versions, connection, metadata), "head")

    async with database.writing() as connection:
        # Replicas start together; the first one migrates, the others find it done.
        await wait_turn(connection, f"migrate {database.schema}")
        await create_schema(connection, database)
        await connection.run_sync(run)


async def _stored_version(database: Database) -> str | None:
    """As Alembic noted it; None where it has noted nothing."""
    try:
        async with database.reading() as connection:
            found = await connection.execute(text("SELECT version_num FROM alembic_version"))
            return found.scalar_one_or_none()
    except DBAPIError:
        return None


def _newest_version(versions: Path) -> str | None:
    """By the files' names, `0002_what_it_does.py`, as `write_revision` gives them."""
    return max((file.name.partition("_")[0] for file in versions.glob("*_*.py")), default=None)


async def differences(database: Database, metadata: MetaData) -> list[object]:
    """What the stored tables and the declared ones disagree on; empty when they agree."""

    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": False, "version_table": "alembic_version"}
        )
        return list(compare_metadata(context, metadata))

    async with database.reading() as connection:
        return await connection.run_sync(compare)


async def write_revision(
    database: Database, versions: Path, metadata: MetaData, message: str, number: str
) -> None:
    """Write the next migration from the difference between stored and declared tables."""
    await upgrade(database, versions, metadata)

    def run(connection: Connection) -> None:
        config = _config(versions, connection, metadata)
        command.revision(config, message, autogenerate=True, rev_id=number)

    async with database.writing() as connection:
        await connection.run_sync(run)
