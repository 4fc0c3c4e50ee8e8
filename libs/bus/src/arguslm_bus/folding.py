"""One batch: decode, fold, park what cannot be folded. Shared by live tables and rebuilds."""

from collections.abc import Sequence

import structlog
from nats.aio.client import Client
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.dead_letters import bury
from arguslm_bus.reader import RawMessage
from arguslm_bus.tables import Fold
from arguslm_contracts.envelope import Recorded, UnreadableEvent, decode

log = structlog.get_logger(__name__)


class Folding:
    """Folds batches of one stream for one service.

    A message that is no readable event, or that the fold cannot take, is buried in the
    dead-letter stream and passed over, so that the rest goes on.
    """

    def __init__(self, client: Client, service: str, stream: str, fold: Fold) -> None:
        self._client = client
        self._service = service
        self._stream = stream
        self._fold = fold

    async def readable(self, batch: Sequence[RawMessage]) -> list[Recorded]:
        events: list[Recorded] = []
        for message in batch:
            try:
                events.append(
                    decode(
                        message.headers,
                        message.body,
                        stream=self._stream,
                        sequence=message.sequence,
                        subject=message.subject,
                    )
                )
            except UnreadableEvent as error:
                await self._bury(message, str(error))
        return events

    async def fold(
        self, connection: AsyncConnection, batch: Sequence[RawMessage]
    ) -> list[Recorded]:
        """Fold a batch in one savepoint, or event by event where one of them does not fit.

        Returns the events that were folded. Raises what the database itself raises.
        """
        events = await self.readable(batch)
        try:
            async with connection.begin_nested():
                await self._fold(connection, events)
        except Exception as error:
            if is_transient(error):
                raise
            return await self._one_by_one(connection, batch, events)
        return events

    async def _one_by_one(
        self, connection: AsyncConnection, batch: Sequence[RawMessage], events: Sequence[Recorded]
    ) -> list[Recorded]:
        messages = {message.sequence: message for message in batch}
        folded: list[Recorded] = []
        for event in events:
            try:
                async with connection.begin_nested():
                    await self._fold(connection, [event])
            except Exception as error:
                if is_transient(error):
                    raise
                await self._bury(messages[event.sequence], f"{type(error).__name__}: {error}")
            else:
                folded.append(event)
        return folded

    async def _bury(self, message: RawMessage, reason: str) -> None:
        log.error(
            "event_parked", stream=self._stream, sequence=message.sequence, reason=reason[:500]
        )
        await bury(self._client, self._service, self._stream, message, reason)


def is_transient(error: Exception) -> bool:
    """Whether the database or its connection failed, rather than the event."""
    if isinstance(error, OperationalError | InterfaceError | OSError | TimeoutError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated
