"""Publishing with fsync on every write: our publisher against nats-py's own pipeline."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from nats.aio.client import Client

from arguslm_bus.publisher import Publisher
from arguslm_contracts.envelope import encode
from arguslm_contracts.events.checks import CheckCompleted
from arguslm_contracts.streams import CHECKS
from bench_events.completions import completions

_AT_ONCE = 500


async def bare(client: Client, events: Sequence[CheckCompleted]) -> float:
    """Events per second of `publish_async`, of messages that are encoded beforehand."""
    messages = [
        (one.subject, *encode(one, source="prober", time=datetime.now(UTC))) for one in events
    ]
    jetstream = client.jetstream(publish_async_max_pending=_AT_ONCE)

    began = time.perf_counter()
    acks = []
    for subject, headers, body in messages:
        acks.append(
            await jetstream.publish_async(
                subject, body, stream=CHECKS.name, headers=headers, wait_stall=60
            )
        )
    await asyncio.gather(*acks)
    return len(events) / (time.perf_counter() - began)


async def ours(client: Client, events: Sequence[CheckCompleted]) -> float:
    """Events per second of as many `append`s side by side."""
    publisher = Publisher(client, "prober")
    room = asyncio.Semaphore(_AT_ONCE)

    async def append(event: CheckCompleted) -> None:
        async with room:
            await publisher.append(event)

    began = time.perf_counter()
    await asyncio.gather(*(append(event) for event in events))
    return len(events) / (time.perf_counter() - began)


async def rates(client: Client, events: int) -> dict[str, float]:
    """Of each way, the better of two turns; no event is a twin of another."""
    ways: dict[str, Callable[[Client, Sequence[CheckCompleted]], Awaitable[float]]] = {
        "bare": bare,
        "ours": ours,
    }
    best = dict.fromkeys(ways, 0.0)
    turns = iter(range(4))
    for _ in range(2):
        for name, way in ways.items():
            some = list(completions(events, seed=1_000 + next(turns)))
            best[name] = max(best[name], await way(client, some))
    return best
