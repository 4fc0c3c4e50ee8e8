"""The scene of the story: a house, and the vendors and receivers around it."""

from dataclasses import dataclass

from arguslm import AsyncArgusLMClient
from arguslm_testkit.endpoints import SimulatorProcess, WebhookReceiver
from arguslm_testkit.house import HouseUnderTest

SIMULATOR_KEY = "sk-planted-simulator-key-4f8a1c"
PROXY_KEY = "sk-planted-proxy-key-9b2d7e"

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
