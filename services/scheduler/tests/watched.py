"""Registry events by hand, and what the scheduler made of them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from arguslm_bus.decider import Decider
from arguslm_bus.publisher import Publisher, Stored
from arguslm_bus.reader import stream_state
from arguslm_bus.rebuild import read_until
from arguslm_contracts.envelope import decode
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import (
    CheckCompleted,
    CheckRequested,
    ClockTicked,
    DiscoveryRequested,
)
from arguslm_contracts.events.registry import (
    Model,
    ModelRegistered,
    MonitoringConfig,
    MonitoringConfigured,
    Provider,
    ProviderRegistered,
)
from arguslm_contracts.identity import model_uuid
from arguslm_contracts.measurement import Measurement
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.streams import CHECK_REQUESTS, REGISTRY
from arguslm_storage.database import Database
from arguslm_testkit.bus import BusForTests

NOW = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
SECOND = int(NOW.timestamp())


@dataclass(frozen=True)
class SchedulerUnderTest:
    decider: Decider
    database: Database
    running: asyncio.Task[None]

    async def has_judged(self, stored: Stored) -> None:
        assert await self.decider.wait_for(stored.stream, stored.sequence, 60)

    async def stop(self) -> None:
        """End it in the middle of whatever it does."""
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)
        await self.database.close()


StartScheduler = Callable[..., Awaitable[SchedulerUnderTest]]


class Voice:
    """Publishes what people, clocks and probers say."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    @classmethod
    async def on(cls, bus: BusForTests) -> "Voice":
        return cls(Publisher(await bus.client(), "test"))

    async def say(self, event: Event) -> Stored:
        return await self._publisher.append(event)

    async def tick(self, second: int, previous_second: int | None = None) -> Stored:
        before = second - 1 if previous_second is None else previous_second
        return await self.say(ClockTicked(second=second, previous_second=before))


def provider(**fields: object) -> Provider:
    values: dict[str, object] = {
        "provider_id": uuid4(),
        "provider_type": "custom_openai_compatible",
        "display_name": "Simulator",
        "base_url": "http://127.0.0.1:9/v1",
        "credentials": "sealed",
        "created_at": NOW,
    }
    return Provider.model_validate(values | fields)


def model(of: Provider, name: str, **fields: object) -> Model:
    values: dict[str, object] = {
        "model_id": model_uuid(of.provider_id, name),
        "provider_id": of.provider_id,
        "name": name,
        "monitored": True,
        "created_at": NOW,
    }
    return Model.model_validate(values | fields)


def registered(of: Provider, *, discover: bool = False) -> ProviderRegistered:
    return ProviderRegistered(revision=1, at=NOW, provider=of, discover=discover)


def added(one: Model) -> ModelRegistered:
    return ModelRegistered(revision=1, at=NOW, model=one)


def configured(revision: int = 1, **fields: object) -> MonitoringConfigured:
    config = MonitoringConfig.model_validate(fields)
    return MonitoringConfigured(revision=revision, at=NOW, config=config)


def completed(request: CheckRequested, outcome: Outcome = Outcome.OK) -> CheckCompleted:
    """What a prober would say of a request."""
    return CheckCompleted(
        check_id=request.request_id,
        model_id=request.model_id,
        provider_id=request.target.provider_id,
        provider_type=request.target.provider_type,
        provider_name=request.target.provider_name,
        model=request.target.model or "",
        location=request.location,
        purpose=request.purpose,
        due_at=request.due_at,
        started_at=request.due_at,
        completed_at=request.due_at,
        measurement=Measurement.of(outcome),
        allowance=request.allowance,
    )


async def events_of(bus: BusForTests, stream: str) -> list[Event]:
    """Everything a stream holds now, in order."""
    client = await bus.client()
    until = (await stream_state(client, stream)).last_sequence
    return [
        decode(
            message.headers,
            message.body,
            stream=stream,
            sequence=message.sequence,
            subject=message.subject,
        ).event
        async for batch in read_until(client, stream, after=0, until=until)
        for message in batch
    ]


async def requests_in(bus: BusForTests) -> list[CheckRequested]:
    events = await events_of(bus, CHECK_REQUESTS.name)
    return [event for event in events if isinstance(event, CheckRequested)]


async def discoveries_in(bus: BusForTests) -> list[DiscoveryRequested]:
    events = await events_of(bus, CHECK_REQUESTS.name)
    return [event for event in events if isinstance(event, DiscoveryRequested)]


async def registrations_in(bus: BusForTests, model_id: UUID | None = None) -> list[ModelRegistered]:
    events = await events_of(bus, REGISTRY.name)
    return [
        event
        for event in events
        if isinstance(event, ModelRegistered)
        and (model_id is None or event.model.model_id == model_id)
    ]
