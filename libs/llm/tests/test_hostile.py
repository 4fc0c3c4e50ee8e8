"""Whatever a provider writes: there is a measurement, soon, and the stream can carry it."""

import json
from typing import Any

import pytest
from scripted_server import Reply

from arguslm_contracts.measurement import Measurement, ProbeProfile
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import ProbeKind
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.measure import Measurer

# What takes its square takes too long, but comes to an end.
LONG = 50_000
TEXTS: dict[str, Any] = {
    "nul": "a\x00b",
    "half a character": "\ud800",
    "no blank anywhere": "x" * LONG,
    "nearly keys": "eyJ-" * (LONG // 4),
    "nearly masked keys": "a**" * (LONG // 3),
    "no text": {"a": [1]},
    "a number": 10**18,
}
USAGES: dict[str, Any] = {
    "huge": {"prompt_tokens": 10**18, "completion_tokens": 2**40},
    "negative": {"prompt_tokens": -5, "completion_tokens": 3.7},
    "text": {"prompt_tokens": "7", "completion_tokens": []},
    "more than all": {
        "prompt_tokens": 1,
        "completion_tokens": 1,
        "completion_tokens_details": {"reasoning_tokens": 10**17},
    },
    "a list": [],
}
HEADERS: dict[str, tuple[str, str]] = {
    "retry never": ("Retry-After", "1e308"),
    "retry in the past": ("Retry-After", "-5"),
    "retry in 8,000 years": ("Retry-After", "Wed, 21 Oct 9999 07:28:00 GMT"),
    "more left than there is": ("x-ratelimit-remaining-requests", "99999999999999999999"),
    "reset never": ("x-ratelimit-reset-requests", "99999999999h"),
    "long id": ("x-request-id", "q" * 6_000),
}
BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no text": b"\xff\xfe\x00",
    "deep": b"[" * LONG,
    "open tags": b"<" * LONG,
    "open scripts": b"<script>" * (LONG // 8),
    "an error of odd parts": json.dumps(
        {"error": {"message": ["a"], "type": {"b": 1}, "code": "\ud800\x00"}}
    ).encode(),
}


def stream(*frames: dict[str, Any]) -> bytes:
    return b"".join(b"data: %s\n\n" % json.dumps(frame).encode() for frame in frames)


def answer(**choice: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, **choice}]}


async def measured(measurer: Measurer, serve: Any, reply: Reply, kind: ProbeKind) -> Measurement:
    server = await serve(reply)
    endpoint = Endpoint("custom_openai_compatible", base_url=server.base_url, model="m")
    probe = ProbeProfile(prompt="say", kind=kind, expected_answer="QX-17")
    found = await measurer.measure(endpoint, probe)
    assert Measurement.model_validate_json(found.model_dump_json()) == found
    assert "\\u0000" not in found.model_dump_json()
    assert len(found.model_dump_json()) < 10_000
    return found


KINDS = (ProbeKind.LIVENESS, ProbeKind.CANARY, ProbeKind.JSON_MODE, ProbeKind.TOOL_CALL)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TEXTS)
async def test_any_text(measurer: Measurer, serve: Any, name: str, kind: ProbeKind) -> None:
    text = TEXTS[name]
    body = stream(
        answer(delta={"content": text, "reasoning_content": text}),
        answer(delta={"tool_calls": [{"index": 0, "function": {"name": text, "arguments": text}}]}),
        answer(delta={}, finish_reason=text),
    )
    found = await measured(measurer, serve, Reply(steps=[(0, body)]), kind)
    assert found.outcome is not Outcome.MONITOR_ERROR


@pytest.mark.parametrize("name", USAGES)
async def test_any_usage(measurer: Measurer, serve: Any, name: str) -> None:
    body = stream(answer(delta={"content": "ok"}, finish_reason="stop"), {"usage": USAGES[name]})
    found = await measured(measurer, serve, Reply(steps=[(0, body)]), ProbeKind.LIVENESS)
    assert found.outcome is Outcome.OK
    counts = found.usage.model_dump(exclude={"source"}).values()
    assert all(count is None or 0 <= count < 2**31 for count in counts)


@pytest.mark.parametrize("status", [200, 429, 503])
@pytest.mark.parametrize("name", HEADERS)
async def test_any_header(measurer: Measurer, serve: Any, name: str, status: int) -> None:
    body = stream(answer(delta={"content": "ok"}, finish_reason="stop"))
    reply = Reply(status=status, steps=[(0, body)], headers=dict([HEADERS[name]]))
    found = await measured(measurer, serve, reply, ProbeKind.LIVENESS)
    assert found.outcome is not Outcome.MONITOR_ERROR


@pytest.mark.timeout(10)
@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("name", BODIES)
async def test_any_body(measurer: Measurer, serve: Any, name: str, status: int) -> None:
    reply = Reply(status=status, steps=[(0, BODIES[name])])
    found = await measured(measurer, serve, reply, ProbeKind.LIVENESS)
    assert found.outcome not in (Outcome.MONITOR_ERROR, Outcome.OK)
