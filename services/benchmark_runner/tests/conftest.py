"""A bus, a vault and a simulator: benchmark runners come and go."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

sys.path.insert(0, str(Path(__file__).parent))

from benchmarking import API_KEY, Bench

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
async def simulator() -> AsyncIterator[Simulator]:
    scenario = Scenario(
        {
            "swift": Behaviour(ttft_ms=40, gap_ms=2, tokens=8),
            "slow": Behaviour(ttft_ms=300, gap_ms=20, tokens=8),
        }
    )
    async with Simulator(scenario, api_key=API_KEY) as running:
        yield running


@pytest.fixture
async def bench(bus: BusForTests, encryption_key: str, simulator: Simulator) -> Bench:
    return Bench(bus, Vault([encryption_key]), simulator)
