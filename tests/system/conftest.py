"""One house per database, with everything the tests watch through it."""

import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from arguslm import AsyncArgusLMClient
from arguslm_testkit.endpoints import (
    SimulatorProcess,
    WebhookReceiver,
    running_litellm_proxy,
    running_simulator,
    webhook_receiver,
)
from arguslm_testkit.house import HouseUnderTest, running_house
from arguslm_testkit.postgres import PostgresForTests

SIMULATOR_KEY = "sk-planted-simulator-key-4f8a1c"
PROXY_KEY = "sk-planted-proxy-key-9b2d7e"
FRONTEND = Path(__file__).parents[2] / "frontend"

MODELS = {
    "swift": {"ttft_ms": 80, "gap_ms": 8, "tokens": 24},
    "thinker": {"ttft_ms": 150, "gap_ms": 10, "tokens": 16, "reasoning_tokens": 12},
    "unwell": {"ttft_ms": 40, "gap_ms": 4, "tokens": 8},
    "org/hanging:70b": {"fault": "hang_headers"},
}


@dataclass
class Scene:
    """A running house, and the world around it."""

    house: HouseUnderTest
    client: AsyncArgusLMClient
    simulator: SimulatorProcess
    proxy_url: str
    receiver: WebhookReceiver
    database_url: str | None


@pytest.fixture(params=["sqlite", "postgresql"])
async def scene(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Scene]:
    assert shutil.which("npm"), "the system test needs Node.js 20 for the dashboard"
    env = {}
    if request.param == "postgresql":
        server: PostgresForTests = request.getfixturevalue("postgres")
        env["ARGUSLM_DATABASE_URL"] = await server.new_database()
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(
            running_simulator(tmp_path, MODELS, api_key=SIMULATOR_KEY)
        )
        proxy_url = await stack.enter_async_context(running_litellm_proxy(tmp_path, key=PROXY_KEY))
        receiver = await stack.enter_async_context(webhook_receiver())
        house = await stack.enter_async_context(running_house(tmp_path / "data", env=env))
        client = await stack.enter_async_context(
            AsyncArgusLMClient(base_url=house.url, api_key=house.admin_key)
        )
        yield Scene(house, client, simulator, proxy_url, receiver, env.get("ARGUSLM_DATABASE_URL"))
