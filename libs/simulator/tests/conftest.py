"""Real sockets against the real server."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from arguslm_simulator import Simulator


@dataclass(frozen=True)
class RawAnswer:
    """All bytes of one response, taken apart by hand. `whole`: it ended as HTTP says it should."""

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool

    @property
    def read_ns(self) -> int:
        return int(self.headers["x-request-read-ns"])

    @property
    def events(self) -> list[str]:
        return [e.removeprefix("data: ") for e in self.body.decode().split("\n\n") if e]

    @property
    def frames(self) -> list[dict[str, Any]]:
        return [json.loads(event) for event in self.events if event != "[DONE]"]

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection, written and read byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, simulator: Simulator) -> "Wire":
        host, port = simulator.url.removeprefix("http://").split(":")
        return cls(*await asyncio.open_connection(host, int(port)))

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "host: simulator", f"content-length: {len(data)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data)

    async def head(self) -> tuple[int, dict[str, str]]:
        text = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        status_line, *lines = text.rstrip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return int(status_line.split()[1]), headers

    async def answer(self) -> RawAnswer:
        status, headers = await self.head()
        body, whole = b"", True
        try:
            if headers.get("transfer-encoding") == "chunked":
                while piece := await self.chunk():
                    body += piece
            else:
                body = await self.reader.readexactly(int(headers["content-length"]))
        except asyncio.IncompleteReadError as error:
            body, whole = body + error.partial, False
        return RawAnswer(status, headers, body, whole)

    async def chunk(self) -> bytes:
        """The next chunk's data; empty for the last one."""
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        return (await self.reader.readexactly(size + 2))[:-2]

    async def chat(self, model: str, *, stream: bool = True, **options: Any) -> RawAnswer:
        self.send("POST", "/v1/chat/completions", chat_body(model, stream=stream, **options))
        return await self.answer()

    async def request(self, method: str, path: str, body: Any = None, **headers: str) -> RawAnswer:
        self.send(method, path, body, **headers)
        return await self.answer()


def chat_body(model: str, **options: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "Say a word."}], **options}


@pytest.fixture
def wire_to() -> Callable[[Simulator], Any]:
    return Wire.to


@pytest.fixture
def body_for() -> Callable[..., dict[str, Any]]:
    return chat_body
