"""Completes what lapsed unanswered, at whichever location: without a prober there, one of any other
says so, and every request still has exactly one completion."""

from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from nats.aio.client import Client

from arguslm_bus.lookup import events_since
from arguslm_bus.publisher import Publisher
from arguslm_bus.worker import Duty
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import CheckAbandoned, CheckRequested
from arguslm_contracts.streams import CHECK_REQUESTS
from arguslm_prober.model import completion, given_up
from arguslm_prober.workers import MAX_DELIVERIES

# Due times are the scheduler's clock, the stream's times are the broker's.
_CLOCKS_DIFFER = timedelta(minutes=10)


class Abandoned:
    """Asks nobody: it reads the requests and stores their ends."""

    def __init__(self, client: Client, publisher: Publisher) -> None:
        self._client = client
        self._publisher = publisher

    @property
    def duty(self) -> Duty:
        return Duty(
            stream=CHECK_REQUESTS,
            subject=f"{CheckAbandoned.name}.>",
            durable="prober-abandoned",
            task=self.complete,
            max_deliveries=MAX_DELIVERIES,
        )

    async def complete(self, recorded: Recorded) -> None:
        """Store the completions that are missing; those that came meanwhile stay the only ones."""
        abandoned = recorded.event
        assert isinstance(abandoned, CheckAbandoned)
        subject = f"{CheckRequested.name}.{abandoned.key}"
        requests = events_since(
            self._client, CHECK_REQUESTS.name, subject, abandoned.since - _CLOCKS_DIFFER
        )
        async with aclosing(requests):
            async for one in requests:
                request = one.event
                assert isinstance(request, CheckRequested)
                if not _is_given_up(request, abandoned):
                    continue
                now = datetime.now(UTC)
                end = completion(request, request.target.model, given_up(request, now), now, now)
                if not await self._publisher.was_said(end, one.time):
                    await self._publisher.append(end, cause=one.as_cause())


def _is_given_up(request: CheckRequested, abandoned: CheckAbandoned) -> bool:
    is_meant = (
        request.probe_id == abandoned.probe_id
        and abandoned.since <= request.due_at <= abandoned.until
    )
    return is_meant and (request.skip_reason is not None or request.lapses_at <= abandoned.until)
