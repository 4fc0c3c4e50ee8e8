"""A decider: a projector that also speaks.

For each event: fold it, decide, publish the decisions under ids derived from their cause, fold
them too; then commit rows and checkpoint together. A crash between publish and commit repeats the
same decisions, and the stream knows them as twins.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.folding import Folding
from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Conflict, Publisher
from arguslm_bus.reader import RawMessage
from arguslm_bus.tables import ServiceTables
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.base import Event
from arguslm_contracts.subjects import stream_of
from arguslm_storage.checkpoints import load_checkpoints
from arguslm_storage.database import Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """An event to publish. `expected_sequence` is its aggregate's last sequence as the decider
    knows it; a conflict means that somebody else has decided, and the decision is dropped."""

    event: Event
    expected_sequence: int | None = None


Decide = Callable[[AsyncConnection, Recorded], Awaitable[Sequence[Decision]]]
"""Reads the tables (the event is already folded) and says what follows. No clock, no randomness."""


class Decider(Projector):
    """`speaks_on` are the subject patterns it publishes: from the newest of them it learns how far
    an earlier life of it has decided, when its tables are new."""

    def __init__(
        self,
        client: Client,
        database: Database,
        tables: ServiceTables,
        decide: Decide,
        publisher: Publisher,
        *,
        speaks_on: Sequence[str],
    ) -> None:
        super().__init__(client, database, tables, batch_limit=200)
        self._decide = decide
        self._publisher = publisher
        self._speaks_on = speaks_on
        self._silent_until = datetime.min.replace(tzinfo=UTC)

    async def run(self) -> None:
        """Follow and decide. On new tables, everything up to the last decision ever published is
        folded in silence: it has been decided already."""
        async with self.database.reading() as connection:
            known = await load_checkpoints(connection, self.tables.checkpoints)
        if not known:
            self._silent_until = await self._last_decision_at()
        await super().run()

    async def apply(
        self, connection: AsyncConnection, folding: Folding, batch: Sequence[RawMessage]
    ) -> list[Recorded]:
        folded: list[Recorded] = []
        for message in batch:
            for event in await folding.fold(connection, [message]):
                folded.append(event)
                if event.time > self._silent_until:
                    await self._speak(connection, event)
        return folded

    async def _speak(self, connection: AsyncConnection, cause: Recorded) -> None:
        for decision in await self._decide(connection, cause):
            event = decision.event
            try:
                stored = await self._publisher.append(
                    event, expected_sequence=decision.expected_sequence, cause=cause.as_cause()
                )
            except Conflict:
                log.info("decision_overtaken", subject=event.subject)
                continue
            fold = self.tables.folds.get(stored.stream)
            if fold is not None:
                await fold(connection, [self._as_recorded(event, stored.sequence, cause)])

    def _as_recorded(self, event: Event, sequence: int, cause: Recorded) -> Recorded:
        return Recorded(
            event=event,
            event_id=event.event_id,
            source=f"/arguslm/{self.tables.service}",
            time=cause.time,
            stream=stream_of(event.subject).name,
            sequence=sequence,
            subject=event.subject,
            cause=cause.as_cause(),
        )

    async def _last_decision_at(self) -> datetime:
        newest = self._silent_until
        for pattern in self._speaks_on:
            stream = stream_of(pattern).name
            try:
                message = await self.client.jetstream().get_msg(stream, subject=pattern)
            except NotFoundError:
                continue
            if message.time is not None:
                newest = max(newest, message.time)
        return newest
