"""Requests by hand, and what the prober made of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import RawMessage, StreamReader, stream_state
from arguslm_bus.rebuild import read_until
from arguslm_bus.worker import Worker
from arguslm_contracts.envelope import decode
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted, CheckRequested, DiscoveryCompleted
from arguslm_contracts.measurement import ProbeProfile, Target, Timeouts
from arguslm_contracts.streams import CHECKS
from arguslm_llm.measure import Measurer
from arguslm_llm.network import Network
from arguslm_prober.abandoned import Abandoned
from arguslm_prober.workers import Prober
from arguslm_storage.vault import Vault
from arguslm_testkit.bus import BusForTests

API_KEY = "sk-planted-6f1c2d"


@dataclass(frozen=True)
class House:
    """A bus and a vault; probers come and go."""

    bus: BusForTests
    vault: Vault

    def target(self, url: str, model: str | None, *, api_key: str = API_KEY) -> Target:
        return Target(
            provider_id=str(uuid4()),
            provider_type="custom_openai_compatible",
            provider_name="Simulator",
            base_url=f"{url}/v1",
            credentials=self.vault.seal({"api_key": api_key}),
            model=model,
        )

    async def ask(self, *events: Event) -> None:
        publisher = Publisher(await self.bus.client(), "test")
        await asyncio.gather(*(publisher.append(event) for event in events))

    @asynccontextmanager
    async def prober(
        self,
        *,
        location: str = "local",
        concurrency: int = 64,
        reference_url: str | None = None,
    ) -> AsyncIterator[None]:
        """A prober in this process."""
        client = await self.bus.client("prober")
        network = Network()
        measurer = Measurer(network)
        await measurer.start()
        publisher = Publisher(client, "prober")
        prober = Prober(publisher, measurer, self.vault, network, reference_url)
        duties = [*prober.duties(location, concurrency), Abandoned(client, publisher).duty]
        workers = [Worker(self.bus.settings("prober"), client, "prober", duty) for duty in duties]
        running = [asyncio.create_task(worker.run()) for worker in workers]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await measurer.close()

    async def answers(self, n: int, *, within_s: float = 60) -> list[Event]:
        """Everything in CHECKS, once there are `n` answers."""
        client, found = await self.bus.client(), list[Event]()
        async with asyncio.timeout(within_s):
            async for batch in StreamReader(client, CHECKS.name, 0).batches():
                found += [_event(message) for message in batch]
                if len(found) >= n:
                    break
        return found

    async def completions(self, n: int, *, within_s: float = 60) -> list[CheckCompleted]:
        return [
            e for e in await self.answers(n, within_s=within_s) if isinstance(e, CheckCompleted)
        ]

    async def discovered(self) -> DiscoveryCompleted:
        (answer,) = await self.answers(1)
        assert isinstance(answer, DiscoveryCompleted)
        return answer

    async def stored(self, stream: str) -> list[RawMessage]:
        """All messages of a stream as they are on disk."""
        client = await self.bus.client()
        until = (await stream_state(client, stream)).last_sequence
        return [
            message
            async for batch in read_until(client, stream, after=0, until=until)
            for message in batch
        ]


def _event(message: RawMessage) -> Event:
    return decode(
        message.headers,
        message.body,
        stream=CHECKS.name,
        sequence=message.sequence,
        subject=message.subject,
    ).event


def request(target: Target, *, model_id: UUID | None = None, **fields: object) -> CheckRequested:
    now = datetime.now(UTC)
    values: dict[str, object] = {
        "request_id": uuid4(),
        "model_id": model_id or uuid4(),
        "location": "local",
        "due_at": now,
        "expires_at": now + timedelta(seconds=60),
        "target": target,
        "probe": ProbeProfile(prompt="Hello", max_tokens=8, timeouts=Timeouts(total_s=20)),
    }
    return CheckRequested.model_validate(values | fields)
