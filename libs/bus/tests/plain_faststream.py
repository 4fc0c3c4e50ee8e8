"""FastStream as it comes, and handlers that show what it makes of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from faststream.nats import JStream, NatsBroker, PullSub
from faststream.security import SASLPlaintext
from nats.js.api import ConsumerInfo

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.permissions import OPERATOR
from arguslm_contracts.streams import CHECK_REQUESTS
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import until

SUBJECT, STREAM, PLAIN = "discovery.requested.>", CHECK_REQUESTS.name, "plain"
UNDECLARED = JStream(STREAM, declare=False)


def plain_broker(bus: BusForTests, **options: Any) -> NatsBroker:
    """FastStream as it comes."""
    security = SASLPlaintext(username=OPERATOR, password=bus.server.passwords[OPERATOR])
    return NatsBroker(bus.server.url, security=security, logger=None, **options)


@asynccontextmanager
async def subscribed(
    bus: BusForTests, handler: Any, *, broker: NatsBroker | None = None, **options: Any
) -> AsyncIterator[NatsBroker]:
    """A FastStream pull subscriber on the durable `plain`."""
    broker = broker or plain_broker(bus)
    options = {"stream": UNDECLARED, "durable": PLAIN, "pull_sub": PullSub(timeout=0.5)} | options
    broker.subscriber(SUBJECT, **options)(handler)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


async def consumer(bus: BusForTests, durable: str = PLAIN) -> ConsumerInfo:
    return await (await bus.client()).jetstream().consumer_info(STREAM, durable)


class Failing:
    """A handler that fails, and when it was called."""

    def __init__(self) -> None:
        self.calls: list[float] = []

    async def plain(self, body: object) -> None:
        self.calls.append(asyncio.get_running_loop().time())
        raise ConnectionError("the database is down")

    async def task(self, recorded: Recorded) -> None:
        await self.plain(b"")

    async def called(self, times: int) -> None:
        async def so_often() -> bool:
            return len(self.calls) >= times

        await until(so_often, f"{times} calls")


class Slow:
    """A handler that goes on until it is released, and how many ran at once."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.begun = 0
        self.running = 0
        self.peak = 0

    async def plain(self, body: object) -> None:
        self.begun += 1
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            await self.release.wait()
        finally:
            self.running -= 1

    async def task(self, recorded: Recorded) -> None:
        await self.plain(b"")

    async def has_begun(self, times: int) -> None:
        async def so_often() -> bool:
            return self.begun >= times

        await until(so_often, f"{times} to have begun")
