"""What the benchmark runner can be told."""

from pydantic import Field

from arguslm_bus.service import ServiceSettings
from arguslm_llm.network import NetworkSettings
from arguslm_storage.settings import StorageSettings


class Settings(ServiceSettings, StorageSettings, NetworkSettings):
    benchmark_runs_at_once: int = Field(
        default=4, ge=1, le=100, description="runs that share this process; others wait"
    )
    benchmark_max_in_flight: int = Field(
        default=256, ge=1, le=100_000, description="requests in flight over all runs"
    )
