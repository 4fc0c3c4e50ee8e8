"""A request that is refused for its form is mended, once and for all that follow."""

import itertools
import json
from typing import Any

import pytest
from scripted_server import Reply, ScriptedServer

from arguslm_contracts.measurement import Evidence, Measurement, ProbeProfile
from arguslm_contracts.outcomes import Outcome
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.measure import Measurer
from arguslm_llm.request import RequestBuilder

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPENAI = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion"
EFFORT = "Unsupported value: 'reasoning_effort' does not support 'low' with this model."
NAMES = itertools.count()


def refusal(said: Any, status: int = 400) -> Reply:
    body = said if isinstance(said, dict) else {"error": {"message": said}}
    steps = [(0.0, json.dumps(body).encode())]
    return Reply(steps=steps, status=status, content_type="application/json")


def answer() -> Reply:
    frame = {"choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]}
    return Reply(steps=[(0.0, f"data: {json.dumps(frame)}\n\ndata: [DONE]\n\n".encode())])


@pytest.fixture
def target(serve: Any) -> Any:
    """An endpoint of its own for each test: what is learned of one stays."""

    async def made(*replies: Reply, model: str | None = None) -> tuple[Endpoint, ScriptedServer]:
        server = await serve(*replies)
        name = model or f"alias-{next(NAMES)}"
        return Endpoint("openai", base_url=server.base_url, model=name), server

    return made


async def ask(measurer: Measurer, endpoint: Endpoint) -> Measurement:
    profile = ProbeProfile(prompt="hi", max_tokens=9, reasoning_effort="low")
    return await measurer.measure(endpoint, profile)


def sent(server: ScriptedServer) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in server.received]


async def test_another_parameter_is_sent_and_the_first_one_never_again(
    measurer: Measurer, target: Any
) -> None:
    endpoint, server = await target(refusal(OPENAI), answer())
    mended = await ask(measurer, endpoint)
    assert mended.outcome is Outcome.OK
    assert mended.evidence.message == "asked again: max_tokens was refused"
    later = await ask(measurer, endpoint)
    assert (later.outcome, later.evidence.message) == (Outcome.OK, None)
    first, *others = sent(server)
    assert "max_tokens" in first
    assert [body.get("max_completion_tokens") for body in others] == [9, 9]
    assert not any("max_tokens" in body for body in others)


@pytest.mark.parametrize(
    ("said", "status", "model", "left_out"),
    [
        (
            {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs not permitted"}]},
            422,
            None,
            "stream_options",
        ),
        ("Unrecognized request argument supplied: stream_options", 400, None, "stream_options"),
        (EFFORT, 400, "gpt-5-nano", "reasoning_effort"),
    ],
)
async def test_what_a_server_does_not_take_is_left_out(
    measurer: Measurer, target: Any, said: Any, status: int, model: str | None, left_out: str
) -> None:
    endpoint, server = await target(refusal(said, status), answer(), model=model)
    assert (await ask(measurer, endpoint)).outcome is Outcome.OK
    first, second = sent(server)
    assert first.keys() - second.keys() == {left_out}


@pytest.mark.parametrize(
    ("type_id", "said", "body"),
    [
        (
            "openai",
            "Your organization must be verified to stream this model.",
            {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]},
        ),
        (
            "aws_bedrock",
            "The model is unsupported: it does not support streaming.",
            {
                "output": {"message": {"content": [{"text": "hi"}]}},
                "stopReason": "end_turn",
                "usage": {"inputTokens": 1, "outputTokens": 1},
            },
        ),
        (
            "google_ai_studio",
            "Streaming is not supported for this model",
            {"candidates": [{"content": {"parts": [{"text": "hi"}]}, "finishReason": "STOP"}]},
        ),
    ],
)
async def test_who_does_not_stream_is_asked_in_one_piece(
    measurer: Measurer, serve: Any, type_id: str, said: str, body: dict[str, Any]
) -> None:
    whole = Reply(steps=[(0.0, json.dumps(body).encode())], content_type="application/json")
    server = await serve(refusal(said), whole)
    keys = {"api_key": "sk-made-up"}
    settings = {}
    if type_id == "aws_bedrock":
        keys = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "made-up"}
        settings = {"region": "us-east-1"}
    base_url = server.base_url.removesuffix("/v1")
    endpoint = Endpoint(type_id, base_url, settings, keys, f"alias-{next(NAMES)}")
    measured = await ask(measurer, endpoint)
    assert measured.outcome is Outcome.OK, measured.evidence
    assert not measured.timing.streamed
    assert measured.evidence.message == "asked again: stream was refused"
    assert len(server.received) == 2


