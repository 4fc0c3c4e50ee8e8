"""The prober's two duties: checks and discoveries.

It keeps no tables: a request is self-contained, and its completion in the stream is its only
memory. Whatever happens to a request, exactly one completion says so.
"""

import asyncio
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from traceback import format_tb
from uuid import UUID

import structlog

from arguslm_bus.publisher import Publisher
from arguslm_bus.worker import Duty
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import (
    ASKING_MARGIN_S,
    CheckRequested,
    DiscoveryCompleted,
    DiscoveryRequested,
)
from arguslm_contracts.measurement import Measurement, Target
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.streams import CHECK_REQUESTS
from arguslm_llm.discovery import DiscoveryFailed, FoundModels, discover
from arguslm_llm.endpoint import Endpoint, endpoint_of
from arguslm_llm.measure import Measurer
from arguslm_llm.network import Network
from arguslm_prober.model import chat_model, completion, given_up, refusal, unasked
from arguslm_prober.own_network import OwnNetwork
from arguslm_storage.vault import Vault, VaultError

log = structlog.get_logger(__name__)

_DISCOVERY_S = 15.0
_LISTS_AT_ONCE = 16
# A request is answered even by a house whose probers die often: its end is a completion.
MAX_DELIVERIES = 100


class Prober:
    """Asks endpoints, with a warm measurer."""

    def __init__(
        self,
        publisher: Publisher,
        measurer: Measurer,
        vault: Vault,
        network: Network,
        reference_url: str | None = None,
    ) -> None:
        self._publisher = publisher
        self._measurer = measurer
        self._vault = vault
        self._network = network
        self._own_network = OwnNetwork(network, reference_url)

    def duties(self, location: str, concurrency: int) -> list[Duty]:
        """The checks of one location, and a share of all discoveries."""
        return [
            Duty(
                stream=CHECK_REQUESTS,
                subject=f"{CheckRequested.name}.{location}.>",
                durable=f"prober-{location}",
                task=self.check,
                concurrency=concurrency,
                key=_provider,
                # A provider that hangs leaves half of the places to the others.
                concurrency_per_key=max(1, concurrency // 2),
                key_limit=_max_concurrent,
                max_deliveries=MAX_DELIVERIES,
            ),
            Duty(
                stream=CHECK_REQUESTS,
                subject=f"{DiscoveryRequested.name}.>",
                durable="prober-discovery",
                task=self.discover,
                concurrency=_LISTS_AT_ONCE,
                key=_provider,
                concurrency_per_key=1,
                max_deliveries=MAX_DELIVERIES,
            ),
        ]

    async def check(self, recorded: Recorded) -> None:
        """Answer one request, and store the answer."""
        request = recorded.event
        assert isinstance(request, CheckRequested)
        with _about(recorded, request.request_id):
            # The wait for LiteLLM comes before everything that is timed, and a request may expire
            # during it.
            if request.skip_reason is None and datetime.now(UTC) <= request.expires_at:
                await self._measurer.start()
            started_at = datetime.now(UTC)
            if request.skip_reason is not None or started_at > request.expires_at:
                model, measurement = request.target.model, given_up(request, started_at)
            else:
                model, measurement = await self._ask_and_end(request, started_at)
            done = completion(request, model, measurement, started_at, datetime.now(UTC))
            # A request that comes back after hours may have its answer, whose id is forgotten.
            if not await self._publisher.was_said(done, recorded.time):
                await self._publisher.append(done, cause=recorded.as_cause())

    async def discover(self, recorded: Recorded) -> None:
        """List a provider's models, and store the list or why there is none."""
        request = recorded.event
        assert isinstance(request, DiscoveryRequested)
        outcome, message = Outcome.OK, None
        found = FoundModels([], complete=False)
        with _about(recorded, request.request_id):
            try:
                async with asyncio.timeout(_DISCOVERY_S + ASKING_MARGIN_S):
                    found = await self._discover(self._endpoint(request.target))
            except DiscoveryFailed as failure:
                outcome, message = failure.outcome, failure.message
            except Exception as error:
                outcome, message = Outcome.MONITOR_ERROR, _own_fault(error)
            done = DiscoveryCompleted(
                request_id=request.request_id,
                provider_id=request.provider_id,
                outcome=outcome,
                message=message,
                models=tuple(found.models),
                complete=found.complete,
                completed_at=datetime.now(UTC),
            )
            await self._publisher.append(done, cause=recorded.as_cause())

    async def _ask_and_end(
        self, request: CheckRequested, now: datetime
    ) -> tuple[str | None, Measurement]:
        """The model asked and the measurement, whatever goes wrong on our side."""
        limit_s = request.probe.timeouts.total_s + ASKING_MARGIN_S
        try:
            async with asyncio.timeout(limit_s):
                return await self._ask(request, now)
        except Exception as error:
            return request.target.model, unasked(Outcome.MONITOR_ERROR, _own_fault(error))

    async def _ask(self, request: CheckRequested, now: datetime) -> tuple[str | None, Measurement]:
        # The due time is wall clock, the stopwatch is not: the lateness so far links the two.
        late_ns = max(0, int((now - request.due_at).total_seconds() * 1e9))
        scheduled_ns = time.monotonic_ns() - late_ns
        began_s = time.monotonic()
        endpoint = self._endpoint(request.target)
        if endpoint.model is None:
            try:
                found = await self._discover(endpoint)
            except DiscoveryFailed as failure:
                return None, unasked(failure.outcome, failure.message)
            name = chat_model(model.name for model in found.models)
            if name is None:
                return None, unasked(
                    Outcome.MODEL_GONE, "the endpoint lists no model that can chat"
                )
            endpoint, scheduled_ns = replace(endpoint, model=name), time.monotonic_ns()
        if request.allowance is not None:
            price = self._measurer.price_of(endpoint)
            if refused := refusal(request.allowance, price, request.probe):
                return endpoint.model, refused
        measurement = await self._measurer.measure(
            endpoint, request.probe, scheduled_ns=scheduled_ns
        )
        return endpoint.model, await self._own_network.judge(request.target, measurement, began_s)

    def _endpoint(self, target: Target) -> Endpoint:
        return endpoint_of(target, self._vault.open(target.credentials))

    async def _discover(self, endpoint: Endpoint) -> FoundModels:
        return await discover(endpoint, network=self._network, timeout_s=_DISCOVERY_S)


def _provider(recorded: Recorded) -> str:
    """Whom a question burdens."""
    assert isinstance(recorded.event, CheckRequested | DiscoveryRequested)
    return recorded.event.target.provider_id


def _max_concurrent(recorded: Recorded) -> int:
    assert isinstance(recorded.event, CheckRequested)
    return recorded.event.target.max_concurrent


def _about(recorded: Recorded, request_id: UUID) -> AbstractContextManager[object]:
    """Every log line of a task names its event and its request."""
    return structlog.contextvars.bound_contextvars(
        event_id=recorded.event_id, request_id=str(request_id)
    )


def _own_fault(error: Exception) -> str:
    """What to say about a failure of ours: its kind and place. An unforeseen text might hold a
    secret, so it is neither told nor logged."""
    if isinstance(error, VaultError):
        return f"the credentials cannot be opened: {error}"
    kind = type(error).__name__
    log.error("prober_failed", kind=kind, at="".join(format_tb(error.__traceback__)[-3:]))
    return f"our prober failed ({kind}); its log says where"
