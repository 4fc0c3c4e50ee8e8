"""A network cable that a test can cut: a TCP proxy between a program and its server."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

Dial = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
_CHUNK_BYTES = 64 * 1024


class Wire:
    """Listens on a port of its own and carries every connection to what `dial` opens.

    `cut` resets what is connected and refuses what comes; `freeze` lets connections stand and
    carries nothing, as a network that drops packets does. `mend` ends both.
    """

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._server: asyncio.Server | None = None
        self._carried: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._is_cut = False
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        self._is_cut = True
        for task in list(self._carried):
            task.cancel()

    def freeze(self) -> None:
        self._flowing.clear()

    def mend(self) -> None:
        self._is_cut = False
        self._flowing.set()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.gather(*self._carried, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carried.add(task)
        try:
            if not self._is_cut:
                await self._both_ways(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._carried.discard(task)
            writer.transport.abort()

    async def _both_ways(
        self, near_reader: asyncio.StreamReader, near_writer: asyncio.StreamWriter
    ) -> None:
        far_reader, far_writer = await self._dial()
        ways = [
            asyncio.create_task(self._one_way(near_reader, far_writer)),
            asyncio.create_task(self._one_way(far_reader, near_writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            far_writer.transport.abort()

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                await self._flowing.wait()
                writer.write(chunk)
                await writer.drain()


def to_tcp(port: Callable[[], int]) -> Dial:
    """To a server on this machine; its port is asked anew for each connection."""
    return lambda: asyncio.open_connection("127.0.0.1", port())


def to_socket(path: str) -> Dial:
    return lambda: asyncio.open_unix_connection(path)
