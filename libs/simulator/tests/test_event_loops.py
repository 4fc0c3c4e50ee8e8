"""The command serves on uvloop, tests mostly on asyncio: the wire must not tell which."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from arguslm_simulator import Behaviour, Fault, Scenario, Simulator

MODEL = Behaviour(ttft_ms=2, gap_ms=0.1, tokens=12, headers_ms=1, stall_after_tokens=4, slow_ms=3)


def on(loop_factory: Callable[[], asyncio.AbstractEventLoop], exchange: Any) -> Any:
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(exchange)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("fault", Fault)
def test_both_loops_put_the_same_bytes_on_the_wire(
    wire_to: Callable[[Simulator], Any],
    body_for: Callable[..., dict[str, Any]],
    fault: Fault,
    stream: bool,
) -> None:
    async def exchange() -> bytes:
        async with Simulator(Scenario({"m": MODEL.changed({"fault": fault})})) as simulator:
            wire = await wire_to(simulator)
            body = body_for("m", stream=stream)
            wire.send("POST", "/v1/chat/completions", body, connection="close")
            if fault in (Fault.STALL, Fault.HANG_HEADERS):
                # These never end, so the reading has to.
                return await read_until_silence(wire.reader)
            return await asyncio.wait_for(wire.reader.read(), 10)

    sent_by_asyncio = without_times(on(asyncio.new_event_loop, exchange()))
    sent_by_uvloop = without_times(on(uvloop.new_event_loop, exchange()))
    assert sent_by_uvloop == sent_by_asyncio
    assert bool(sent_by_uvloop) == (fault is not Fault.HANG_HEADERS)


async def read_until_silence(reader: asyncio.StreamReader) -> bytes:
    data = b""
    try:
        while piece := await asyncio.wait_for(reader.read(65536), 0.15):
            data += piece
    except TimeoutError:
        return data
    raise AssertionError("the connection ended")


def without_times(data: bytes) -> bytes:
    data = re.sub(rb'"created":\d+', b'"created":0', data)
    data = re.sub(rb"x-request-read-ns: \d+", b"x-request-read-ns: 0", data)
    return re.sub(rb'"system_fingerprint":"\d{19}"', b'"system_fingerprint":"0"', data)


def test_uvloop_keeps_connections_and_stamps_in_order(wire_to: Callable[[Simulator], Any]) -> None:
    async def exchange() -> None:
        async with Simulator(Scenario({"m": MODEL})) as simulator:
            wire = await wire_to(simulator)
            for _ in range(3):
                answer = await wire.chat("m")
                stamps = [int(frame["system_fingerprint"]) for frame in answer.frames]
                assert len(stamps) == 14
                assert stamps == sorted(stamps)
                assert stamps[1] >= answer.read_ns + 2_000_000
            assert simulator.stats().connections == 1

    on(uvloop.new_event_loop, exchange())
