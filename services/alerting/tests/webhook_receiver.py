"""A receiver of webhooks on a real socket, whose answers a test decides."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Received:
    """One request: its headers in lower case, its JSON, and how it was answered."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    status: int


@dataclass
class Receiver:
    """Answers with `answers` one after the other, then with 204. Status 0 never answers."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    requests: list[Received] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def accepted(self) -> list[Received]:
        return [one for one in self.requests if 200 <= one.status < 300]

    @property
    def kinds(self) -> list[str]:
        return [one.body["type"] for one in self.accepted]

    async def until(self, reached: Callable[[], bool], *, timeout_s: float = 20) -> None:
        async with asyncio.timeout(timeout_s), self.changed:
            await self.changed.wait_for(reached)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
        }
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        status = self.answers.pop(0) if self.answers else 204
        async with self.changed:
            self.requests.append(Received(first.split()[1], headers, body, status))
            self.changed.notify_all()
        if status == 0:
            await reader.read()
            return
        place = f"Location: {self.url}/elsewhere\r\n" if 300 <= status < 400 else ""
        rest = f"{place}Content-Length: 0\r\nConnection: close\r\n\r\n"
        writer.write(f"HTTP/1.1 {status} Said\r\n{rest}".encode())
        await writer.drain()


@asynccontextmanager
async def receiving(*answers: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(answers=list(answers))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
