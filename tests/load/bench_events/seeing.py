"""From stored to seen: the time until a completion shows on a WebSocket and over REST."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import httpx
from websockets.asyncio.client import connect

from arguslm_bus.publisher import Publisher
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_storage.settings import StorageSettings
from arguslm_storage.vault import create_key_file
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until
from bench_events.completions import registrations
from bench_events.steadily import steadily

# Asked without a pause, the API would have no time for what it is asked about.
_LOOKS_EVERY_S = 0.002
_KEY = "bench-admin-key-0123456789"
_AUTHORIZED = {"Authorization": f"Bearer {_KEY}"}
_API = "/api/v1"


class Sight:
    """Check id -> when it was stored, and when each way of looking first showed it."""

    def __init__(self) -> None:
        self.stored: dict[str, float] = {}
        self.seen: dict[str, dict[str, float]] = {"WebSocket": {}, "REST": {}}

    def see(self, way: str, check_id: str) -> None:
        self.seen[way].setdefault(check_id, time.perf_counter())

    def delays_ms(self, way: str) -> list[float]:
        """Ascending. What was seen before its acknowledgement came took no time."""
        seen = self.seen[way]
        return sorted(max(0.0, at - self.stored[one]) * 1_000 for one, at in seen.items())


async def look(bus: BusForTests, storage: StorageSettings, seconds: int) -> Sight:
    """Store 100 completions per second, see them all on a WebSocket and ask for every tenth."""
    sight = Sight()
    registry = Publisher(await bus.client("query-api"), "query-api")
    for event in registrations():
        await registry.append(event)
    async with _query_api(bus, storage) as port:
        watching = asyncio.create_task(_watch(sight, port))
        await _say(sight, Publisher(await bus.client("prober"), "prober"), port, seconds)

        async def all_seen() -> bool:
            if watching.done():
                watching.result()
            return len(sight.seen["WebSocket"]) == len(sight.stored)

        await until(all_seen, "every check to show on the WebSocket")
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return sight


async def _say(sight: Sight, publisher: Publisher, port: int, seconds: int) -> None:
    url = f"http://127.0.0.1:{port}{_API}/checks"
    async with aiohttp.ClientSession(headers=_AUTHORIZED) as client:

        async def note(number: int, event: CheckCompleted) -> None:
            check_id = str(event.check_id)
            sight.stored[check_id] = time.perf_counter()

            async def shown() -> bool:
                async with client.get(f"{url}/{check_id}") as answer:
                    return answer.status == 200

            if number % 10 == 0:
                await until(shown, "a check to show over REST", every_s=_LOOKS_EVERY_S)
                sight.see("REST", check_id)

        await steadily(publisher, seconds, note, seed=7)


async def _watch(sight: Sight, port: int) -> None:
    address = f"ws://127.0.0.1:{port}{_API}/stream"
    async with connect(address, additional_headers=_AUTHORIZED, proxy=None) as socket:
        async for text in socket:
            message = json.loads(text)
            if message["kind"] == "check":
                sight.see("WebSocket", message["data"]["id"])


@asynccontextmanager
async def _query_api(bus: BusForTests, storage: StorageSettings) -> AsyncIterator[int]:
    """A query-api of its own process; gives its port."""
    create_key_file(storage.data_dir / "keys" / "fernet.key")
    settings = bus.settings("query-api")
    assert settings.nats_password is not None
    database_url = storage.database_url.get_secret_value() if storage.database_url else ""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "arguslm_query_api.app",
        env={
            "PATH": os.environ["PATH"],
            "ARGUSLM_NATS_URL": settings.nats_url,
            "ARGUSLM_NATS_PASSWORD": settings.nats_password.get_secret_value(),
            "ARGUSLM_DATA_DIR": str(storage.data_dir),
            "ARGUSLM_DATABASE_URL": database_url,
            "ARGUSLM_PORT": "0",
            "ARGUSLM_ADMIN_KEY": _KEY,
        },
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        port = await _port(process)

        async def healthy() -> bool:
            async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
                return (await client.get(f"http://127.0.0.1:{port}/health")).status_code == 200

        await until(healthy, "query-api to be ready")
        yield port
    finally:
        process.kill()
        await process.wait()


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    async with asyncio.timeout(120):
        async for line in process.stderr:
            entry = json.loads(line)
            if entry["event"] == "listening":
                return int(entry["port"])
    raise RuntimeError("query-api ended without listening")
