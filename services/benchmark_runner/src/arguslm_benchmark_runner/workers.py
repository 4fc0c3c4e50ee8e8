"""The benchmark runner's one duty: a run, from its request to its completion.

It keeps no tables: every sample is an event at once, so whoever takes a run up again, after
whatever end of the one before, reads from the stream what is left to do.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import structlog
from nats.aio.client import Client

from arguslm_benchmark_runner.journal import CancelRequested, Journal
from arguslm_benchmark_runner.load import Instruments, Load
from arguslm_benchmark_runner.plan import missing, too_dear
from arguslm_bus.worker import Duty, TryLater
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.benchmarks import (
    BenchmarkCompleted,
    BenchmarkRequested,
    BenchmarkStarted,
    BenchmarkTarget,
)
from arguslm_contracts.streams import BENCHMARKS
from arguslm_llm.endpoint import Endpoint, endpoint_of
from arguslm_storage.vault import Vault, VaultError

log = structlog.get_logger(__name__)

# A run ends with a completion, however often its runner dies on the way.
_MAX_DELIVERIES = 1_000
_SAME_RUN_AGAIN_S = 10.0


class BenchmarkRunner:
    """Carries out runs, each beside the others."""

    def __init__(self, client: Client, vault: Vault, instruments: Instruments) -> None:
        self._client = client
        self._vault = vault
        self._instruments = instruments
        self._publisher = instruments.publisher
        self._in_hand: set[UUID] = set()

    def duty(self, runs_at_once: int) -> Duty:
        return Duty(
            stream=BENCHMARKS,
            subject=f"{BenchmarkRequested.name}.>",
            durable="benchmark-runner",
            task=self.run,
            concurrency=runs_at_once,
            max_deliveries=_MAX_DELIVERIES,
        )

    async def run(self, recorded: Recorded) -> None:
        """Do what is left of a run, and complete it."""
        request = recorded.event
        assert isinstance(request, BenchmarkRequested)
        if request.run_id in self._in_hand:
            # Delivered again because the bus was away for longer than it waits for a heartbeat.
            raise TryLater("this very process has the run in hand", delay_s=_SAME_RUN_AGAIN_S)
        self._in_hand.add(request.run_id)
        try:
            with structlog.contextvars.bound_contextvars(
                event_id=recorded.event_id, request_id=str(request.run_id)
            ):
                await self._run(recorded, request)
        finally:
            self._in_hand.discard(request.run_id)

    async def _run(self, recorded: Recorded, request: BenchmarkRequested) -> None:
        journal, stopped_because = Journal(), list[str]()
        try:
            async with asyncio.TaskGroup() as group:
                following = group.create_task(journal.follow(self._client, recorded))
                await journal.read.wait()
                if not journal.completed:
                    await self._perform(recorded, request, journal)
                following.cancel()
        except* CancelRequested as cancelled:
            stopped_because += [str(error) for error in cancelled.exceptions]
        if stopped_because:
            await self._complete(recorded, request, "cancelled", stopped_because[0])

    async def _perform(
        self, recorded: Recorded, request: BenchmarkRequested, journal: Journal
    ) -> None:
        endpoints = self._endpoints(request.plan.targets)
        if not endpoints:
            message = "no request was sent: the credentials cannot be opened with this house's key"
            await self._complete(recorded, request, "failed", message)
            return
        # Warmed by the first run rather than at start: LiteLLM takes 200 MB and seconds.
        await self._instruments.measurer.start()
        prices = map(self._instruments.measurer.price_of, endpoints.values())
        if not journal.started and (refused := too_dear(request.plan, prices)):
            await self._complete(recorded, request, "failed", refused)
            return
        if not journal.started:
            started = BenchmarkStarted(run_id=request.run_id, started_at=datetime.now(UTC))
            await self._publisher.append(started, cause=recorded.as_cause())
        load = Load(self._instruments, request, recorded.as_cause(), endpoints)
        await load.send(missing(request.plan, journal.samples))
        await self._complete(recorded, request, "completed")

    def _endpoints(self, targets: Sequence[BenchmarkTarget]) -> dict[UUID, Endpoint]:
        """The endpoints whose credentials can be opened, by model."""
        opened: dict[UUID, Endpoint] = {}
        for one in targets:
            try:
                credentials = self._vault.open(one.target.credentials)
            except VaultError as error:
                log.error("credentials_unreadable", model_id=str(one.model_id), error=str(error))
            else:
                opened[one.model_id] = endpoint_of(one.target, credentials)
        return opened

    async def _complete(
        self,
        recorded: Recorded,
        request: BenchmarkRequested,
        status: Literal["completed", "failed", "cancelled"],
        message: str | None = None,
    ) -> None:
        completed = BenchmarkCompleted(
            run_id=request.run_id, status=status, message=message, completed_at=datetime.now(UTC)
        )
        await self._publisher.append(completed, cause=recorded.as_cause())
