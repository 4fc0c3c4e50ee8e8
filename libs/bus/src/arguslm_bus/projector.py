"""The projector: keeps a service's tables equal to its streams.

Each stream has a reader of its own. A batch is folded and the checkpoint moved in one transaction,
so a crash anywhere leaves the tables at some earlier moment of the stream, never between two.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog
from nats.aio.client import Client
from prometheus_client import Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.faults import blames_event
from arguslm_bus.folding import Folding
from arguslm_bus.reader import RawMessage, StreamReader, stream_state
from arguslm_bus.tables import ServiceTables
from arguslm_contracts.envelope import Recorded
from arguslm_storage.checkpoints import Checkpoint, LostOwnership, advance, load_checkpoints
from arguslm_storage.database import Database

log = structlog.get_logger(__name__)

EVENTS_FOLDED = Counter("arguslm_events_folded_total", "Events folded into tables", ["stream"])
LAG = Gauge("arguslm_projection_lag_events", "Events behind the head of a stream", ["stream"])

_RETRY_S = 1.0
_LISTENER_BATCHES = 1_000


class StreamRecreated(Exception):
    """The stream was deleted and made anew; the tables tell of another history."""


@dataclass(slots=True)
class _Followed:
    """Where the projector stands in one stream."""

    folding: Folding
    created: datetime | None = None
    checkpoint: Checkpoint | None = None
    pending: int = 0
    trouble: str | None = "not read yet"

    @property
    def position(self) -> int:
        return self.checkpoint.sequence if self.checkpoint else 0


class Projector:
    """Follows every stream of `tables.folds`.

    `wait_for` lets a command read its own write; `listen` hands on every folded batch after its
    commit (for live streams to people).
    """

    def __init__(
        self, client: Client, database: Database, tables: ServiceTables, *, batch_limit: int = 500
    ) -> None:
        self.client = client
        self.database = database
        self.tables = tables
        self._batch_limit = batch_limit
        self._followed = {
            stream: _Followed(Folding(client, tables.service, stream, fold))
            for stream, fold in tables.folds.items()
        }
        self._moved = asyncio.Condition()
        self._listeners: set[asyncio.Queue[list[Recorded]]] = set()

    async def run(self) -> None:
        """Follow all streams until cancelled."""
        async with asyncio.TaskGroup() as group:
            for stream in self._followed:
                group.create_task(self._follow(stream), name=f"project {stream}")

    def position(self, stream: str) -> int:
        """The last sequence whose effect is in the tables."""
        return self._followed[stream].position

    @property
    def lag(self) -> dict[str, int]:
        """Events waiting behind the last folded one, by stream."""
        return {stream: followed.pending for stream, followed in self._followed.items()}

    @property
    def trouble(self) -> dict[str, str]:
        """Streams that cannot be folded at the moment, and why."""
        return {
            stream: followed.trouble
            for stream, followed in self._followed.items()
            if followed.trouble is not None
        }

    async def wait_for(self, stream: str, sequence: int, timeout_s: float) -> bool:
        """Whether the tables hold the event at `sequence` before the time is over."""
        try:
            async with asyncio.timeout(timeout_s), self._moved:
                await self._moved.wait_for(lambda: self.position(stream) >= sequence)
        except TimeoutError:
            return False
        return True

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[asyncio.Queue[list[Recorded]]]:
        """A queue of every batch folded from now on. An empty batch tells a listener that it fell
        too far behind and gets no more."""
        queue: asyncio.Queue[list[Recorded]] = asyncio.Queue(_LISTENER_BATCHES)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    async def apply(
        self, connection: AsyncConnection, folding: Folding, batch: Sequence[RawMessage]
    ) -> list[Recorded]:
        """Fold a batch inside the open transaction; gives back what was folded."""
        return await folding.fold(connection, batch)

    async def _follow(self, stream: str) -> None:
        followed = self._followed[stream]
        while True:
            try:
                await self._resume(stream, followed)
                reader = StreamReader(self.client, stream, followed.position)
                async for batch in reader.batches(self._batch_limit):
                    await self._project(stream, followed, batch)
            except LostOwnership as error:
                # Another replica writes, or the tables were rebuilt: go on from where they stand.
                log.info("checkpoint_moved_by_another", stream=stream, detail=str(error))
            except Exception as error:
                if blames_event(error):
                    log.exception("projection_failed", stream=stream)
                else:
                    log.warning("projection_interrupted", stream=stream, error=str(error))
                followed.trouble = f"{type(error).__name__}: {error}"[:300]
            await asyncio.sleep(_RETRY_S)

    async def _resume(self, stream: str, followed: _Followed) -> None:
        """Take up the stored position, after making sure that it is of this very stream."""
        async with self.database.reading() as connection:
            stored = await load_checkpoints(connection, self.tables.checkpoints)
        checkpoint = stored.get(stream)
        state = await stream_state(self.client, stream)
        if checkpoint is not None and checkpoint.stream_created != state.created:
            raise StreamRecreated(
                f"{stream} was made anew at {state.created:%Y-%m-%d %H:%M:%S}; "
                f"run `arguslm rebuild {self.tables.service}`"
            )
        followed.checkpoint, followed.created = checkpoint, state.created
        followed.pending = max(0, state.last_sequence - followed.position)
        followed.trouble = None
        await self._announce()

    async def _project(self, stream: str, followed: _Followed, batch: Sequence[RawMessage]) -> None:
        """One batch, one transaction."""
        assert followed.created is not None
        after = Checkpoint(stream, batch[-1].sequence, followed.created)
        async with self.database.writing() as connection:
            events = await self.apply(connection, followed.folding, batch)
            await advance(
                connection,
                self.tables.checkpoints,
                followed.checkpoint,
                after,
                self.tables.version,
            )
        followed.checkpoint, followed.pending = after, batch[-1].pending
        EVENTS_FOLDED.labels(stream).inc(len(batch))
        LAG.labels(stream).set(followed.pending)
        await self._announce()
        self._hand_on(events)

    async def _announce(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    def _hand_on(self, events: list[Recorded]) -> None:
        if not events:
            return
        for queue in list(self._listeners):
            if queue.qsize() >= _LISTENER_BATCHES - 1:
                self._listeners.discard(queue)
                queue.put_nowait([])
            else:
                queue.put_nowait(events)
