"""Completions stored at a steady rate."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from arguslm_bus.publisher import Publisher
from arguslm_contracts.events.checks import CheckCompleted
from bench_events.completions import completions

PER_S = 100


async def steadily(
    publisher: Publisher,
    seconds: int,
    then: Callable[[int, CheckCompleted], Awaitable[None]],
    *,
    seed: int,
) -> None:
    """Store 100 completions per second; `then` follows each of them with its number."""

    async def store(number: int, event: CheckCompleted) -> None:
        await publisher.append(event)
        await then(number, event)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number, event in enumerate(completions(seconds * PER_S, seed=seed)):
            await asyncio.sleep(max(0.0, began + number / PER_S - time.perf_counter()))
            group.create_task(store(number, event))
