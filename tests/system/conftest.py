"""One house per database, with everything the tests watch through it."""

import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parent))

from scene import MODELS, PROXY_KEY, SIMULATOR_KEY, Scene

from arguslm import AsyncArgusLMClient
from arguslm_testkit.endpoints import (
    running_litellm_proxy,
    running_simulator,
    webhook_receiver,
)
from arguslm_testkit.house import running_house
from arguslm_testkit.postgres import PostgresForTests


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def proxy_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Someone else's program, which takes its time to start: once for all."""
    async with running_litellm_proxy(tmp_path_factory.mktemp("proxy"), key=PROXY_KEY) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def scene(
    request: pytest.FixtureRequest, tmp_path: Path, proxy_url: str
) -> AsyncIterator[Scene]:
    assert shutil.which("npm"), "the system test needs Node.js 20 for the dashboard"
    env = {}
    if request.param == "postgresql":
        server: PostgresForTests = request.getfixturevalue("postgres")
        env["ARGUSLM_DATABASE_URL"] = await server.new_database()
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(
            running_simulator(tmp_path, MODELS, api_key=SIMULATOR_KEY)
        )
        receiver = await stack.enter_async_context(webhook_receiver())
        house = await stack.enter_async_context(running_house(tmp_path / "data", env=env))
        client = await stack.enter_async_context(
            AsyncArgusLMClient(base_url=house.url, api_key=house.admin_key)
        )
        yield Scene(house, client, simulator, proxy_url, receiver, env.get("ARGUSLM_DATABASE_URL"))
