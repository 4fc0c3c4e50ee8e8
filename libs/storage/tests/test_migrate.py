"""Several programs that start at once on one database migrate it once."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from sqlalchemy import MetaData, text

from arguslm_storage.database import open_database
from arguslm_storage.migrate import upgrade
from arguslm_storage.settings import StorageSettings

_MIGRATION = '''"""one"""
import time
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table("things", sa.Column("id", sa.Integer, primary_key=True))
    time.sleep(0.3)


def downgrade() -> None:
    op.drop_table("things")
'''

_PROGRAM = """
import asyncio, pathlib, sys
from sqlalchemy import MetaData
from arguslm_storage.database import open_database
from arguslm_storage.migrate import upgrade
from arguslm_storage.settings import StorageSettings

async def main():
    database = open_database("query-api", StorageSettings())
    sys.stdout.write("ready"); sys.stdout.flush()
    sys.stdin.read(1)
    await upgrade(database, pathlib.Path(sys.argv[1]), MetaData())
    await database.close()

asyncio.run(main())
"""


@pytest.mark.timeout(60)
async def test_replicas_that_start_together_migrate_once(
    storage: StorageSettings, tmp_path: Path
) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    (versions / "0001_one.py").write_text(_MIGRATION)
    env = os.environ | {"ARGUSLM_DATA_DIR": str(storage.data_dir)}
    if storage.database_url is not None:
        env["ARGUSLM_DATABASE_URL"] = storage.database_url.get_secret_value()
    programs = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _PROGRAM,
            str(versions),
            env=env,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for program in programs:
        assert program.stdout is not None
        await program.stdout.readexactly(len("ready"))
    ends = await asyncio.gather(*(program.communicate(b"g") for program in programs))
    assert [
        (p.returncode, end[1].decode()[-300:]) for p, end in zip(programs, ends, strict=True)
    ] == [(0, "")] * 4


async def test_tables_of_the_newest_version_are_left_alone_and_older_ones_are_not(
    storage: StorageSettings, tmp_path: Path
) -> None:
    (tmp_path / "0001_one.py").write_text(_MIGRATION)
    database = open_database("query-api", storage)
    await upgrade(database, tmp_path, MetaData())
    (tmp_path / "0001_one.py").write_text("raise SystemExit('read again')")
    await upgrade(database, tmp_path, MetaData())
    (tmp_path / "0001_one.py").write_text(_MIGRATION)
    second = _MIGRATION.replace("things", "others").replace("down_revision = None", "")
    second = second.replace('revision = "0001"', 'revision, down_revision = "0002", "0001"')
    (tmp_path / "0002_two.py").write_text(second)
    await upgrade(database, tmp_path, MetaData())
    async with database.reading() as connection:
        for table in ("things", "others"):
            assert (await connection.execute(text(f"SELECT id FROM {table}"))).all() == []
    await database.close()
