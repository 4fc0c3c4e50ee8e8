"""HTTP/1.1 at its edges: bytes as they come, connections that end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from arguslm_simulator import Behaviour, Scenario, Simulator
from arguslm_simulator.http1 import MAX_BODY_BYTES, MAX_HEAD_BYTES

CHAT = b'{"model":"m","messages":[{}]}'
REQUEST = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n%s" % (len(CHAT), CHAT)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(Scenario({"m": Behaviour(ttft_ms=0, gap_ms=0, tokens=2)})) as simulator:
        yield simulator


@pytest.fixture
async def wire(simulator: Simulator, wire_to: Callable[[Simulator], Any]) -> Any:
    return await wire_to(simulator)


async def test_a_request_may_come_byte_by_byte(wire: Any) -> None:
    for byte in REQUEST:
        wire.writer.write(bytes([byte]))
        await wire.writer.drain()
        await asyncio.sleep(0)
    assert (await wire.answer()).status == 200


async def test_pipelined_requests_are_answered_in_order(wire: Any) -> None:
    wire.writer.write(REQUEST + b"GET /health HTTP/1.1\r\n\r\n" + REQUEST)
    answers = [await wire.answer() for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]
    assert answers[1].json() == {"status": "ok"}
    assert answers[0].json()["id"] != answers[2].json()["id"]


@pytest.mark.parametrize(
    ("request_line", "header"),
    [("GET /health HTTP/1.1", "connection: close"), ("GET /health HTTP/1.0", "host: x")],
)
async def test_a_connection_closes_when_its_client_wants_it(
    wire: Any, request_line: str, header: str
) -> None:
    wire.writer.write(f"{request_line}\r\n{header}\r\n\r\n".encode())
    assert (await wire.answer()).status == 200
    assert await wire.reader.read() == b""


async def test_expect_100_continue(wire: Any) -> None:
    head = REQUEST.removesuffix(CHAT)
    wire.writer.write(head.removesuffix(b"\r\n") + b"expect: 100-continue\r\n\r\n")
    assert await wire.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.writer.write(CHAT)
    assert (await wire.answer()).status == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /health HTTP/2\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /health HTTP/1.1\r\nspace : x\r\n\r\n", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: -5\r\n\r\n", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1), 413),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * (MAX_HEAD_BYTES + 1), 431),
    ],
)
async def test_what_cannot_be_read_is_refused_and_closed(
    wire: Any, sent: bytes, status: int
) -> None:
    wire.writer.write(sent)
    answer = await wire.answer()
    assert answer.status == status
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert await wire.reader.read() == b""


async def test_leaving_closes_every_connection(wire_to: Callable[[Simulator], Any]) -> None:
    models = {"m": Behaviour(ttft_ms=60_000)}
    async with Simulator(Scenario(models)) as simulator:
        wire = await wire_to(simulator)
        wire.writer.write(REQUEST)
        async with asyncio.timeout(30):
            await simulator.until(lambda stats: stats.in_flight == 1)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await wire.answer()
    assert simulator.stats().in_flight == 0
    with pytest.raises(OSError, match=r"[Cc]onnect"):
        await wire_to(simulator)


async def test_a_taken_port_is_an_os_error(simulator: Simulator) -> None:
    port = int(simulator.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="in use"):
        async with Simulator(port=port):
            pass