@pytest.mark.parametrize(
    ("said", "status", "outcome"),
    [
        ("max_tokens is too large: 9. This model supports at most 4", 400, Outcome.BAD_REQUEST),
        ("Invalid 'max_tokens': integer below minimum value", 400, Outcome.BAD_REQUEST),
        ("'tools' is not supported with this model", 400, Outcome.UNSUPPORTED),
        ("reasoning_effort is not supported here", 400, Outcome.UNSUPPORTED),
        (OPENAI, 500, Outcome.SERVER_ERROR),
    ],
)
async def test_every_other_refusal_is_the_end_of_it(
    measurer: Measurer, target: Any, said: str, status: int, outcome: Outcome
) -> None:
    endpoint, server = await target(refusal(said, status), answer())
    assert (await ask(measurer, endpoint)).outcome is outcome
    assert len(server.received) == 1


async def test_all_that_were_under_way_are_mended(measurer: Measurer) -> None:
    """Whoever is refused first tells the others, who are refused for the same all the same."""
    builder = RequestBuilder(measurer._litellm)
    endpoint = Endpoint("openai", credentials={"api_key": "sk-made-up"}, model="of-our-own")
    profile = ProbeProfile(prompt="hi", max_tokens=9)
    evidence = Evidence(http_status=400, message=OPENAI)
    before = await builder.build(endpoint, profile)
    assert [builder.mend(endpoint, before, evidence) for _ in range(2)] == ["max_tokens"] * 2
    after = await builder.build(endpoint, profile)
    assert after.without == {"max_tokens"}
    assert builder.mend(endpoint, after, evidence) is None


@pytest.mark.parametrize("type_id", ["github", "databricks", "azure_openai", "groq"])
async def test_the_newer_name_is_sent_where_litellm_knows_the_older_one_alone(
    measurer: Measurer, serve: Any, type_id: str
) -> None:
    server = await serve(refusal(OPENAI), answer())
    keys = {"api_key": "sk-made-up"}
    endpoint = Endpoint(type_id, base_url=server.base_url, credentials=keys, model="of-our-own")
    assert (await ask(measurer, endpoint)).outcome is Outcome.OK
    assert sent(server)[1].keys() >= {"max_completion_tokens"}
    assert not sent(server)[1].keys() & {"max_tokens", "extra_body"}


async def test_a_vendor_of_other_words_is_taken_at_its_word(measurer: Measurer, serve: Any) -> None:
    server = await serve(refusal(OPENAI), answer())
    keys = {"api_key": "sk-made-up"}
    endpoint = Endpoint("anthropic", base_url=server.base_url, credentials=keys, model="claude")
    assert (await ask(measurer, endpoint)).outcome is Outcome.UNSUPPORTED
    assert len(server.received) == 1


async def test_who_refuses_whatever_is_sent_is_asked_once_for_each_form(
    measurer: Measurer, target: Any
) -> None:
    both = f"{OPENAI}; stream_options is not permitted"
    endpoint, server = await target(*[refusal(both)] * 5)
    assert (await ask(measurer, endpoint)).outcome is Outcome.UNSUPPORTED
    assert len(server.received) == 3
    assert (await ask(measurer, endpoint)).outcome is Outcome.UNSUPPORTED
    assert len(server.received) == 4
