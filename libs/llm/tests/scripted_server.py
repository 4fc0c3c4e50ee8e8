"""A real HTTP server on loopback that answers on an exact schedule."""

import asyncio
import time
from dataclasses import dataclass, field

Steps = list[tuple[float, bytes]]


@dataclass
class Received:
    """A request as the server saw it, and when (in ms after it) the head and each step were really
    sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    head_sent_ms: float = 0.0
    sent_ms: list[float] = field(default_factory=list)


@dataclass
class Reply:
    """What to answer. `steps` are (seconds after the request was read, body bytes), and
    `head_after_s` delays the head. `ending`: "chunked" ends properly, "hang" never ends, "abort"
    resets and "close" closes in the middle of the body, "drop" closes without a byte of answer.
    """

    steps: Steps = field(default_factory=list)
    status: int = 200
    content_type: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)
    head_after_s: float = 0.0
    ending: str = "chunked"


class ScriptedServer:
    """Serves one reply per request; the last reply is repeated."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.received: list[Received] = []
        self.arrived = asyncio.Event()
        self.connections = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            while await self._serve_one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {n.lower(): v for n, v in (line.split(": ", 1) for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        began = time.monotonic()
        received = Received(method, target, headers, body)
        self.received.append(received)
        self.arrived.set()
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if reply.ending == "drop":
            writer.transport.abort()
            return False
        await _until(began + reply.head_after_s)
        lines = [f"HTTP/1.1 {reply.status} Scripted", f"Content-Type: {reply.content_type}"]
        lines += [f"{name}: {value}" for name, value in reply.headers.items()]
        lines += ["Transfer-Encoding: chunked", "", ""]
        received.head_sent_ms = (time.monotonic() - began) * 1000
        writer.write("\r\n".join(lines).encode())
        for after_s, data in reply.steps:
            await _until(began + after_s)
            received.sent_ms.append((time.monotonic() - began) * 1000)
            writer.write(b"%x\r\n%b\r\n" % (len(data), data))
        return await _end(reply.ending, reader, writer)


async def _end(ending: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    if ending == "chunked":
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True
    await writer.drain()
    if ending == "abort":
        writer.transport.abort()
    elif ending == "hang":
        await reader.read()  # until the client gives up
    writer.close()
    return False


async def _until(when: float) -> None:
    left = when - time.monotonic()
    if left > 0:
        await asyncio.sleep(left)
