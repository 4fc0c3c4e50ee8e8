"""The prober's wiring: a measurer that warms up beside it, and a worker for each duty."""

import asyncio

import uvloop
from nats.aio.client import Client

from arguslm_bus.publisher import Publisher
from arguslm_bus.service import Parts, run_service
from arguslm_bus.worker import Worker
from arguslm_llm.environment import keep_only_ours
from arguslm_llm.measure import Measurer
from arguslm_prober.abandoned import Abandoned
from arguslm_prober.settings import Settings
from arguslm_prober.workers import Prober
from arguslm_storage.vault import open_vault

NAME = "prober"


async def wire(settings: Settings, client: Client) -> Parts:
    vault = open_vault(settings)
    keep_only_ours()
    network = settings.network()
    measurer = Measurer(network)
    # LiteLLM takes seconds: the house is ready meanwhile, and a check waits ahead of its clocks.
    warming = asyncio.create_task(measurer.start(), name="warm the measurer")
    publisher = Publisher(client, NAME)
    prober = Prober(publisher, measurer, vault, network, settings.reference_url)
    duties = [
        *prober.duties(settings.location, settings.probe_concurrency),
        Abandoned(client, publisher).duty,
    ]
    workers = {duty.durable: Worker(settings, client, NAME, duty) for duty in duties}

    def health() -> dict[str, str]:
        return {name: worker.trouble or "ok" for name, worker in workers.items()}

    async def close() -> None:
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)
        await measurer.close()

    return Parts(
        tasks={name: worker.run() for name, worker in workers.items()},
        health=health,
        close=close,
    )


def main() -> None:
    run_service(NAME, Settings, wire, loop_factory=uvloop.new_event_loop)
