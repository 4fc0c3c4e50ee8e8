"""Runs by hand, and what the benchmark runner made of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4, uuid5

from arguslm_benchmark_runner.load import Instruments
from arguslm_benchmark_runner.throttle import Throttle
from arguslm_benchmark_runner.workers import BenchmarkRunner
from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import RawMessage, StreamReader, stream_state
from arguslm_bus.rebuild import read_until
from arguslm_bus.worker import Worker
from arguslm_contracts.envelope import Recorded, decode
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.benchmarks import (
    BenchmarkCancelRequested,
    BenchmarkCompleted,
    BenchmarkPlan,
    BenchmarkRequested,
    BenchmarkSampled,
    BenchmarkTarget,
)
from arguslm_contracts.measurement import Target
from arguslm_contracts.streams import BENCHMARKS
from arguslm_llm.measure import Measurer
from arguslm_llm.network import Network
from arguslm_simulator import Simulator
from arguslm_storage.vault import Vault
from arguslm_testkit.bus import BusForTests

API_KEY = "sk-planted-benchmark"
_NAMES = UUID(int=11)


def model_id(name: str) -> UUID:
    return uuid5(_NAMES, name)


def target(
    name: str,
    url: str = "http://127.0.0.1:9",
    *,
    provider: str = "p",
    credentials: str | None = None,
) -> BenchmarkTarget:
    return BenchmarkTarget(
        model_id=model_id(name),
        display_name=name,
        target=Target(
            provider_id=provider,
            provider_type="custom_openai_compatible",
            provider_name="Simulator",
            base_url=f"{url}/v1",
            credentials=credentials,
            model=name,
        ),
    )


def plan(targets: Sequence[BenchmarkTarget], **fields: object) -> BenchmarkPlan:
    values: dict[str, object] = {
        "targets": tuple(targets),
        "prompt_pack": "custom",
        "prompt": "Hello",
        "max_tokens": 8,
    }
    return BenchmarkPlan.model_validate(values | fields)


@dataclass(frozen=True)
class Bench:
    bus: BusForTests
    vault: Vault
    simulator: Simulator

    def target(self, name: str, *, provider: str = "p") -> BenchmarkTarget:
        sealed = self.vault.seal({"api_key": API_KEY})
        return target(name, self.simulator.url, provider=provider, credentials=sealed)

    def request(self, *names: str, **fields: object) -> BenchmarkRequested:
        return requested(plan([self.target(name) for name in names], **fields))

    async def say(self, *events: Event) -> None:
        publisher = Publisher(await self.bus.client(), "test")
        for event in events:
            await publisher.append(event)

    async def cancel(self, run: BenchmarkRequested) -> None:
        await self.say(
            BenchmarkCancelRequested(
                run_id=run.run_id, requested_by="ada", requested_at=datetime.now(UTC)
            )
        )

    @asynccontextmanager
    async def runner(
        self, *, runs_at_once: int = 4, max_in_flight: int = 256
    ) -> AsyncIterator[BenchmarkRunner]:
        """A benchmark runner in this process."""
        client = await self.bus.client("benchmark-runner")
        measurer = Measurer(Network())
        await measurer.start()
        publisher = Publisher(client, "benchmark-runner")
        instruments = Instruments(measurer, publisher, Throttle(), max_in_flight)
        runner = BenchmarkRunner(client, self.vault, instruments)
        settings = self.bus.settings("benchmark-runner")
        worker = Worker(settings, client, "benchmark-runner", runner.duty(runs_at_once))
        running = asyncio.create_task(worker.run())
        try:
            yield runner
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await measurer.close()

    async def until(
        self, condition: Callable[[list[Event]], bool], *, within_s: float = 60
    ) -> list[Event]:
        """All events of all runs, as soon as they are as wished."""
        found: list[Event] = []
        async with asyncio.timeout(within_s):
            reader = StreamReader(await self.bus.client(), BENCHMARKS.name, 0)
            async for batch in reader.batches(1):
                found += [_recorded(message).event for message in batch]
                if condition(found):
                    break
        return found

    async def completed(
        self, run: BenchmarkRequested, *, within_s: float = 60
    ) -> BenchmarkCompleted:
        events = await self.until(
            lambda found: any(_is_end_of(run, event) for event in found), within_s=within_s
        )
        (end,) = [event for event in events if _is_end_of(run, event)]
        assert isinstance(end, BenchmarkCompleted)
        return end

    async def stored(self) -> list[Recorded]:
        """Everything in BENCHMARKS now."""
        client = await self.bus.client()
        until = (await stream_state(client, BENCHMARKS.name)).last_sequence
        return [
            _recorded(message)
            async for batch in read_until(client, BENCHMARKS.name, after=0, until=until)
            for message in batch
        ]

    async def samples(self, run: BenchmarkRequested) -> list[BenchmarkSampled]:
        return [
            recorded.event
            for recorded in await self.stored()
            if isinstance(recorded.event, BenchmarkSampled) and recorded.event.run_id == run.run_id
        ]


def requested(of: BenchmarkPlan) -> BenchmarkRequested:
    return BenchmarkRequested(
        run_id=uuid4(),
        title="A run",
        plan=of,
        requested_by="ada",
        requested_at=datetime.now(UTC),
    )


def sampled(events: Sequence[Event]) -> int:
    return sum(isinstance(event, BenchmarkSampled) for event in events)


def _is_end_of(run: BenchmarkRequested, event: Event) -> bool:
    return isinstance(event, BenchmarkCompleted) and event.run_id == run.run_id


def _recorded(message: RawMessage) -> Recorded:
    return decode(
        message.headers,
        message.body,
        stream=BENCHMARKS.name,
        sequence=message.sequence,
        subject=message.subject,
    )
