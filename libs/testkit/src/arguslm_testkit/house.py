"""The house under test: `arguslm up` as a person starts it, in processes of its own."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from arguslm_launcher.data_dir import DataDir

ADMIN_KEY = "argus_test-admin-key-0123456789abcdef"
_PROGRAMS = Path(sys.executable).parent


class HouseUnderTest:
    """A running house: its address, its key, and the process ids of its parts."""

    def __init__(self, process: asyncio.subprocess.Process, data_dir: Path, ready: Any) -> None:
        self.process = process
        self.data_dir = data_dir
        self.url: str = ready["url"]
        self.login_url: str = ready["login_url"]
        self.admin_key = ADMIN_KEY

    def pids(self) -> dict[str, int]:
        note = DataDir(self.data_dir).read_note()
        assert note is not None
        return note.pids

    async def kill(self, name: str) -> None:
        """kill -9 one part, and wait until another process has taken its place."""
        before = self.pids()[name]
        os.kill(before, signal.SIGKILL)
        await until(lambda: self._replaced(name, before), f"{name} to be started again")

    async def _replaced(self, name: str, before: int) -> bool:
        now = self.pids().get(name)
        return now is not None and now != before and psutil.pid_exists(now)

    async def is_healthy(self) -> bool:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            try:
                return (await http.get(f"{self.url}/health")).status_code == 200
            except httpx.HTTPError:
                return False

    async def stop(self) -> int:
        """Ctrl-C, and the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(60):
            return await self.process.wait()


async def run_arguslm(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> tuple[int, str, str]:
    """Run the command line to its end: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        str(_PROGRAMS / "arguslm"),
        *arguments,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


@asynccontextmanager
async def running_house(
    data_dir: Path, *arguments: str, env: Mapping[str, str] | None = None
) -> AsyncIterator[HouseUnderTest]:
    """`arguslm up --json` on a free port; stopped with Ctrl-C at the end."""
    process = await asyncio.create_subprocess_exec(
        str(_PROGRAMS / "arguslm"),
        "up",
        "--json",
        "--port",
        "0",
        "--data-dir",
        str(data_dir),
        *arguments,
        env={**os.environ, "ARGUSLM_ADMIN_KEY": ADMIN_KEY, **(env or {})},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(300):
            line = await process.stdout.readline()
        assert line, f"the house did not start: exit code {await process.wait()}"
        house = HouseUnderTest(process, data_dir, json.loads(line))
        yield house
        await house.stop()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def runs(pid: int) -> bool:
    """Whether a process is there and has not ended; what nobody has reaped yet has ended."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def until(
    condition: Callable[[], Awaitable[bool]],
    what: str,
    *,
    timeout_s: float = 60,
    every_s: float = 0.1,
) -> None:
    """Wait for a condition; says what it waited for when it does not come."""
    try:
        async with asyncio.timeout(timeout_s):
            while not await condition():
                await asyncio.sleep(every_s)
    except TimeoutError:
        raise AssertionError(f"waited {timeout_s:.0f} s for {what}") from None
