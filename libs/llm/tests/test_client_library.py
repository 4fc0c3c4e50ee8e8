"""The way around our wire: LiteLLM sends, and the measurement says so."""

import orjson
import pytest

from arguslm_contracts.measurement import ProbeProfile, Stamp, Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_egress.policy import EgressPolicy
from arguslm_llm import client_library, litellm_gate
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.measure import Measurer
from arguslm_llm.network import Network

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "planted-key-0a1b2c3d4e5f"


def delta(**fields):
    choice = {"index": 0, "delta": fields, "finish_reason": None}
    return b"data: " + orjson.dumps({"id": "c", "choices": [choice]}) + b"\n\n"


END = (
    b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)


async def ask(measurer, base_url, *, model="openai/llama3:8b", **timeouts):
    arguments = {
        "model": model,
        "messages": [{"role": "user", "content": "hi"}],
        "api_base": base_url,
        "api_key": KEY,
        "stream": True,
        "max_retries": 0,
    }
    thread = measurer._litellm
    return await thread.run(
        client_library.ask(thread.litellm, arguments, Timeouts(**timeouts), None)
    )


async def test_a_stream_through_litellm(measurer, serve, reply):
    steps = [
        (0.1, delta(role="assistant", content="Hel")),
        (0.15, delta(content="lo")),
        (0.15, END),
    ]
    server = await serve(reply(steps))
    exchange, transcript = await ask(measurer, server.base_url)
    assert (exchange.failure, exchange.status) == (None, 200)
    assert transcript.answer == "Hello"
    assert transcript.finish_reason == "stop"
    first_ms = (transcript.first_token_ns - exchange.sent_ns) / 1e6
    assert first_ms >= 100  # LiteLLM's own time is in it: that is why it is labelled
    assert server.received[0].headers["authorization"] == f"Bearer {KEY}"


async def test_a_refusal_through_litellm(measurer, serve, reply):
    body = orjson.dumps({"error": {"message": "no such key", "code": "invalid_api_key"}})
    server = await serve(reply([(0.0, body)], status=401, content_type="application/json"))
    exchange, transcript = await ask(measurer, server.base_url)
    assert (exchange.failure, exchange.status) == (None, 401)
    assert "no such key" in transcript.error.message
    assert len(server.received) == 1


@pytest.mark.parametrize("status", [401, 402, 404])
async def test_a_refusal_is_what_the_provider_said_whatever_litellm_makes_of_it(
    measurer, serve, reply, status
):
    """It calls each of these an error of the server's."""
    body = orjson.dumps({"detail": "Not for you."})
    server = await serve(reply([(0.0, body)], status=status, content_type="application/json"))
    exchange, transcript = await ask(measurer, server.base_url, model="nlp_cloud/dolphin")
    assert (exchange.failure, exchange.status) == (None, status)
    assert transcript.error.message == "Not for you."


async def test_a_refused_connection_through_litellm(measurer, free_port):
    exchange, _ = await ask(measurer, f"http://127.0.0.1:{free_port}/v1")
    assert (exchange.failure, exchange.status) == (Outcome.REFUSED, None)


async def test_deadlines_through_litellm(measurer, serve, reply):
    late = await serve(reply([(1.0, END)], head_after_s=1.0))
    exchange, _ = await ask(measurer, late.base_url, connect_s=0.05, headers_s=0.05)
    assert exchange.failure is Outcome.TIMEOUT_HEADERS
    stalled = await serve(reply([(0.0, delta(content="x"))], ending="hang"))
    exchange, _ = await ask(measurer, stalled.base_url, gap_s=0.1)
    assert exchange.failure is Outcome.STALLED
    silent = await serve(reply([(0.0, b": ping\n\n")], ending="hang"))
    exchange, _ = await ask(measurer, silent.base_url, first_token_s=0.1)
    assert exchange.failure is Outcome.TIMEOUT_FIRST_TOKEN
    exchange, _ = await ask(measurer, silent.base_url, total_s=0.1)
    assert exchange.failure is Outcome.TIMEOUT_TOTAL


async def test_the_policy_holds_for_litellm_too(serve, reply):
    server = await serve(reply([(0.0, END)]))
    strict = Measurer(Network(EgressPolicy(allow_private=False)))
    await strict.start()
    try:
        exchange, _ = await ask(strict, server.base_url)
    finally:
        await strict.close()
    assert exchange.failure is Outcome.BLOCKED_BY_POLICY
    assert server.connections == 0


async def test_no_client_outlives_the_policy_that_it_was_made_under(measurer):
    clients = litellm_gate.load(Network()).in_memory_llm_clients_cache
    clients.set_cache("made earlier", object())
    litellm_gate.load(Network())
    assert clients.get_cache("made earlier") is None


async def test_such_a_measurement_is_labelled(measurer, monkeypatch):
    """Predictions at Replicate are asked for, and then asked about: more than one exchange."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    target = Endpoint("replicate", credentials={"api_key": KEY}, model="owner/name")
    result = await measurer.measure(target, ProbeProfile(prompt="hi"))
    assert result.timing.stamp is Stamp.CLIENT_LIBRARY
    assert result.outcome is not Outcome.OK
    assert result.evidence.message
