"""A stream as bytes, and back: JetStream's own backup and restore.

Sequences, times, ids and durables are kept. The bytes are the server's affair; what it needs
beside them is the stream's configuration and state.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import ConsumerInfo

from arguslm_bus.reader import ORIGIN, stream_state

_CHUNK_BYTES = 512 * 1024
_ANSWER_S = 60.0


class SnapshotFailed(Exception):
    """The server cannot give a stream, or does not take it. The text says which, and why."""


@dataclass(frozen=True, slots=True)
class StreamHead:
    """What belongs to a stream's bytes. `state` holds first and last sequence."""

    name: str
    config: dict[str, Any]
    state: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DurableMark:
    """How far a durable was: `floor` is the last sequence up to which all is acknowledged."""

    stream: str
    name: str
    delivered: int
    floor: int
    pending: int


@asynccontextmanager
async def stream_bytes(
    client: Client, stream: str
) -> AsyncIterator[tuple[StreamHead, AsyncIterator[bytes]]]:
    """A stream as it is now, durables included: its head, and its bytes in chunks.

    Raises:
        SnapshotFailed: the server refuses, or falls silent on the way.
    """
    arrived: asyncio.Queue[Msg] = asyncio.Queue()
    origin = (await stream_state(client, stream)).origin
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox, cb=arrived.put)
    try:
        answer = await _asked(
            client,
            f"$JS.API.STREAM.SNAPSHOT.{stream}",
            {"deliver_subject": inbox, "chunk_size": _CHUNK_BYTES},
        )
        config = answer["config"]
        config["metadata"] = (config.get("metadata") or {}) | {ORIGIN: origin.isoformat()}
        yield StreamHead(stream, config, answer["state"]), _chunks(stream, arrived)
    finally:
        await subscription.unsubscribe()


async def _chunks(stream: str, arrived: asyncio.Queue[Msg]) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(_ANSWER_S):
                message = await arrived.get()
        except TimeoutError:
            raise SnapshotFailed(f"{stream}: the bus fell silent") from None
        if not message.data:
            headers = message.headers or {}
            if headers.get("Status", "204") != "204":
                raise SnapshotFailed(f"{stream}: {headers.get('Description') or headers}")
            return
        yield message.data
        # Asks for more: the server sends no further ahead than a few megabytes.
        if message.reply:
            await message.respond(b"")


async def restore_stream(client: Client, head: StreamHead, chunks: AsyncIterator[bytes]) -> None:
    """Make a stream from its bytes.

    Raises:
        SnapshotFailed: a stream of this name exists, or the bytes are damaged.
    """
    request = {"config": head.config, "state": head.state}
    answer = await _asked(client, f"$JS.API.STREAM.RESTORE.{head.name}", request)
    to = answer["deliver_subject"]
    async for chunk in chunks:
        if refused := (await client.request(to, chunk, timeout=_ANSWER_S)).data:
            _checked(head.name, json.loads(refused))
    done = await client.request(to, b"", timeout=_ANSWER_S)
    _checked(head.name, json.loads(done.data))


async def durable_marks(client: Client, streams: Sequence[str]) -> list[DurableMark]:
    """Where each durable of these streams stands."""
    found: list[DurableMark] = []
    for stream in streams:
        for info in await client.jetstream().consumers_info(stream):
            if info.config.durable_name:
                found.append(_mark(stream, info))
    return found


async def turn_back(client: Client, marks: Sequence[DurableMark]) -> None:
    """Set restored durables to where they were when the backup began. What was acknowledged after
    that may lack its result in a stream that was taken before, so it is given out again."""
    jetstream = client.jetstream()
    for stream in {mark.stream for mark in marks}:
        restored = {mark.name: mark for mark in await durable_marks(client, [stream])}
        for mark in marks:
            if mark.stream == stream and restored.get(mark.name, mark) != mark:
                await jetstream.reset_consumer(stream, mark.name, seq=mark.floor + 1)


def _mark(stream: str, info: ConsumerInfo) -> DurableMark:
    assert info.delivered is not None
    assert info.ack_floor is not None
    return DurableMark(
        stream,
        info.name,
        info.delivered.stream_seq,
        info.ack_floor.stream_seq,
        info.num_ack_pending or 0,
    )


async def _asked(client: Client, subject: str, request: dict[str, Any]) -> dict[str, Any]:
    message = await client.request(subject, json.dumps(request).encode(), timeout=_ANSWER_S)
    return _checked(subject.rsplit(".", 1)[1], json.loads(message.data))


def _checked(stream: str, answer: dict[str, Any]) -> dict[str, Any]:
    if "error" in answer:
        raise SnapshotFailed(f"{stream}: {answer['error'].get('description', answer['error'])}")
    return answer
