"""The load of one run: warm-ups, then measured requests, each stored as soon as it is answered."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from traceback import format_tb
from uuid import UUID

import structlog

from arguslm_benchmark_runner.plan import ModelPlan, Shot, caps, lanes, profile
from arguslm_benchmark_runner.throttle import Cap, Throttle
from arguslm_bus.publisher import Publisher
from arguslm_contracts.envelope import Cause
from arguslm_contracts.events.benchmarks import BenchmarkRequested, BenchmarkSampled
from arguslm_contracts.measurement import Evidence, Measurement
from arguslm_contracts.outcomes import Outcome
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.measure import Measurer

log = structlog.get_logger(__name__)

# Beyond the endpoint's own deadlines: building the request.
_MARGIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Instruments:
    """What every run of this process shares."""

    measurer: Measurer
    publisher: Publisher
    throttle: Throttle
    max_in_flight: int


class Load:
    """Sends what is missing of a run. `endpoints` is by model; a model without one cannot be
    asked, and its samples say so."""

    def __init__(
        self,
        instruments: Instruments,
        request: BenchmarkRequested,
        cause: Cause,
        endpoints: Mapping[UUID, Endpoint],
    ) -> None:
        self._instruments = instruments
        self._run_id = request.run_id
        self._plan = request.plan
        self._profile = profile(request.plan)
        self._cause = cause
        self._endpoints = endpoints

    async def send(self, models: Sequence[ModelPlan]) -> None:
        """All models side by side; no measured request of a model before its last warm-up."""
        async with asyncio.TaskGroup() as group:
            for model in models:
                group.create_task(self._model(model))

    async def _model(self, model: ModelPlan) -> None:
        limits = caps(self._run_id, self._plan, model.target, self._instruments.max_in_flight)
        for shots in (model.warmups, model.measured):
            left = iter(shots)
            async with asyncio.TaskGroup() as group:
                for _ in range(min(lanes(self._plan), len(shots))):
                    group.create_task(self._lane(left, limits))

    async def _lane(self, left: Iterator[Shot], limits: Sequence[Cap]) -> None:
        """One request after the other, off the list that all lanes of a model share."""
        for shot in left:
            async with self._instruments.throttle.slot(limits):
                started_at = datetime.now(UTC)
                measurement = await self._measure(self._endpoints.get(shot.model_id))
            sample = BenchmarkSampled(
                run_id=self._run_id,
                model_id=shot.model_id,
                warmup=shot.warmup,
                index=shot.index,
                started_at=started_at,
                measurement=measurement,
            )
            await self._instruments.publisher.append(sample, cause=self._cause)

    async def _measure(self, endpoint: Endpoint | None) -> Measurement:
        """One measurement, whatever goes wrong on our side: a run has a sample of each request."""
        if endpoint is None:
            return _unasked("the credentials cannot be opened with this house's key")
        try:
            async with asyncio.timeout(self._profile.timeouts.total_s + _MARGIN_S):
                return await self._instruments.measurer.measure(endpoint, self._profile)
        except Exception as error:
            # Its text might hold a secret: kind and place are enough to find it.
            kind = type(error).__name__
            log.error("runner_failed", kind=kind, at="".join(format_tb(error.__traceback__)[-3:]))
            return _unasked(f"our runner failed ({kind}); its log says where")


def _unasked(message: str) -> Measurement:
    return Measurement.of(Outcome.MONITOR_ERROR, evidence=Evidence(message=message))
