"""OpenAI's API as its clients see it."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from arguslm_simulator import Behaviour, Scenario, Simulator

SCENARIO = Scenario(
    {
        "swift": Behaviour(ttft_ms=2, gap_ms=0.1, tokens=12),
        "meta-llama/Llama-3-70b": Behaviour(
            ttft_ms=2, gap_ms=0.1, tokens=6, reasoning_tokens=4, tokens_per_chunk=3
        ),
    }
)
THINKER = "meta-llama/Llama-3-70b"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(SCENARIO) as simulator:
        yield simulator


@pytest.fixture
async def wire(simulator: Simulator, wire_to: Callable[[Simulator], Any]) -> Any:
    return await wire_to(simulator)


def texts(frames: list[dict[str, Any]], field: str) -> list[str]:
    deltas = [frame["choices"][0]["delta"] for frame in frames if frame["choices"]]
    return [delta[field] for delta in deltas if delta.get(field)]


async def test_a_streamed_answer_frame_by_frame(wire: Any) -> None:
    answer = await wire.chat("swift")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.events[-1] == "[DONE]"
    frames = answer.frames
    assert len(frames) == 1 + 12 + 1
    assert frames[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert len(texts(frames, "content")) == 12
    assert frames[-1]["choices"][0] == {
        "index": 0,
        "delta": {},
        "logprobs": None,
        "finish_reason": "stop",
    }
    assert {frame["object"] for frame in frames} == {"chat.completion.chunk"}
    assert {frame["model"] for frame in frames} == {"swift"}
    assert len({frame["id"] for frame in frames}) == 1
    assert all("usage" not in frame for frame in frames)


async def test_usage_comes_alone_in_the_last_frame_when_asked_for(wire: Any) -> None:
    answer = await wire.chat(THINKER, stream_options={"include_usage": True})
    *others, last = answer.frames
    assert last["choices"] == []
    usage = last["usage"]
    assert usage["completion_tokens"] == 10
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 4}
    assert usage["total_tokens"] == usage["prompt_tokens"] + 10
    assert all(frame["usage"] is None for frame in others)


async def test_reasoning_comes_first_and_frames_hold_as_many_tokens_as_set(wire: Any) -> None:
    frames = (await wire.chat(THINKER)).frames
    assert [len(text.split()) for text in texts(frames, "reasoning_content")] == [3, 1]
    assert [len(text.split()) for text in texts(frames, "content")] == [3, 3]
    kinds = [next(iter(frame["choices"][0]["delta"]), "") for frame in frames[1:-1]]
    assert kinds == ["reasoning_content"] * 2 + ["content"] * 2


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_max_tokens_is_honoured(wire: Any, name: str) -> None:
    frames = (await wire.chat("swift", **{name: 5})).frames
    assert len(texts(frames, "content")) == 5
    assert frames[-1]["choices"][0]["finish_reason"] == "length"


async def test_a_budget_may_end_inside_reasoning(wire: Any) -> None:
    answer = await wire.chat(THINKER, stream=False, max_tokens=2)
    choice = answer.json()["choices"][0]
    assert choice["finish_reason"] == "length"
    assert choice["message"]["content"] == ""
    assert choice["message"]["reasoning_content"] == " alpha bravo"


async def test_an_answer_in_one_piece_says_the_same_as_the_stream(wire: Any) -> None:
    streamed = (await wire.chat("swift")).frames
    answer = await wire.chat("swift", stream=False)
    document = answer.json()
    message = document["choices"][0]["message"]
    assert message["content"] == "".join(texts(streamed, "content"))
    assert document["usage"]["completion_tokens"] == 12
    assert int(document["system_fingerprint"]) >= answer.read_ns
    assert answer.headers["content-type"] == "application/json"


async def test_a_client_library_reads_it_too(simulator: Simulator) -> None:
    async with httpx.AsyncClient(base_url=simulator.url) as client:
        body = {"model": "swift", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
        async with client.stream("POST", "/v1/chat/completions", json=body) as response:
            lines = [line async for line in response.aiter_lines() if line]
        assert lines[-1] == "data: [DONE]"
        models = (await client.get("/v1/models")).json()
        assert [model["id"] for model in models["data"]] == ["swift", THINKER]
        assert (await client.get("/health")).json() == {"status": "ok"}
        assert simulator.stats().connections == 1, "the connection was kept alive"


async def test_an_unknown_model_is_openais_404(wire: Any) -> None:
    answer = await wire.chat("gpt-9")
    assert answer.status == 404
    error = answer.json()["error"]
    assert error["code"] == "model_not_found"
    assert error["type"] == "invalid_request_error"
    assert "gpt-9" in error["message"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"model": None}, "model"),
        ({"messages": []}, "messages"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": "many"}, "max_completion_tokens"),
    ],
)
async def test_a_bad_request_names_its_parameter(
    wire: Any, body_for: Callable[..., dict[str, Any]], change: dict[str, Any], param: str
) -> None:
    body = {**body_for("swift"), **change}
    answer = await wire.request("POST", "/v1/chat/completions", body)
    assert answer.status == 400
    assert answer.json()["error"]["param"] == param


async def test_other_paths_and_methods_are_refused_in_openais_form(wire: Any) -> None:
    unknown = await wire.request("GET", "/v1/nothing")
    assert (unknown.status, unknown.json()["error"]["code"]) == (404, "unknown_url")
    wrong = await wire.request("GET", "/v1/chat/completions")
    assert (wrong.status, wrong.json()["error"]["code"]) == (405, "method_not_supported")
    assert wrong.headers["allow"] == "POST"
