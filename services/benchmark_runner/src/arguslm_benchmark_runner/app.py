"""The benchmark runner's wiring: a measurer, warmed by the first run, and one worker."""

import uvloop
from nats.aio.client import Client

from arguslm_benchmark_runner.load import Instruments
from arguslm_benchmark_runner.settings import Settings
from arguslm_benchmark_runner.throttle import Throttle
from arguslm_benchmark_runner.workers import BenchmarkRunner
from arguslm_bus.publisher import Publisher
from arguslm_bus.service import Parts, run_service
from arguslm_bus.worker import Worker
from arguslm_llm.environment import keep_only_ours
from arguslm_llm.measure import Measurer
from arguslm_storage.vault import open_vault

NAME = "benchmark-runner"


async def wire(settings: Settings, client: Client) -> Parts:
    vault = open_vault(settings)
    keep_only_ours()
    measurer = Measurer(settings.network())
    instruments = Instruments(
        measurer, Publisher(client, NAME), Throttle(), settings.benchmark_max_in_flight
    )
    runner = BenchmarkRunner(client, vault, instruments)
    duty = runner.duty(settings.benchmark_runs_at_once)
    worker = Worker(settings, client, NAME, duty)

    def health() -> dict[str, str]:
        return {duty.durable: worker.trouble or "ok"}

    return Parts(tasks={duty.durable: worker.run()}, health=health, close=measurer.close)


def main() -> None:
    run_service(NAME, Settings, wire, loop_factory=uvloop.new_event_loop)
