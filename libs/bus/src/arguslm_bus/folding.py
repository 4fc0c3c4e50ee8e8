"""One batch: decode, fold, park what cannot be folded. Shared by live tables and rebuilds."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import structlog
from nats.aio.client import Client
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.ahead import Ahead
from arguslm_bus.dead_letters import bury
from arguslm_bus.faults import blames_event
from arguslm_bus.lookup import last_event
from arguslm_bus.reader import RawMessage
from arguslm_bus.tables import Deferred, Gist, ServiceTables
from arguslm_contracts.envelope import Recorded, UnreadableEvent, decode
from arguslm_storage.driver import run

log = structlog.get_logger(__name__)

# A NUL in a JSON text; the backslash before it must not itself be escaped.
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
_REPLACEMENT = rb"\1\\ufffd"
_DECODED_AT_ONCE = 100

BATCH_LIMIT = 2_000
"""Events that are in memory, decoded, at once; twice, since the next batch is read ahead."""
BATCHES_AT_ONCE = 10
"""In one transaction, while so much waits: what they leave to its end is written once."""
# Others may wait for the transaction that waits for its next batch.
_NEXT_BATCH_S = 0.5


class Decoded(NamedTuple):
    """A message, and the event it is, or why it is none."""

    message: RawMessage
    said: Recorded | Gist | UnreadableEvent


class Folding:
    """Folds batches of one stream for one service.

    A message that is no readable event, or that the fold cannot take, is passed over, so that the
    rest goes on; with `buries` it is kept in the dead-letter stream. A rebuild only passes over:
    the live projector has buried it, or will.

    A transaction takes one batch or several; `settle` is the last thing in it.
    """

    def __init__(
        self, client: Client, tables: ServiceTables, stream: str, *, buries: bool = True
    ) -> None:
        self._client = client
        self._service = tables.service
        self._stream = stream
        self._fold = tables.folds[stream]
        self._gist_of = tables.gists.get(stream)
        self._buries = buries
        self._deferred: Deferred | None = None

    async def decode(self, batch: Sequence[RawMessage]) -> list[Decoded]:
        """What each message says, or why it says nothing. Whatever else is to be done in this
        process waits for a few of them only."""
        decoded: list[Decoded] = []
        for first in range(0, len(batch), _DECODED_AT_ONCE):
            some = batch[first : first + _DECODED_AT_ONCE]
            decoded += [Decoded(message, self._decode(message)) for message in some]
            await asyncio.sleep(0)
        return decoded

    def _decode(self, message: RawMessage) -> Recorded | Gist | UnreadableEvent:
        try:
            recorded = decode(
                message.headers,
                storable(message.body),
                stream=self._stream,
                sequence=message.sequence,
                subject=message.subject,
            )
        except UnreadableEvent as error:
            return error
        if self._gist_of is None:
            return recorded
        try:
            return self._gist_of(recorded)
        except Exception as error:
            # It is pure: nothing but the event can be to blame.
            return UnreadableEvent(f"{type(error).__name__}: {error}")

    def begin(self) -> None:
        """A new transaction: what one that failed has left is forgotten."""
        self._deferred = None

    async def settle(self, connection: AsyncConnection) -> None:
        """Write what the batches of this transaction have left."""
        deferred, self._deferred = self._deferred, None
        if deferred is not None:
            await deferred.write(connection)

    async def fold(
        self, connection: AsyncConnection, batch: Sequence[Decoded]
    ) -> list[Recorded | Gist]:
        """Fold a batch in one savepoint, or event by event where one of them does not fit.

        Returns the events that were folded. Raises what is not the fault of an event.
        """
        events: list[Recorded | Gist] = []
        for message, said in batch:
            if isinstance(said, UnreadableEvent):
                await self.park(message, str(said))
            else:
                events.append(said)
        if not events:
            return []
        try:
            await self._fold_in_savepoint(connection, events)
        except Exception as error:
            if not blames_event(error):
                raise
            return await self._one_by_one(connection, batch)
        return events

    async def _one_by_one(
        self, connection: AsyncConnection, batch: Sequence[Decoded]
    ) -> list[Recorded | Gist]:
        folded: list[Recorded | Gist] = []
        for message, said in batch:
            if isinstance(said, UnreadableEvent):
                continue
            try:
                await self._fold_in_savepoint(connection, [said])
            except Exception as error:
                if not blames_event(error):
                    raise
                await self.park(message, f"{type(error).__name__}: {error}")
            else:
                folded.append(said)
        return folded

    async def _fold_in_savepoint(
        self, connection: AsyncConnection, events: Sequence[Recorded | Gist]
    ) -> None:
        async with savepoint(connection):
            deferred = await self._fold(connection, events)
        if self._deferred is None:
            self._deferred = deferred
        elif deferred is not None:
            self._deferred.join(deferred)

    async def park(self, message: RawMessage, reason: str) -> None:
        """Keep a message that cannot be handled where a person can see it."""
        log.error(
            "event_parked", stream=self._stream, sequence=message.sequence, reason=reason[:500]
        )
        if self._buries:
            await bury(self._client, self._service, self._stream, message, reason)


async def fold_first(
    client: Client, connection: AsyncConnection, tables: ServiceTables, stream: str
) -> None:
    """Into empty tables: what has to be known before the stream is read."""
    if stream in tables.folded_first:
        newest = await last_event(client, stream, tables.folded_first[stream])
        if newest is not None:
            await tables.fold_whole(connection, stream, [newest])


async def together(
    first: list[Decoded],
    following: Ahead[list[RawMessage], list[Decoded]],
    batch_limit: int = BATCH_LIMIT,
    batches_at_once: int = BATCHES_AT_ONCE,
) -> AsyncGenerator[list[Decoded]]:
    """The batches of one transaction: the first, and those behind it while there are full ones."""
    batch = first
    yield batch
    for _ in range(batches_at_once - 1):
        if batch[-1].message.pending < batch_limit:
            return
        another = await following.another(_NEXT_BATCH_S)
        if another is None:
            return
        batch = another
        yield batch


@asynccontextmanager
async def savepoint(connection: AsyncConnection) -> AsyncIterator[None]:
    """Undo the block alone when an event is to blame for its failure. Any other failure ends the
    whole transaction; a full disk has made SQLite forget the savepoint by then."""
    await run(connection, "SAVEPOINT of_event")
    try:
        yield
    except Exception as error:
        if blames_event(error):
            await run(connection, "ROLLBACK TO SAVEPOINT of_event")
            await run(connection, "RELEASE SAVEPOINT of_event")
        raise
    await run(connection, "RELEASE SAVEPOINT of_event")


def storable(body: bytes) -> bytes:
    """The body with every NUL in its texts replaced: PostgreSQL stores none, and one in what a
    provider said must not cost us the event."""
    return _NUL.sub(_REPLACEMENT, body) if b"\\u0000" in body else body
