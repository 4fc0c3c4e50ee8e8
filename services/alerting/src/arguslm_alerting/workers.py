"""The notifier: every alert told, and its end, on each of its channels, in this order.

A message is acknowledged only after each of its channels has an answer in the stream: delivered,
or given up. What has an answer is never sent again; a crash between sending and its answer sends
once more, under the same idempotency key.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Counter

from arguslm_alerting.channels.book import ChannelBook
from arguslm_alerting.channels.notice import (
    Notice,
    NotTold,
    UnknownChannel,
    raised_notice,
    resolved_notice,
    test_notice,
)
from arguslm_alerting.ledger import Ledger
from arguslm_bus.publisher import Publisher
from arguslm_bus.worker import Duty, TryLater
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.alerts import (
    AlertRaised,
    AlertResolved,
    NotificationDelivered,
    NotificationFailed,
    NotificationTestRequested,
)
from arguslm_contracts.events.registry import ChannelKind
from arguslm_contracts.streams import ALERTS

log = structlog.get_logger(__name__)

NOTIFICATIONS = Counter(
    "arguslm_notifications_total", "Notifications by what became of them", ["transition", "result"]
)

# A channel that hangs holds the place of each alert that it is told for seconds.
_AT_ONCE = 256

Send = Callable[[str, Notice], Awaitable[None]]
"""Sends a notice to an address, or raises NotTold."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a channel is tried: 8 times over about ten minutes. Turns are waits for the order
    of things, a raise still on the way or a channel not read yet; they are short."""

    attempts: int = 8
    first_delay_s: float = 5.0
    longest_delay_s: float = 300.0
    turns: int = 60
    first_turn_s: float = 1.0
    longest_turn_s: float = 10.0

    def delay_s(self, attempts: int) -> float:
        return min(self.first_delay_s * 2.0 ** (attempts - 1), self.longest_delay_s)

    def turn_s(self, turns: int) -> float:
        return min(self.first_turn_s * 2.0 ** (turns - 1), self.longest_turn_s)


@dataclass(slots=True)
class _Tries:
    """What this process has tried of one notice on one channel. `not_before` is loop time;
    `sent` waits only for its answer to be stored."""

    sent: bool = False
    attempts: int = 0
    turns: int = 0
    not_before: float = 0.0


class Notifier:
    """`duties` are what its workers take on."""

    def __init__(
        self,
        ledger: Ledger,
        publisher: Publisher,
        book: ChannelBook,
        senders: Mapping[ChannelKind, Send],
        patience: Patience | None = None,
    ) -> None:
        self._ledger = ledger
        self._publisher = publisher
        self._book = book
        self._senders = senders
        self._patience = patience or Patience()
        self._tries: dict[tuple[str, UUID], _Tries] = {}

    @property
    def duties(self) -> list[Duty]:
        """Their bounds lie far beyond `Patience`: they end only what never comes to an answer."""
        return [
            Duty(ALERTS, subject, durable, task, concurrency=_AT_ONCE, max_deliveries=5_000)
            for subject, durable, task in (
                ("alert.raised.>", "notifier-raised", self._on_raised),
                ("alert.resolved.>", "notifier-resolved", self._on_resolved),
                ("notification.test-requested.>", "notifier-test", self._on_test),
            )
        ]

    async def _on_raised(self, recorded: Recorded) -> None:
        if isinstance(recorded.event, AlertRaised):
            alert = recorded.event
            await self._tell(recorded, raised_notice(recorded, alert), alert.channel_ids)

    async def _on_resolved(self, recorded: Recorded) -> None:
        """Told wherever its raise was tried: one that failed for us may yet have arrived."""
        if isinstance(recorded.event, AlertResolved):
            alert = recorded.event
            raised = await self._ledger.raised(alert.alert_id)
            if raised is not None:
                notice = resolved_notice(recorded, alert, raised)
                await self._tell(recorded, notice, raised.channel_ids)

    async def _on_test(self, recorded: Recorded) -> None:
        if isinstance(recorded.event, NotificationTestRequested):
            request = recorded.event
            await self._tell(recorded, test_notice(recorded, request), [request.channel_id])

    async def _tell(self, recorded: Recorded, notice: Notice, channel_ids: Sequence[UUID]) -> None:
        """Tell all channels side by side, and come back for those that did not answer."""
        waits = await asyncio.gather(
            *(self._tell_one(recorded, notice, channel_id) for channel_id in channel_ids),
            return_exceptions=True,
        )
        delays: list[float] = []
        for wait in waits:
            if isinstance(wait, BaseException):
                raise wait
            if wait is not None:
                delays.append(wait)
        if delays:
            raise TryLater(
                f"{notice.idempotency_key}: {len(delays)} of {len(channel_ids)} channels not told",
                delay_s=min(delays),
            )

    async def _tell_one(self, recorded: Recorded, notice: Notice, channel_id: UUID) -> float | None:
        """None when the channel has its answer, otherwise the seconds until the next try."""
        key = (notice.idempotency_key, channel_id)
        if await self._ledger.settled(notice.about, notice.transition, channel_id):
            self._tries.pop(key, None)
            return None
        tries = self._tries.setdefault(key, _Tries())
        wait_s = tries.not_before - asyncio.get_running_loop().time()
        if wait_s > 0:
            return wait_s
        if not await self._may_speak(notice, channel_id):
            return self._turn(tries)
        try:
            await self._send(notice, channel_id, tries)
        except NotTold as reason:
            if not self._gives_up(notice, tries, reason):
                return self._later(tries, reason)
            await self._answer(recorded, notice, channel_id, tries.attempts, str(reason))
        else:
            await self._answer(recorded, notice, channel_id, tries.attempts, None)
        del self._tries[key]
        return None

    async def _may_speak(self, notice: Notice, channel_id: UUID) -> bool:
        """A resolve waits until the channel has an answer to its raise."""
        return notice.transition != "resolved" or await self._ledger.settled(
            notice.about, "raised", channel_id
        )

    async def _send(self, notice: Notice, channel_id: UUID, tries: _Tries) -> None:
        if tries.sent:
            return
        channel = await self._book.open(channel_id)
        tries.attempts += 1
        await self._senders[channel.kind](channel.address, notice)
        tries.sent = True

    def _gives_up(self, notice: Notice, tries: _Tries, reason: NotTold) -> bool:
        if isinstance(reason, UnknownChannel):
            return tries.turns >= self._patience.turns
        # A person waits for the answer of a test: the first failure is the answer.
        most = 1 if notice.transition == "test" else self._patience.attempts
        return reason.final or tries.attempts >= most

    def _later(self, tries: _Tries, reason: NotTold) -> float:
        if isinstance(reason, UnknownChannel):
            return self._turn(tries)
        delay_s = self._patience.delay_s(tries.attempts)
        tries.not_before = asyncio.get_running_loop().time() + delay_s
        log.warning("channel_not_told", reason=str(reason), attempts=tries.attempts)
        return delay_s

    def _turn(self, tries: _Tries) -> float:
        tries.turns += 1
        return self._patience.turn_s(tries.turns)

    async def _answer(
        self,
        recorded: Recorded,
        notice: Notice,
        channel_id: UUID,
        attempts: int,
        error: str | None,
    ) -> None:
        """Store what became of it; from then on it is never sent again."""
        facts: dict[str, Any] = {
            "alert_id": notice.about,
            "transition": notice.transition,
            "channel_id": channel_id,
            "channel_name": await self._book.name(channel_id),
            "attempts": attempts,
            "at": datetime.now(UTC),
        }
        if error is None:
            event: NotificationDelivered | NotificationFailed = NotificationDelivered(**facts)
        else:
            event = NotificationFailed(**facts, error=error)
            log.error("channel_given_up", channel=facts["channel_name"], reason=error)
        await self._publisher.append(event, cause=recorded.as_cause())
        NOTIFICATIONS.labels(notice.transition, "failed" if error else "delivered").inc()
