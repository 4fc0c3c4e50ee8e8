"""A prober in virtual time: it answers what is asked as the weather is at the model."""

import asyncio
import random
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from fake_broker import FakeClient
from virtual_time import VirtualDatetime

from arguslm_bus.publisher import NotStored, Publisher
from arguslm_bus.reader import StreamReader
from arguslm_contracts.envelope import Recorded, decode
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import (
    CheckAbandoned,
    CheckRequested,
    DiscoveredModel,
    DiscoveryCompleted,
    DiscoveryRequested,
)
from arguslm_contracts.identity import derive
from arguslm_contracts.measurement import Cost, Measurement, Price
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import Finding
from arguslm_contracts.streams import CHECK_REQUESTS
from arguslm_prober.model import completion, refusal, skipped

_LONGEST_ANSWER_S = 1.0
_PRICE = Price(input_usd_per_million_tokens=10, output_usd_per_million_tokens=10)
_COSTS = Cost(usd=0.001, price=_PRICE)
_WRONG = Finding(about="canary", level="fail", code="wrong_answer", message="not the code")


class SimulatedProber:
    """`fair_since` tells since which due time all is well; None while it is not. `is_meddled_with`:
    checks cost something, and lists leave out models. `answers_again`: some requests, but none that
    costs, for before it asks again a prober looks whether its answer stands."""

    def __init__(
        self,
        chance: random.Random,
        models: Sequence[str],
        fair_since: Callable[[], datetime | None],
        *,
        is_meddled_with: bool,
        answers_again: bool,
    ) -> None:
        self._chance = chance
        self._models = models
        self._is_meddled_with = is_meddled_with
        self._fair_since = fair_since
        self._again = 0.1 if answers_again else 0.0

    async def run(self, client: FakeClient, answered: Collection[str]) -> None:
        """Answers what is not answered, each after a while of its own."""
        publisher = Publisher(client, "prober")  # type: ignore[arg-type]
        reader = StreamReader(client, CHECK_REQUESTS.name, 0)  # type: ignore[arg-type]
        async with asyncio.TaskGroup() as group:
            async for batch in reader.batches():
                for message in batch:
                    request = read(CHECK_REQUESTS.name, message)
                    if isinstance(request.event, CheckAbandoned):
                        continue  # this prober answers everything, however late
                    if request.event_id not in answered or self._chance.random() < self._again:
                        group.create_task(self._answer(publisher, request))

    async def _answer(self, publisher: Publisher, request: Recorded) -> None:
        await asyncio.sleep(self._chance.random() * _LONGEST_ANSWER_S)
        now = VirtualDatetime.now(UTC)
        event = request.event
        answer: Event
        if isinstance(event, DiscoveryRequested):
            answer = self._listed(event, now)
        else:
            assert isinstance(event, CheckRequested)
            answer = completion(event, event.target.model, self._measured(event), now, now)
        await surely(publisher, answer, request)

    def _listed(self, request: DiscoveryRequested, now: datetime) -> DiscoveryCompleted:
        """All models; where people meddle, some are gone now and then."""
        listed = self._models
        if self._is_meddled_with and self._fair_since() is None:
            listed = self._chance.sample(listed, self._chance.randint(1, len(listed)))
        return DiscoveryCompleted(
            request_id=request.request_id,
            provider_id=request.provider_id,
            outcome=Outcome.OK,
            models=tuple(DiscoveredModel(name=name) for name in listed),
            complete=True,
            completed_at=now,
        )

    def _measured(self, request: CheckRequested) -> Measurement:
        """Half minutes of the model's own time are bad: enough in a row to be told."""
        if request.skip_reason is not None:
            return skipped(request.skip_reason)
        if request.allowance is not None:
            refused = refusal(request.allowance, _PRICE, request.probe)
            if refused is not None:
                return refused
        fair_since = self._fair_since()
        is_fair = fair_since is not None and request.due_at >= fair_since
        half_minute = int(request.due_at.timestamp()) // 30
        weather = derive("weather", request.model_id, request.location, half_minute)
        is_bad = not is_fair and weather.int % 2 == 0
        cost = _COSTS if self._is_meddled_with else None
        if request.probe_id is not None:
            return Measurement.of(Outcome.OK, cost=cost, findings=(_WRONG,) if is_bad else ())
        return Measurement.of(Outcome.SERVER_ERROR if is_bad else Outcome.OK, cost=cost)


def read(stream: str, message: object) -> Recorded:
    return decode(
        message.headers,  # type: ignore[attr-defined]
        message.body,  # type: ignore[attr-defined]
        stream=stream,
        sequence=message.sequence,  # type: ignore[attr-defined]
        subject=message.subject,  # type: ignore[attr-defined]
    )


async def surely(
    publisher: Publisher,
    event: Event,
    cause: Recorded | None = None,
    *,
    expected_sequence: int | None = None,
) -> None:
    """As a worker does: until the stream has said that it holds it."""
    while True:
        try:
            await publisher.append(
                event,
                cause=cause.as_cause() if cause else None,
                expected_sequence=expected_sequence,
            )
        except NotStored:
            await asyncio.sleep(1)
        else:
            return
