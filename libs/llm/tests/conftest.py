"""Scripted servers, and a warm measurer."""

import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from arguslm_llm.measure import Measurer

sys.path.insert(0, str(Path(__file__).parent))

from scripted_server import Reply, ScriptedServer

Serve = Callable[..., Awaitable[ScriptedServer]]


@pytest_asyncio.fixture(loop_scope="session")
async def serve() -> AsyncIterator[Serve]:
    """Start servers; they stop with the test."""
    servers: list[ScriptedServer] = []

    async def start(*replies: Reply) -> ScriptedServer:
        server = ScriptedServer(*replies)
        await server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pytest_itemcollected(item: pytest.Item) -> None:
    if "measurer" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.xdist_group("measurer"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def measurer() -> AsyncIterator[Measurer]:
    """One warm measurer for all tests: LiteLLM takes seconds to import."""
    warm = Measurer()
    await warm.start()
    yield warm
    await warm.close()
