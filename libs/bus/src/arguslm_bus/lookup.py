"""Events straight from their stream: the newest, the oldest, one at a place, one with an id, those
since a time."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

from nats.aio.client import Client
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from arguslm_bus.reader import StreamReader
from arguslm_contracts.envelope import MSG_ID, Recorded, decode


async def find_id(
    client: Client, stream: str, subject: str, event_id: str, since: datetime
) -> int | None:
    """The sequence under which an event stands, if it was stored after `since`."""
    reader = StreamReader(client, stream, 0, subjects=(subject,), since=since)
    async with aclosing(reader.batches(to_the_end=True)) as batches:
        async for batch in batches:
            for message in batch:
                if (message.headers or {}).get(MSG_ID) == event_id:
                    return message.sequence
    return None


async def events_since(
    client: Client, stream: str, subject: str, since: datetime
) -> AsyncGenerator[Recorded]:
    """The events under a subject that were stored after `since`, in order.

    Raises:
        UnreadableEvent: one is of no version we know.
    """
    reader = StreamReader(client, stream, 0, subjects=(subject,), since=since)
    async with aclosing(reader.batches(to_the_end=True)) as batches:
        async for batch in batches:
            for message in batch:
                yield decode(
                    message.headers,
                    message.body,
                    stream=stream,
                    sequence=message.sequence,
                    subject=message.subject,
                )


async def last_event(client: Client, stream: str, subject: str) -> Recorded | None:
    """The newest event under a subject pattern; None when there is none.

    Raises:
        nats.errors.Error: the bus does not answer.
        UnreadableEvent: it is of no version we know.
    """
    try:
        message = await client.jetstream().get_msg(stream, subject=subject)
    except NotFoundError:
        return None
    return _recorded(stream, message)


async def first_event(client: Client, stream: str, subject: str) -> Recorded | None:
    """The oldest event under a subject pattern; None when there is none.

    Raises: as `last_event`.
    """
    try:
        message = await client.jetstream().get_msg(stream, seq=1, subject=subject, next=True)
    except NotFoundError:
        return None
    return _recorded(stream, message)


async def event_at(client: Client, stream: str, sequence: int) -> Recorded:
    """The event at a sequence.

    Raises:
        nats.errors.Error: the bus does not answer, or has no such message.
        UnreadableEvent: it is of no version we know.
    """
    return _recorded(stream, await client.jetstream().get_msg(stream, seq=sequence))


def _recorded(stream: str, message: RawStreamMsg) -> Recorded:
    return decode(
        message.headers,
        message.data or b"",
        stream=stream,
        sequence=message.seq or 0,
        subject=message.subject or "",
    )
