"""The query API as a process of its own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from running_door import ADMIN_KEY

from arguslm_testkit.bus import BusForTests


def environment(bus: BusForTests, data_dir: Path, **given: str) -> dict[str, str]:
    settings = bus.settings("query-api")
    assert settings.nats_password is not None
    return {
        "PATH": os.environ["PATH"],
        "ARGUSLM_NATS_URL": settings.nats_url,
        "ARGUSLM_NATS_PASSWORD": settings.nats_password.get_secret_value(),
        "ARGUSLM_DATA_DIR": str(data_dir),
        "ARGUSLM_PORT": "0",
        "ARGUSLM_ADMIN_KEY": ADMIN_KEY,
        **given,
    }


@asynccontextmanager
async def process(env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "arguslm_query_api.app", env=env, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def port_of(started: asyncio.subprocess.Process) -> int:
    assert started.stderr is not None
    async with asyncio.timeout(30):
        async for line in started.stderr:
            entry = json.loads(line)
            if entry["event"] == "listening":
                return int(entry["port"])
    raise AssertionError("it ended without listening")


async def healthy(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(30):
        while (await client.get(f"{url}/health")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
