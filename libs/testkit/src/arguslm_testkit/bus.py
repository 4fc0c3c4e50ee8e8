"""A real bus for tests: nats-server with the generated users and all streams."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from nats.aio.client import Client
from pydantic import SecretStr

from arguslm_bus.connection import connect
from arguslm_bus.settings import BusSettings
from arguslm_bus.topology import apply_topology
from arguslm_contracts.permissions import OPERATOR
from arguslm_launcher.nats_server import NatsServer


class BusForTests:
    """The server, and connections to it as any user."""

    def __init__(self, server: NatsServer) -> None:
        self.server = server
        self._clients: list[Client] = []

    def settings(self, user: str) -> BusSettings:
        return BusSettings(
            nats_url=self.server.url,
            nats_user=user,
            nats_password=SecretStr(self.server.passwords[user]),
        )

    async def client(self, user: str = OPERATOR) -> Client:
        client = await connect(self.settings(user), user)
        self._clients.append(client)
        return client

    async def close(self) -> None:
        for client in self._clients:
            await client.close()


@asynccontextmanager
async def running_bus(directory: Path) -> AsyncIterator[BusForTests]:
    """A bus in `directory` with every stream declared."""
    server = NatsServer(directory)
    await server.start()
    bus = BusForTests(server)
    try:
        await apply_topology(await bus.client())
        yield bus
    finally:
        await bus.close()
        await server.stop()
