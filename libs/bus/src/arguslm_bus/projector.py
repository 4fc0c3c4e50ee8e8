"""The projector: keeps a service's tables equal to its streams.

Each stream has a reader of its own. A batch, or several while many wait, is folded and the
checkpoint moved in one transaction, so a crash anywhere leaves the tables at some earlier moment of
the stream, never between two.
"""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

import structlog
from nats.aio.client import Client
from prometheus_client import Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.ahead import Ahead
from arguslm_bus.cancellation import heed_cancellation
from arguslm_bus.faults import blames_event
from arguslm_bus.folding import (
    BATCH_LIMIT,
    BATCHES_AT_ONCE,
    Decoded,
    Folding,
    fold_first,
    together,
)
from arguslm_bus.reader import RawMessage, StreamChanged, StreamReader
from arguslm_bus.rebuild import rebuild_if_outdated
from arguslm_bus.tables import ServiceTables
from arguslm_storage.checkpoints import (
    Checkpoint,
    LostOwnership,
    advance,
    claim,
    load_checkpoints,
)
from arguslm_storage.database import Database

log = structlog.get_logger(__name__)

EVENTS_FOLDED = Counter("arguslm_events_folded_total", "Events folded into tables", ["stream"])
LAG = Gauge("arguslm_projection_lag_events", "Events behind the head of a stream", ["stream"])

_RETRY_S = 1.0


@dataclass(slots=True)
class _Followed:
    """Where the projector stands in one stream."""

    folding: Folding
    reader: StreamReader | None = None
    checkpoint: Checkpoint | None = None
    failure: str | None = None
    in_hand: int = 0
    """Messages that have been read and are not in the tables yet."""

    @property
    def position(self) -> int:
        return self.checkpoint.sequence if self.checkpoint else 0

    @property
    def lag(self) -> int | None:
        """Messages that are not in the tables yet; None as long as nobody knows."""
        waiting = self.reader.waiting if self.reader else None
        return None if waiting is None else waiting + self.in_hand

    async def take(self, batch: Sequence[RawMessage]) -> list[Decoded]:
        self.in_hand += len(batch)
        return await self.folding.decode(batch)

    @property
    def trouble(self) -> str | None:
        if self.reader is not None and self.reader.trouble is not None:
            return self.reader.trouble
        # A failure stands until its batch is in the tables, by us or by another writer.
        if self.failure is not None and self.lag != 0:
            return self.failure
        return "not read yet" if self.lag is None else None


