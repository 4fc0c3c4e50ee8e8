"""A house with a bus and a vault, and a simulator to be asked."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

sys.path.insert(0, str(Path(__file__).parent))

from probing import API_KEY, House

from arguslm_simulator import Behaviour, Scenario, Simulator
from arguslm_storage.vault import Vault
from arguslm_testkit.bus import BusForTests


def pytest_itemcollected(item: pytest.Item) -> None:
    """Beside the other tests of a measurer: LiteLLM takes seconds to import, once for all."""
    if "simulator" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.xdist_group("measurer"))


@pytest.fixture
def encryption_key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture
async def house(bus: BusForTests, encryption_key: str) -> House:
    return House(bus, Vault([encryption_key]))


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    scenario = Scenario({"swift": Behaviour(ttft_ms=80, gap_ms=8, tokens=48)})
    async with Simulator(scenario, api_key=API_KEY) as running:
        yield running
