"""Tasks for a worker under test: discoveries of made-up providers."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from arguslm_bus.publisher import Publisher
from arguslm_bus.worker import Duty, Worker
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import DiscoveryRequested
from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import Target
from arguslm_contracts.streams import CHECK_REQUESTS
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until


def request(number: int) -> DiscoveryRequested:
    provider_id = derive("provider", number)
    target = Target(provider_id=str(provider_id), provider_type="openai", provider_name="P")
    return DiscoveryRequested(
        request_id=derive("request", number), provider_id=provider_id, target=target
    )


async def publish(bus: BusForTests, count: int) -> None:
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    for number in range(count):
        await publisher.append(request(number))


def duty(task: Callable[[Recorded], Awaitable[None]], **changes: object) -> Duty:
    fields: dict[str, object] = {
        "stream": CHECK_REQUESTS,
        "subject": "discovery.requested.>",
        "durable": "prober-discovery",
        "task": task,
        "first_delay_s": 0.1,
        "longest_delay_s": 0.2,
    }
    return Duty(**{**fields, **changes})  # type: ignore[arg-type]


@asynccontextmanager
async def working(bus: BusForTests, on: Duty) -> AsyncIterator[Worker]:
    worker = Worker(bus.settings("prober"), await bus.client("prober"), "prober", on)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def id_of(recorded: Recorded) -> UUID:
    assert isinstance(recorded.event, DiscoveryRequested)
    return recorded.event.request_id


async def pending(bus: BusForTests) -> int:
    client = await bus.client()
    info = await client.jetstream().consumer_info(CHECK_REQUESTS.name, "prober-discovery")
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


async def all_acknowledged(bus: BusForTests, stream: str, durable: str) -> bool:
    """Whether a durable is done with all that is stored for it. What it counts as pending lags
    behind a message just stored; the floor of its acknowledgements cannot run ahead."""
    streams = (await bus.client()).jetstream()
    info = await streams.consumer_info(stream, durable)
    assert info.config.filter_subject is not None
    last = await streams.get_last_msg(stream, info.config.filter_subject)
    assert info.ack_floor is not None
    return info.ack_floor.stream_seq >= (last.seq or 0)


async def settled(bus: BusForTests, durable: str = "prober-discovery") -> None:
    await until(
        lambda: all_acknowledged(bus, CHECK_REQUESTS.name, durable),
        f"every task of {durable} to be acknowledged",
    )


async def freeze(bus: BusForTests) -> None:
    """Stop the server, every thread of it: a signal is sent at once and heeded a little later."""
    os.kill(bus.server.pid, signal.SIGSTOP)
    threads = Path(f"/proc/{bus.server.pid}/task")

    async def all_stopped() -> bool:
        stats = [(one / "stat").read_text() for one in threads.iterdir()]
        return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)

    await until(all_stopped, "the server to stand still")


def provider_of(recorded: Recorded) -> str:
    assert isinstance(recorded.event, DiscoveryRequested)
    return str(recorded.event.provider_id)
