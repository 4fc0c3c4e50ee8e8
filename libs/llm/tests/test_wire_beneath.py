"""Our wire beneath LiteLLM: its parser reads, and the clocks are the wire's."""

import orjson
import pytest

from arguslm_contracts.measurement import ProbeProfile, Stamp, Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_llm import wire_beneath
from arguslm_llm.catalogue import provider_types
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.litellm_arguments import arguments_for

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "planted-key-0a1b2c3d4e5f"


def token(text):
    return b"data: " + orjson.dumps({"text_output": text}) + b"\n\n"


def triton(server_port):
    return Endpoint(
        "triton",
        base_url=f"http://127.0.0.1:{server_port}/v2/models/m/generate",
        credentials={"api_key": KEY},
        model="m",
    )


def probe(**timeouts):
    return ProbeProfile(prompt="hi", timeouts=Timeouts(**timeouts))


async def test_each_token_has_the_stamp_of_the_bytes_that_completed_it(measurer, serve, reply):
    """LiteLLM sees nothing before all has arrived: its own time is in no clock."""
    cut = token("lo")
    server = await serve(
        reply([(0.0, token("Hel")), (0.1, cut[:9]), (0.2, cut[9:]), (0.3, token("!"))])
    )
    thread, endpoint = measurer._litellm, triton(server.port)
    arguments = arguments_for(endpoint, provider_types()["triton"], probe())
    exchange, transcript = await thread.run(
        wire_beneath.ask(thread.litellm, arguments, Timeouts(), None, thread.wire)
    )
    arrived = [ns for ns, _ in exchange.reads]
    assert transcript.answer == "Hello!"
    assert (transcript.first_token_ns, transcript.last_token_ns) == (arrived[0], arrived[-1])
    assert arrived[-1] <= exchange.ended_ns
    result = await measurer.measure(endpoint, probe())
    assert result.outcome is Outcome.OK
    assert result.timing.stamp is not Stamp.CLIENT_LIBRARY
    assert result.timing.max_gap_ms >= 100
    assert len(server.received) == 2


async def test_a_refusal_is_told_in_the_servers_words(measurer, serve, reply):
    body = orjson.dumps({"error": {"message": f"no such key: {KEY}"}})
    server = await serve(reply([(0.0, body)], status=401, content_type="application/json"))
    result = await measurer.measure(triton(server.port), probe())
    assert result.outcome is Outcome.AUTH
    assert result.evidence.message.startswith("no such key")
    assert KEY not in result.model_dump_json()
    assert len(server.received) == 1


async def test_what_the_wire_found_is_the_outcome(measurer, serve, reply, free_port):
    refused = await measurer.measure(triton(free_port), probe())
    assert refused.outcome is Outcome.REFUSED
    late = await serve(reply([(0.0, token("x"))], head_after_s=2))
    result = await measurer.measure(triton(late.port), probe(headers_s=0.1))
    assert result.outcome is Outcome.TIMEOUT_HEADERS
    stalled = await serve(reply([(0.0, token("x"))], ending="hang"))
    result = await measurer.measure(triton(stalled.port), probe(gap_s=0.1))
    assert result.outcome is Outcome.STALLED
    assert result.timing.first_token_ms is not None
    broken = await serve(reply([(0.0, token("x"))], ending="abort"))
    result = await measurer.measure(triton(broken.port), probe())
    assert result.outcome is Outcome.DISCONNECTED
    assert len(broken.received) == 1


async def test_what_cannot_be_asked_is_said(measurer):
    """LiteLLM refuses this address before anything is sent."""
    target = Endpoint("triton", base_url="http://127.0.0.1:9/nowhere", model="m")
    result = await measurer.measure(target, probe())
    assert result.outcome is not Outcome.OK
    assert "Triton" in result.evidence.message
