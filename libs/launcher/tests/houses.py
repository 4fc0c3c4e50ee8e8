"""What a bus holds, to the last byte, and a resting bus to look at it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from arguslm_contracts.streams import STREAMS
from arguslm_launcher.nats_server import NatsServer
from arguslm_testkit.bus import BusForTests

Content = dict[str, list[tuple[Any, ...]]]


@asynccontextmanager
async def woken(directory: Path) -> AsyncIterator[BusForTests]:
    server = NatsServer(directory / "nats")
    await server.start()
    bus = BusForTests(server)
    try:
        yield bus
    finally:
        await bus.close()
        await server.stop()


async def content_of(bus: BusForTests) -> Content:
    """Every message of every stream: sequence, time, subject, headers, body."""
    jetstream = (await bus.client()).jetstream()
    found: Content = {}
    for stream in STREAMS:
        state = (await jetstream.stream_info(stream.name)).state
        messages = [
            await jetstream.get_msg(stream.name, seq=sequence)
            for sequence in range(max(1, state.first_seq), state.last_seq + 1)
        ]
        found[stream.name] = [(m.seq, m.time, m.subject, m.headers, m.data) for m in messages]
    return found
