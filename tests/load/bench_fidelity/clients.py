"""The stopwatches that are compared. Each asks once and tells when it got what."""

import asyncio
import importlib
import os
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
import openai
import orjson

from arguslm_contracts.measurement import Timeouts
from arguslm_egress.policy import EgressPolicy
from arguslm_llm.decoders import Dialect, progress_of
from arguslm_llm.decoders.framing import server_events
from arguslm_llm.exchange import Read
from arguslm_llm.http1 import ResponseParser, WireRequest
from arguslm_llm.network import Network
from arguslm_llm.wire import Wire
from bench_fidelity.truth import MODEL

_MESSAGES = [{"role": "user", "content": "Hello"}]
_BODY = orjson.dumps({"model": MODEL, "stream": True, "messages": _MESSAGES})
_HEADERS = {"Content-Type": "application/json"}

Token = tuple[int, int]
"""When it was received and when the endpoint sent it, both in ns of time.monotonic_ns()."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One answer: when it was asked for, and its tokens. They are read from what was received
    when the clocks no longer run, where the client hands out bytes."""

    sent_ns: int
    read_tokens: Callable[[], Iterable[Token]]


Ask = Callable[[], Awaitable[Trace]]
Client = Callable[[str, ssl.SSLContext | None], Any]


@asynccontextmanager
async def arguslm(url: str, tls: ssl.SSLContext | None) -> AsyncIterator[Ask]:
    """Our own transport."""
    wire = Wire(Network(EgressPolicy(), tls=tls) if tls else Network(EgressPolicy()))
    headers = tuple(_HEADERS.items())
    request = WireRequest("POST", f"{url}/v1/chat/completions", headers, _BODY)
    progress = progress_of(Dialect.OPENAI)

    async def ask() -> Trace:
        exchange = await wire.exchange(request, Timeouts(), progress)
        assert exchange.failure is None, exchange.message
        assert exchange.sent_ns is not None
        return Trace(exchange.sent_ns, lambda: _tokens(exchange.reads))

    yield ask
    await wire.close()


class _BareProtocol(asyncio.Protocol):
    """Appends what comes until the last chunk; knows nothing of HTTP."""

    def __init__(self) -> None:
        self.reads: list[Read] = []
        self.done: asyncio.Future[None] | None = None

    def data_received(self, data: bytes) -> None:
        self.reads.append((time.monotonic_ns(), data))
        if data.endswith(b"0\r\n\r\n") and self.done is not None:
            self.done.set_result(None)


@asynccontextmanager
async def bare_protocol(url: str, tls: ssl.SSLContext | None) -> AsyncIterator[Ask]:
    """The least that a stopwatch on asyncio can do: what ours costs beyond it is its price."""
    loop = asyncio.get_running_loop()
    host, _, port = url.rpartition("/")[2].partition(":")
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(_BODY)}\r\n\r\n"
    idle: list[tuple[asyncio.Transport, _BareProtocol]] = []

    async def ask() -> Trace:
        connecting = (
            None if idle else loop.create_connection(_BareProtocol, host, int(port), ssl=tls)
        )
        transport, protocol = await connecting if connecting else idle.pop()
        protocol.reads, protocol.done = [], loop.create_future()
        reads, sent_ns = protocol.reads, time.monotonic_ns()
        transport.write(head.encode() + _BODY)
        await protocol.done
        idle.append((transport, protocol))
        return Trace(sent_ns, lambda: _tokens(_bodies(reads)))

    yield ask
    for transport, _ in idle:
        transport.abort()


@asynccontextmanager
async def raw_aiohttp(url: str, tls: ssl.SSLContext | None) -> AsyncIterator[Ask]:
    connector = aiohttp.TCPConnector(limit=0, ssl=tls or True)
    async with aiohttp.ClientSession(connector=connector, headers=_HEADERS) as session:

        async def ask() -> Trace:
            sent_ns, reads = time.monotonic_ns(), list[Read]()
            async with session.post(f"{url}/v1/chat/completions", data=_BODY) as answer:
                async for data in answer.content.iter_any():
                    reads.append((time.monotonic_ns(), data))
            return Trace(sent_ns, lambda: _tokens(reads))

        yield ask


@asynccontextmanager
async def raw_httpx(url: str, tls: ssl.SSLContext | None) -> AsyncIterator[Ask]:
    async with _httpx_client(tls) as client:

        async def ask() -> Trace:
            sent_ns, reads = time.monotonic_ns(), list[Read]()
            asking = client.stream(
                "POST", f"{url}/v1/chat/completions", content=_BODY, headers=_HEADERS
            )
            async with asking as answer:
                async for data in answer.aiter_raw():
                    reads.append((time.monotonic_ns(), data))
            return Trace(sent_ns, lambda: _tokens(reads))

        yield ask


@asynccontextmanager
async def openai_sdk(url: str, tls: ssl.SSLContext | None) -> AsyncIterator[Ask]:
    http: Any = openai.DefaultAsyncHttpxClient(verify=tls or True, trust_env=False)
    async with openai.AsyncOpenAI(
        base_url=f"{url}/v1", api_key="none", max_retries=0, http_client=http
    ) as client:
        create: Any = client.chat.completions.create

        async def ask() -> Trace:
            sent_ns = time.monotonic_ns()
            return await _gathered(sent_ns, create(model=MODEL, messages=_MESSAGES, stream=True))

        yield ask


@asynccontextmanager
async def litellm_acompletion(url: str, tls: ssl.SSLContext | None) -> AsyncIterator[Ask]:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # read while importing
    litellm: Any = importlib.import_module("litellm")
    litellm.suppress_debug_info = True
    litellm.num_retries = 0
    if tls is not None:
        litellm.ssl_verify = os.environ["SSL_CERT_FILE"]

    async def ask() -> Trace:
        sent_ns = time.monotonic_ns()
        answer = litellm.acompletion(
            model=f"openai/{MODEL}",
            api_base=f"{url}/v1",
            api_key="none",
            messages=_MESSAGES,
            stream=True,
        )
        return await _gathered(sent_ns, answer)

    yield ask


CLIENTS: dict[str, Client] = {
    "arguslm": arguslm,
    "bare": bare_protocol,
    "aiohttp": raw_aiohttp,
    "httpx": raw_httpx,
    "openai": openai_sdk,
    "litellm": litellm_acompletion,
}


def _httpx_client(tls: ssl.SSLContext | None) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(verify=tls or True, limits=limits, timeout=60, trust_env=False)


async def _gathered(sent_ns: int, answer: Awaitable[AsyncIterator[Any]]) -> Trace:
    """The tokens of a client that hands out chunks as objects."""
    tokens: list[Token] = []
    async for chunk in await answer:
        received_ns = time.monotonic_ns()
        if chunk.choices and chunk.choices[0].delta.content:
            tokens.append((received_ns, int(chunk.system_fingerprint)))
    return Trace(sent_ns, lambda: tokens)


def _bodies(reads: list[Read]) -> list[Read]:
    """The same without what HTTP put around it."""
    parser = ResponseParser()
    return [(ns, parser.feed(data)) for ns, data in reads]


def _tokens(reads: list[Read]) -> Iterable[Token]:
    for received_ns, _, data in server_events(reads):
        if data == b"[DONE]":
            continue
        frame = orjson.loads(data)
        if frame["choices"] and frame["choices"][0]["delta"].get("content"):
            yield received_ns, int(frame["system_fingerprint"])
