"""Each fault's form on the wire, streamed and in one piece."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from arguslm_simulator import Behaviour, Fault, Scenario, Simulator

STREAM = pytest.mark.parametrize("stream", [True, False])


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    model = Behaviour(ttft_ms=2, gap_ms=0.1, tokens=12, stall_after_tokens=4)
    async with Simulator(Scenario({"m": model}, seed=11)) as simulator:
        yield simulator


@pytest.fixture
async def wire(simulator: Simulator, wire_to: Callable[[Simulator], Any]) -> Any:
    return await wire_to(simulator)


def content(frames: list[dict[str, Any]]) -> list[str]:
    deltas = [frame["choices"][0]["delta"] for frame in frames if frame.get("choices")]
    return [delta["content"] for delta in deltas if delta.get("content")]


@STREAM
@pytest.mark.parametrize(
    ("fault", "status", "kind", "code"),
    [
        (Fault.HTTP_500, 500, "server_error", None),
        (Fault.HTTP_503, 503, "server_error", None),
        (Fault.HTTP_429, 429, "requests", "rate_limit_exceeded"),
        (Fault.HTTP_401, 401, "invalid_request_error", "invalid_api_key"),
        (Fault.QUOTA, 429, "insufficient_quota", "insufficient_quota"),
    ],
)
async def test_errors_with_a_status(
    simulator: Simulator,
    wire: Any,
    stream: bool,
    fault: Fault,
    status: int,
    kind: str,
    code: str | None,
) -> None:
    simulator.set("m", fault=fault)
    answer = await wire.chat("m", stream=stream)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == (kind, code)
    assert error["message"]
    assert ("retry-after" in answer.headers) == (fault in (Fault.HTTP_429, Fault.HTTP_503))
    simulator.set("m", fault="none")
    assert (await wire.chat("m")).status == 200, "the same connection is of further use"


async def test_empty_is_a_200_without_content(simulator: Simulator, wire: Any) -> None:
    simulator.set("m", fault="empty")
    streamed = await wire.chat("m", stream_options={"include_usage": True})
    assert streamed.status == 200
    assert content(streamed.frames) == []
    assert streamed.events[-1] == "[DONE]"
    assert streamed.frames[-1]["usage"]["completion_tokens"] == 0
    whole = (await wire.chat("m", stream=False)).json()
    assert whole["choices"][0]["message"]["content"] == ""


async def test_truncated_spends_its_budget_on_reasoning(simulator: Simulator, wire: Any) -> None:
    simulator.set("m", fault="truncated")
    frames = (await wire.chat("m")).frames
    assert content(frames) == []
    assert "reasoning_content" in frames[1]["choices"][0]["delta"]
    assert frames[-1]["choices"][0]["finish_reason"] == "length"
    whole = (await wire.chat("m", stream=False)).json()
    assert whole["choices"][0]["message"]["content"] == ""
    assert whole["usage"]["completion_tokens_details"]["reasoning_tokens"] == 12


async def test_error_in_stream(simulator: Simulator, wire: Any) -> None:
    simulator.set("m", fault="error_in_stream")
    streamed = await wire.chat("m")
    assert streamed.status == 200
    assert streamed.whole
    assert len(content(streamed.frames)) == 4
    assert streamed.frames[-1]["error"]["type"] == "server_error"
    assert streamed.events[-1] == "[DONE]"
    whole = await wire.chat("m", stream=False)
    assert whole.status == 200
    assert whole.json()["error"]["type"] == "server_error"


async def test_invalid_stream_cannot_be_read_as_json(simulator: Simulator, wire: Any) -> None:
    simulator.set("m", fault="invalid_stream")
    streamed = await wire.chat("m")
    assert streamed.whole, "HTTP itself is sound"
    *readable, broken = streamed.events
    assert len(content([json.loads(event) for event in readable])) == 4
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(broken)
    whole = await wire.chat("m", stream=False)
    assert whole.status == 200
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        whole.json()


async def test_early_end_is_sound_http_without_an_ending(simulator: Simulator, wire: Any) -> None:
    simulator.set("m", fault="early_end")
    streamed = await wire.chat("m")
    assert streamed.whole
    assert len(content(streamed.frames)) == 4
    assert "[DONE]" not in streamed.events
    assert all(frame["choices"][0]["finish_reason"] is None for frame in streamed.frames)
    choice = (await wire.chat("m", stream=False)).json()["choices"][0]
    assert choice["finish_reason"] is None
    assert len(choice["message"]["content"].split()) == 4


async def test_disconnect_in_the_middle(
    simulator: Simulator, wire_to: Callable[[Simulator], Any]
) -> None:
    simulator.set("m", fault="disconnect")
    streamed = await (await wire_to(simulator)).chat("m")
    assert not streamed.whole
    assert len(content(streamed.frames)) == 4
    whole = await (await wire_to(simulator)).chat("m", stream=False)
    assert not whole.whole
    assert 0 < len(whole.body) < int(whole.headers["content-length"])


@STREAM
async def test_disconnect_after_no_token_closes_without_a_byte(
    simulator: Simulator, wire: Any, body_for: Callable[..., dict[str, Any]], stream: bool
) -> None:
    simulator.set("m", fault="disconnect", stall_after_tokens=0)
    wire.send("POST", "/v1/chat/completions", body_for("m", stream=stream))
    assert await wire.reader.read() == b""


async def test_stall_sends_its_tokens_and_then_nothing_ever(
    simulator: Simulator, wire: Any, body_for: Callable[..., dict[str, Any]]
) -> None:
    simulator.set("m", fault="stall")
    wire.send("POST", "/v1/chat/completions", body_for("m", stream=True))
    status, _ = await wire.head()
    assert status == 200
    frames = [json.loads((await wire.chunk()).removeprefix(b"data: ")) for _ in range(5)]
    assert len(content(frames)) == 4
    await assert_silent(wire, simulator)


async def test_stall_in_one_piece_stops_inside_the_body(
    simulator: Simulator, wire: Any, body_for: Callable[..., dict[str, Any]]
) -> None:
    simulator.set("m", fault="stall")
    wire.send("POST", "/v1/chat/completions", body_for("m"))
    _, headers = await wire.head()
    length = int(headers["content-length"])
    assert await wire.reader.readexactly(length // 2)
    await assert_silent(wire, simulator)


async def test_stall_before_the_first_token_has_its_headers(
    simulator: Simulator, wire: Any, body_for: Callable[..., dict[str, Any]]
) -> None:
    simulator.set("m", fault="stall", stall_after_tokens=0)
    wire.send("POST", "/v1/chat/completions", body_for("m", stream=True))
    assert (await wire.head())[0] == 200
    assert b'"role":"assistant"' in await wire.chunk()
    await assert_silent(wire, simulator)


@STREAM
async def test_hang_headers_says_nothing_at_all(
    simulator: Simulator, wire: Any, body_for: Callable[..., dict[str, Any]], stream: bool
) -> None:
    simulator.set("m", fault="hang_headers")
    wire.send("POST", "/v1/chat/completions", body_for("m", stream=stream))
    await assert_silent(wire, simulator)


async def assert_silent(wire: Any, simulator: Simulator) -> None:
    """No byte and no end for a time in which a whole answer would have come many times over; and
    once the client is gone the request is no longer in flight."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wire.reader.read(1), 0.15)
    assert simulator.stats().in_flight == 1
    wire.writer.close()
    async with asyncio.timeout(30):
        await simulator.until(lambda stats: stats.in_flight == 0)


async def test_a_fault_in_the_middle_shows_even_in_the_shortest_answer(
    simulator: Simulator, wire: Any
) -> None:
    simulator.set("m", fault="error_in_stream")
    answer = await wire.chat("m", max_tokens=1)
    assert content(answer.frames) == []
    assert "error" in answer.frames[-1]


async def test_faults_are_reproducible_by_seed(wire_to: Callable[[Simulator], Any]) -> None:
    flaky = Behaviour(ttft_ms=0, gap_ms=0, tokens=1, fault=Fault.HTTP_500, fault_rate=0.4)

    async def statuses(seed: int) -> list[int]:
        async with Simulator(Scenario({"m": flaky}, seed=seed)) as simulator:
            wire = await wire_to(simulator)
            seen = [(await wire.chat("m")).status for _ in range(40)]
            assert simulator.stats().requests == {"m": 40}
            assert simulator.stats().faults == {"m": seen.count(500)}
            return seen

    first, again, other = await statuses(1), await statuses(1), await statuses(2)
    assert first == again
    assert first != other
    assert set(first) == {200, 500}