class Projector:
    """Follows every stream of `tables.folds`. `wait_for` lets a command read its own write.

    A batch has up to `batch_limit` events, a transaction up to `batches_at_once` batches.
    """

    def __init__(
        self,
        client: Client,
        database: Database,
        tables: ServiceTables,
        *,
        batch_limit: int = BATCH_LIMIT,
        batches_at_once: int = BATCHES_AT_ONCE,
    ) -> None:
        self.client = client
        self.database = database
        self.tables = tables
        self._batch_limit = batch_limit
        self._batches_at_once = batches_at_once
        self._followed = {
            stream: _Followed(Folding(client, tables, stream)) for stream in tables.folds
        }
        self._moved = asyncio.Condition()

    async def run(self) -> None:
        """Follow all streams until cancelled."""
        await self._prepared()
        async with asyncio.TaskGroup() as group:
            for stream in self._followed:
                group.create_task(self._follow(stream), name=f"project {stream}")

    async def prepare(self) -> None:
        """Before anything is followed: tables of an older version are rebuilt."""
        if await rebuild_if_outdated(self.client, self.database, self.tables):
            await self._announce()

    async def _prepared(self) -> None:
        while True:
            try:
                await self.prepare()
            except Exception as error:
                for stream, followed in self._followed.items():
                    self._note_failure(stream, followed, error)
                await asyncio.sleep(_RETRY_S)
            else:
                return

    def created(self, stream: str) -> datetime | None:
        """When the stream that is being read was created; None before it is read."""
        followed = self._followed[stream]
        if followed.reader is not None and followed.reader.waiting is not None:
            return followed.reader.created
        return followed.checkpoint.stream_created if followed.checkpoint else None

    def position(self, stream: str) -> int:
        """The last sequence whose effect is in the tables."""
        return self._followed[stream].position

    @property
    def lag(self) -> dict[str, int]:
        """Events waiting behind the last folded one, by stream."""
        return {stream: followed.lag or 0 for stream, followed in self._followed.items()}

    @property
    def trouble(self) -> dict[str, str]:
        """Streams that cannot be folded at the moment, and why."""
        return {
            stream: trouble
            for stream, followed in self._followed.items()
            if (trouble := followed.trouble) is not None
        }

    async def wait_for(self, stream: str, sequence: int, timeout_s: float) -> bool:
        """Whether the tables hold the event at `sequence` before the time is over."""
        try:
            async with asyncio.timeout(timeout_s), self._moved:
                await self._moved.wait_for(lambda: self.position(stream) >= sequence)
        except TimeoutError:
            return False
        return True

    async def caught_up(self, stream: str, sequence: int) -> None:
        """Wait until the tables hold the event at `sequence`, or, if it expires unread, all that
        the stream still has."""
        while not await self.wait_for(stream, sequence, _RETRY_S):
            if self._followed[stream].lag == 0:
                return

    async def ready_for(self, stream: str) -> None:
        """Wait for what has to be in the tables before this stream is folded."""

    async def apply(
        self, connection: AsyncConnection, folding: Folding, batch: Sequence[Decoded]
    ) -> None:
        """Fold a batch inside the open transaction."""
        await folding.fold(connection, batch)

    async def _follow(self, stream: str) -> None:
        followed = self._followed[stream]
        while True:
            heed_cancellation()
            try:
                reader = await self._resume(stream, followed)
                await self.ready_for(stream)
                batches = reader.batches(self._batch_limit)
                async with aclosing(Ahead(batches, followed.take)) as decoded:
                    async for batch in decoded:
                        await self._project(reader, followed, batch, decoded)
            except LostOwnership as error:
                # Another replica writes, or the tables were rebuilt: go on from where they stand.
                log.info("checkpoint_moved_by_another", stream=stream, detail=str(error))
            except Exception as error:
                self._note_failure(stream, followed, error)
            await asyncio.sleep(_RETRY_S)

    def _note_failure(self, stream: str, followed: _Followed, error: Exception) -> None:
        hint = ""
        if isinstance(error, StreamChanged):
            hint = f"; run `arguslm rebuild {self.tables.service}`"
        text = f"{type(error).__name__}: {error}{hint}"[:300]
        if text != followed.failure:
            # Said once, not with every attempt; with a trace where it may be our own mistake.
            trace = error if blames_event(error) else None
            log.error("projection_interrupted", stream=stream, error=text, exc_info=trace)
        followed.failure = text

    async def _resume(self, stream: str, followed: _Followed) -> StreamReader:
        """A reader from the stored position on."""
        async with self.database.reading() as connection:
            stored = await load_checkpoints(connection, self.tables.checkpoints)
        stood = followed.position
        followed.checkpoint, followed.in_hand = stored.get(stream), 0
        if followed.position > stood:
            # Another writer has got past where we failed.
            followed.failure = None
        followed.reader = StreamReader(
            self.client,
            stream,
            followed.position,
            subjects=self.tables.subjects.get(stream, ()),
            created=followed.checkpoint.stream_created if followed.checkpoint else None,
        )
        await self._announce()
        return followed.reader

    async def _project(
        self,
        reader: StreamReader,
        followed: _Followed,
        batch: list[Decoded],
        following: Ahead[list[RawMessage], list[Decoded]],
    ) -> None:
        """One transaction, and no other writer beside it."""
        before = followed.checkpoint or Checkpoint(reader.stream, 0, reader.created)
        checkpoints, version = self.tables.checkpoints, self.tables.version
        folding, folded, last = followed.folding, 0, batch[-1].message
        async with self.database.writing() as connection:
            await claim(connection, checkpoints, before, version)
            folding.begin()
            if before.sequence == 0:
                await fold_first(self.client, connection, self.tables, reader.stream)
            async for some in together(batch, following, self._batch_limit, self._batches_at_once):
                await self.apply(connection, folding, some)
                folded, last = folded + len(some), some[-1].message
            await folding.settle(connection)
            after = Checkpoint(reader.stream, last.sequence, before.stream_created)
            await advance(connection, checkpoints, before, after, version)
        followed.checkpoint, followed.failure = after, None
        followed.in_hand -= folded
        EVENTS_FOLDED.labels(reader.stream).inc(folded)
        LAG.labels(reader.stream).set(last.pending)
        await self._announce()

    async def _announce(self) -> None:
        async with self._moved:
            self._moved.notify_all()
