"""The query API under test: real HTTP on a real bus, and the other services played by the test."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from pydantic import SecretStr

from arguslm_bus.publisher import Publisher, Stored
from arguslm_bus.reader import StreamReader, stream_state
from arguslm_bus.rebuild import read_until
from arguslm_contracts.envelope import Recorded, decode
from arguslm_contracts.events.accounts import Role
from arguslm_contracts.events.base import Event
from arguslm_contracts.streams import STREAMS
from arguslm_query_api.app import open_door
from arguslm_query_api.door import Door
from arguslm_query_api.http.application import create_app
from arguslm_query_api.projections.tables import SERVICE_TABLES
from arguslm_query_api.readable import readable
from arguslm_query_api.serving import serve
from arguslm_query_api.settings import Settings
from arguslm_storage.settings import StorageSettings
from arguslm_storage.vault import create_key_file
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.tables import open_migrated

ADMIN_KEY = "test-admin-key-0123456789"
API = "/api/v1"


@dataclass
class RunningDoor:
    """`says` publishes as anybody; `as_role` is a client with a key of that role."""

    door: Door
    url: str
    bus: BusForTests
    publisher: Publisher
    projecting: asyncio.Task[None]
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, token: str | None = None, **options: Any) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Without the certificates of the world, whose loading would cost more than the test.
        options = {"timeout": 60, "trust_env": False, "verify": False} | options
        client = httpx.AsyncClient(base_url=self.url, headers=headers, **options)
        self.clients.append(client)
        return client

    @property
    def admin(self) -> httpx.AsyncClient:
        return self.client(ADMIN_KEY)

    async def key_of(self, role: Role) -> str:
        made = await self.admin.post(
            f"{API}/auth/api-keys", json={"name": f"the {role}", "role": role}
        )
        assert made.status_code == 201, made.text
        key: str = made.json()["key"]
        return key

    async def as_role(self, role: Role) -> httpx.AsyncClient:
        return self.client(await self.key_of(role))

    async def says(self, event: Event) -> Stored:
        """Store an event and wait until the tables have it."""
        stored = await self.publisher.append(event)
        if stored.stream in SERVICE_TABLES.folds:
            assert await self.door.projector.wait_for(stored.stream, stored.sequence, 10)
        return stored

    async def events(self) -> list[Recorded]:
        """Everything in every stream."""
        client = await self.bus.client()
        found = []
        for spec in STREAMS:
            state = await stream_state(client, spec.name)
            async for batch in read_until(client, spec.name, after=0, until=state.last_sequence):
                found += [
                    decode(
                        message.headers,
                        message.body,
                        stream=spec.name,
                        sequence=message.sequence,
                        subject=message.subject,
                    )
                    for message in batch
                ]
        return found

    @asynccontextmanager
    async def projector_stopped(self) -> AsyncIterator[None]:
        """Meanwhile the tables stand still."""
        self.projecting.cancel()
        await _ended([self.projecting])
        yield
        self.projecting = asyncio.create_task(self.door.projector.run())

    @asynccontextmanager
    async def answering(self, answer: Callable[[Recorded], Awaitable[None]]) -> AsyncIterator[None]:
        """Play another service: `answer` gets every event from now on, of any stream."""
        client = await self.bus.client()
        subscriptions = []
        for spec in STREAMS:
            sequence = (await stream_state(client, spec.name)).last_sequence
            task = asyncio.create_task(_each(client, spec.name, sequence, answer))
            subscriptions.append(task)
        try:
            yield
        finally:
            for task in subscriptions:
                task.cancel()
            for result in await _ended(subscriptions):
                if isinstance(result, Exception):
                    raise result


async def _each(
    client: Any, stream: str, after: int, answer: Callable[[Recorded], Awaitable[None]]
) -> None:
    async for batch in StreamReader(client, stream, after).batches():
        for recorded in readable(stream, batch):
            await answer(recorded)


@asynccontextmanager
async def running_door(
    bus: BusForTests, storage: StorageSettings, **given: Any
) -> AsyncIterator[RunningDoor]:
    settings = Settings(
        **bus.settings("query-api").model_dump(),
        **storage.model_dump(),
        **{"admin_key": SecretStr(ADMIN_KEY), **given},
    )
    create_key_file(settings.data_dir / "keys" / "fernet.key")
    client = await bus.client("query-api")
    database = await open_migrated(SERVICE_TABLES, settings)
    door = await open_door(settings, client, database)
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    projecting = asyncio.create_task(door.projector.run())
    tasks = [
        asyncio.create_task(part)
        for part in (door.feed.follow(), serve(create_app(door), settings, listening))
    ]
    for stream, sequence in door.ready_at.items():
        assert await door.projector.wait_for(stream, sequence, 60)
    running = RunningDoor(door, url, bus, Publisher(await bus.client(), "test"), projecting)
    try:
        yield running
    finally:
        for one in running.clients:
            await one.aclose()
        tasks.append(running.projecting)
        for task in tasks:
            task.cancel()
        await _ended(tasks)
        await database.close()


async def _ended(tasks: list[asyncio.Task[None]]) -> list[BaseException | None]:
    """How cancelled tasks ended. Python 3.11's `wait_for`, which nats-py uses, can swallow a
    cancellation: whoever still runs is told again."""
    while (await asyncio.wait(tasks, timeout=1.0))[1]:
        for straggler in asyncio.all_tasks():
            if straggler.cancelling():
                straggler.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)
