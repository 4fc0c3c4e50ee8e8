"""A decider: a projector that also speaks.

For each event: fold it, decide, publish the decisions under ids derived from their cause, fold
them too; then commit rows and checkpoint together. A crash between publish and commit repeats the
same decisions, and they are known as twins, however late.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from nats.aio.client import Client
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.faults import blames_event
from arguslm_bus.folding import Decoded, Folding, savepoint
from arguslm_bus.lookup import event_at
from arguslm_bus.projector import Projector
from arguslm_bus.publisher import Conflict, Publisher
from arguslm_bus.reader import RawMessage, StreamState, last_held, read_until, stream_state
from arguslm_bus.tables import ServiceTables
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.base import Event
from arguslm_contracts.subjects import stream_of
from arguslm_storage.database import Database, in_chunks

log = structlog.get_logger(__name__)

JUDGED = "Arguslm-Judged"
_LOOK_BACK = 1_000
# A transaction waits for the bus, and begins anew when one word is not acknowledged: keep it short.
_BATCH_LIMIT = 50
_SIDE_BY_SIDE = 64

Judged = dict[str, tuple[str, int]]
"""Stream -> (its incarnation, the last sequence that has been judged)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An event to publish. `expected_sequence` is its aggregate's last sequence as the decider
    knows it; a conflict means that somebody else has decided, and the decision is dropped."""

    event: Event
    expected_sequence: int | None = None


Decide = Callable[[AsyncConnection, Recorded], Awaitable[Sequence[Decision]]]
"""Reads the tables (the event is already folded) and says what follows. No clock, no randomness."""

FirstThatMatters = Callable[[AsyncConnection, Sequence[Event]], Awaitable[int | None]]
"""The place of the first of these events, one after the other in a stream, from which anything can
follow, as the tables stand before them; None if nothing can."""


async def _always(connection: AsyncConnection, events: Sequence[Event]) -> int:
    return 0


class Decider(Projector):
    """`speaks_on` are the subject patterns it publishes. Each decision tells in a header how far
    every stream had been judged: whatever became of the tables since, nothing before is judged
    again, and everything behind it is.

    Events that cannot matter (`first_that_matters`) are folded many at once and never judged."""

    def __init__(
        self,
        client: Client,
        database: Database,
        tables: ServiceTables,
        decide: Decide,
        publisher: Publisher,
        *,
        speaks_on: Sequence[str],
        first_that_matters: FirstThatMatters = _always,
    ) -> None:
        super().__init__(client, database, tables, batch_limit=_BATCH_LIMIT, batches_at_once=1)
        self._decide = decide
        self._publisher = publisher
        self._speaks_on = speaks_on
        self._first_that_matters = first_that_matters
        self._judged: Judged = {}
        self._said: dict[str, int] = {}
        self._streams: dict[str, StreamState] = {}

    async def prepare(self) -> None:
        """Learn how far an earlier life has judged, then what any projector needs."""
        self._streams = {
            stream: await stream_state(self.client, stream) for stream in self.tables.folds
        }
        self._judged = await self._judged_before()
        self._said = await self._said_before()
        await super().prepare()

    async def ready_for(self, stream: str) -> None:
        """What an earlier life said last, it may never have committed, and much of what it judged
        by then is not judged again: nothing is before all that it said is in the tables."""
        if stream not in self._said:
            for spoken, last in self._said.items():
                await self.caught_up(spoken, last)

    async def apply(
        self, connection: AsyncConnection, folding: Folding, batch: Sequence[Decoded]
    ) -> None:
        rest = batch
        while rest:
            quiet = await self._quiet(connection, rest)
            if quiet:
                await folding.fold(connection, rest[:quiet])
            else:
                for event in await folding.fold(connection, rest[:1]):
                    assert isinstance(event, Recorded)  # a decider's tables take whole events
                    await self._judge(connection, folding, rest[0].message, event)
            rest = rest[max(quiet, 1) :]

    async def _quiet(self, connection: AsyncConnection, batch: Sequence[Decoded]) -> int:
        """How many messages at the batch's head lead to nothing: they are judged already, say
        nothing, or cannot matter."""
        judged = next((n for n, one in enumerate(batch) if self._is_open(one)), len(batch))
        if judged:
            return judged
        said = [(n, one.said) for n, one in enumerate(batch) if isinstance(one.said, Recorded)]
        first = await self._first_that_matters(connection, [event.event for _, event in said])
        return len(batch) if first is None else said[first][0]

    async def _judge(
        self,
        connection: AsyncConnection,
        folding: Folding,
        message: RawMessage,
        event: Recorded,
    ) -> None:
        """Decide and speak. An event that cannot be judged is parked, and the rest goes on."""
        try:
            async with savepoint(connection):
                await self._speak(connection, await self._decide(connection, event), event)
        except Exception as error:
            if not blames_event(error):
                raise
            await folding.park(message, f"not judged: {type(error).__name__}: {error}")

    async def _speak(
        self, connection: AsyncConnection, decisions: Sequence[Decision], cause: Recorded
    ) -> None:
        """Publish the decisions on one event, side by side, and fold them as they stand."""
        said: list[Recorded] = []
        for some in in_chunks(decisions, _SIDE_BY_SIDE):
            outcomes = await asyncio.gather(
                *(self._publish(decision, cause) for decision in some), return_exceptions=True
            )
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
                if outcome is not None:
                    said.append(outcome)
        by_stream: dict[str, list[Recorded]] = defaultdict(list)
        for recorded in sorted(said, key=lambda one: one.sequence):
            by_stream[recorded.stream].append(recorded)
        for stream, events in by_stream.items():
            if stream in self.tables.folds:
                await self.tables.fold_whole(connection, stream, events)

    async def _publish(self, decision: Decision, cause: Recorded) -> Recorded | None:
        """The decision as it stands in its stream; None if it was said before, or is overtaken."""
        event = decision.event
        if await self._was_said(decision, cause):
            return None
        try:
            stored = await self._publisher.append(
                event,
                expected_sequence=decision.expected_sequence,
                cause=cause.as_cause(),
                headers={JUDGED: render_judged(self._judging(cause))},
            )
        except Conflict:
            log.info("decision_overtaken", subject=event.subject)
            return None
        if stored.duplicate:
            # What an earlier life or a twin of ours has decided stands, and may read otherwise.
            return await event_at(self.client, stored.stream, stored.sequence)
        return self._as_recorded(event, stored.sequence, cause)

    async def _was_said(self, decision: Decision, cause: Recorded) -> bool:
        """Whether a replay repeats what stands in the stream. The broker knows the twins of the
        last while by their ids, and those with an expectation for ever; others are looked for."""
        if decision.event.once or decision.expected_sequence is not None:
            return False
        return await self._publisher.was_said(decision.event, cause.time)

    def _is_open(self, one: Decoded) -> bool:
        return isinstance(one.said, Recorded) and not self._is_judged(one.said)

    def _is_judged(self, event: Recorded) -> bool:
        created, sequence = self._judged.get(event.stream, ("", 0))
        return event.sequence <= sequence and created == self._epoch(event.stream)

    def _judging(self, cause: Recorded) -> Judged:
        """How far each stream is judged while this cause is: it may yet have more to say."""
        judged = {
            stream: (self._epoch(stream), self.position(stream))
            for stream in self.tables.folds
            if self.position(stream)
        }
        return judged | {cause.stream: (self._epoch(cause.stream), cause.sequence - 1)}

    def _epoch(self, stream: str) -> str:
        """The incarnation of a stream that is being read; one restored from a backup goes on."""
        created = self.created(stream)
        known = self._streams.get(stream)
        if known is not None and known.created == created:
            created = known.origin
        return "" if created is None else str(int(created.timestamp() * 1_000_000))

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

    async def _judged_before(self) -> Judged:
        """What the newest decisions say. Others may publish under the same patterns, so we look
        further and further back until we meet one of ours."""
        judged: Judged = {}
        for stream in {stream_of(pattern).name for pattern in self._speaks_on}:
            patterns = [p for p in self._speaks_on if stream_of(p).name == stream]
            for found in await self._newest_of_ours(stream, patterns):
                for read, (epoch, sequence) in found.items():
                    known = judged.get(read)
                    if known is None or known[0] != epoch or known[1] < sequence:
                        judged[read] = (epoch, sequence)
        return judged

    async def _said_before(self) -> dict[str, int]:
        """The newest decision in each stream that is folded here too."""
        said: dict[str, int] = {}
        for pattern in self._speaks_on:
            stream = stream_of(pattern).name
            if stream in self.tables.folds:
                newest = await last_held(self.client, stream, pattern)
                said[stream] = max(said.get(stream, 0), newest)
        return said

    async def _newest_of_ours(self, stream: str, patterns: Sequence[str]) -> list[Judged]:
        state = await stream_state(self.client, stream)
        first, last, depth = state.first_sequence, state.last_sequence, _LOOK_BACK
        until = last
        while until >= max(first, 1):
            after = max(last - depth, first - 1, 0)
            ours: list[Judged] = []
            async for batch in read_until(
                self.client, stream, after=after, until=until, subjects=patterns
            ):
                ours += [
                    parse_judged((message.headers or {})[JUDGED])
                    for message in batch
                    if JUDGED in (message.headers or {})
                ]
            if ours:
                # In order: a later one has judged at least as much of each stream.
                return ours[-1:]
            until, depth = after, depth * 10
        return []


def render_judged(judged: Judged) -> str:
    """A header of one line: `CLOCK@1763890000123456=77 REGISTRY@...=5`."""
    return " ".join(f"{name}@{epoch}={seq}" for name, (epoch, seq) in sorted(judged.items()))


def parse_judged(text: str) -> Judged:
    judged: Judged = {}
    for part in text.split():
        name, _, rest = part.partition("@")
        epoch, _, sequence = rest.partition("=")
        judged[name] = (epoch, int(sequence))
    return judged
