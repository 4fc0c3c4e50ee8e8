"""Kinds of probes over a real socket: what goes out, and what is found in the answer."""

import json
import random
from functools import reduce
from typing import Any

import pytest
from scripted_server import Reply, ScriptedServer

from arguslm_contracts.measurement import Measurement, ProbeProfile
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import (
    JsonPathAssertion,
    JsonSchemaAssertion,
    LatencyAssertion,
    ProbeKind,
    RegexAssertion,
    StatusAssertion,
)
from arguslm_llm.assertions import check_assertion, check_schema, schema_misfit
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.measure import Measurer
from arguslm_llm.probe_forms import FORMED

SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
}


SLOW = r"^(?:.|..|...)*(?:\d|x)$"


def patterned(pattern: str) -> dict[str, object]:
    return {"properties": {"words": {"pattern": pattern}, "n": {"pattern": pattern}}}


def nested(depth: int) -> dict[str, object]:
    return reduce(lambda schema, _: {"allOf": [schema]}, range(depth), {})


def said(text: str) -> Reply:
    delta = {"choices": [{"index": 0, "delta": {"content": text}}]}
    return _stream(delta, "stop")


def called(name: str, arguments: str) -> Reply:
    function = {"name": name, "arguments": arguments}
    call = {"index": 0, "id": "c1", "type": "function", "function": function}
    return _stream({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}, "tool_calls")


def _stream(frame: dict[str, Any], reason: str) -> Reply:
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}
    frames = [*(json.dumps(one) for one in (frame, end)), "[DONE]"]
    return Reply(steps=[(0, "".join(f"data: {one}\n\n" for one in frames).encode())])


async def ask(
    measurer: Measurer, server: ScriptedServer, *, model: str = "any-model", **fields: Any
) -> Measurement:
    target = Endpoint("custom_openai_compatible", base_url=server.base_url, model=model)
    return await measurer.measure(target, ProbeProfile(**{"prompt": "say", **fields}))


def codes(measured: Measurement) -> list[str]:
    return [finding.code for finding in measured.findings]


@pytest.mark.parametrize(
    ("kind", "reply", "found"),
    [
        (ProbeKind.CANARY, said("It is QX-17."), []),
        (ProbeKind.CANARY, said("It is QX-71."), ["wrong_answer"]),
        (ProbeKind.LONG_CONTEXT, said("no idea"), ["wrong_answer"]),
        (ProbeKind.JSON_MODE, said('{"a": 1}'), []),
        (ProbeKind.JSON_MODE, said("```json\n{}\n```"), ["not_json"]),
        (ProbeKind.JSON_MODE, said("[1]"), ["schema_mismatch"]),
        (ProbeKind.JSON_SCHEMA, said('{"n": 3}'), []),
        (ProbeKind.JSON_SCHEMA, said('{"n": "three"}'), ["schema_mismatch"]),
        (ProbeKind.TOOL_CALL, called("get_weather", '{"city":"Rome","unit":"celsius"}'), []),
        (ProbeKind.TOOL_CALL, said("It is sunny."), ["no_tool_called"]),
        (ProbeKind.TOOL_CALL, called("get_local_time", '{"city":"Rome"}'), ["wrong_tool"]),
        (ProbeKind.TOOL_CALL, called("get_weather", '{"city":"Rome"}'), ["arguments_do_not_fit"]),
        (ProbeKind.TOOL_CALL, called("get_weather", '{"city":'), ["arguments_do_not_fit"]),
        (ProbeKind.THROUGHPUT, said("words and words"), []),
    ],
)
async def test_a_wrong_answer_is_a_finding_and_no_outage(
    measurer: Measurer, serve: Any, kind: ProbeKind, reply: Reply, found: list[str]
) -> None:
    server = await serve(reply)
    measured = await ask(measurer, server, kind=kind, expected_answer="QX-17", answer_schema=SCHEMA)
    assert measured.outcome is Outcome.OK
    assert codes(measured) == found
    assert all(one.about == kind and one.level == "fail" for one in measured.findings)


async def test_words_beside_the_schema_tool_are_no_answer(measurer: Measurer, serve: Any) -> None:
    call = {"function": {"name": "json_tool_call", "arguments": '{"n": 3}'}, "index": 0}
    delta = {"content": "Here you are:", "tool_calls": [call]}
    server = await serve(_stream({"choices": [{"index": 0, "delta": delta}]}, "tool_calls"))
    measured = await ask(measurer, server, kind=ProbeKind.JSON_SCHEMA, answer_schema=SCHEMA)
    assert (measured.outcome, codes(measured)) == (Outcome.OK, [])
    assert measured.evidence.answer_preview == '{"n": 3}'


@pytest.mark.parametrize(
    ("kind", "code", "found"),
    [
        (ProbeKind.JSON_SCHEMA, "json_validate_failed", ["not_json"]),
        (ProbeKind.TOOL_CALL, "tool_use_failed", ["arguments_do_not_fit"]),
        (ProbeKind.CANARY, "tool_use_failed", []),
        (ProbeKind.TOOL_CALL, "invalid_request", []),
    ],
)
async def test_an_answer_that_the_provider_refuses_itself_is_a_wrong_one(
    measurer: Measurer, serve: Any, kind: ProbeKind, code: str, found: list[str]
) -> None:
    body = json.dumps({"error": {"message": "Failed to call a function.", "code": code}})
    server = await serve(
        Reply(steps=[(0, body.encode())], status=400, content_type="application/json")
    )
    measured = await ask(measurer, server, kind=kind, answer_schema=SCHEMA)
    assert measured.outcome is Outcome.BAD_REQUEST
    assert codes(measured) == found


async def test_a_kind_asks_for_its_own_form(measurer: Measurer, serve: Any) -> None:
    server = await serve(said("{}"))
    for kind in (ProbeKind.JSON_MODE, ProbeKind.JSON_SCHEMA, ProbeKind.TOOL_CALL):
        await ask(measurer, server, kind=kind, answer_schema=SCHEMA)
    mode, schema, tools = (json.loads(one.body) for one in server.received)
    assert mode["response_format"] == {"type": "json_object"}
    assert schema["response_format"]["json_schema"]["schema"] == SCHEMA
    assert schema["response_format"]["json_schema"]["strict"] is True
    assert [tool["function"]["name"] for tool in tools["tools"]] == [
        "get_weather",
        "get_local_time",
    ]


@pytest.mark.parametrize(
    ("assertion", "found"),
    [
        (StatusAssertion(equals=200), []),
        (StatusAssertion(equals=201), ["other_status"]),
        (LatencyAssertion(metric="total_ms", at_most_ms=60_000), []),
        (LatencyAssertion(metric="first_token_ms", at_most_ms=0.0001, level="warn"), ["too_slow"]),
        (RegexAssertion(pattern=r"n\W+\d"), []),
        (RegexAssertion(pattern="^nothing$"), ["no_match"]),
        (RegexAssertion(pattern=SLOW), ["pattern_too_slow"]),
        (JsonPathAssertion(path="$.n"), []),
        (JsonPathAssertion(path="$.n", equals=3), []),
        (JsonPathAssertion(path="$.n", equals=4), ["other_value"]),
        (JsonPathAssertion(path="$.words", contains="blue"), []),
        (JsonPathAssertion(path="$.words", contains="red"), ["other_value"]),
        (JsonPathAssertion(path="$.m"), ["nothing_there"]),
        (JsonPathAssertion(path="$..n", equals=3), []),
        (JsonPathAssertion(path="$..*[?@ == '....']"), ["nothing_there"]),
        (JsonSchemaAssertion(json_schema=SCHEMA), []),
        (JsonSchemaAssertion(json_schema={"required": ["m"]}), ["schema_mismatch"]),
        (JsonSchemaAssertion(json_schema={"$ref": "http://127.0.0.1:9/x"}), ["schema_mismatch"]),
        (JsonSchemaAssertion(json_schema={"$ref": "#"}), ["schema_mismatch"]),
        (JsonSchemaAssertion(json_schema=patterned("^(blue ?)+$")), []),
        (JsonSchemaAssertion(json_schema=patterned("red")), ["schema_mismatch"]),
        (JsonSchemaAssertion(json_schema=patterned(SLOW)), ["schema_mismatch"]),
    ],
)
async def test_assertions_hold_or_are_found_not_to(
    measurer: Measurer, serve: Any, assertion: Any, found: list[str]
) -> None:
    server = await serve(said(json.dumps({"n": 3, "words": "blue " * 20})))
    measured = await ask(measurer, server, kind=ProbeKind.THROUGHPUT, assertions=(assertion,))
    check_assertion(assertion)
    assert codes(measured) == found
    assert [one.level for one in measured.findings] == [assertion.level for _ in found]


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"patternProperties": {"^x-": {"type": "integer"}}}, None),
        ({"patternProperties": {"^x-": {"type": "string"}}}, "1 is not of type 'string'"),
        ({"patternProperties": {"^x-": {}}, "additionalProperties": False}, "no 'words words ',"),
        ({"patternProperties": {"^x-|^w|^b": {}}, "additionalProperties": False}, None),
        ({"properties": {"x-n": {}}, "additionalProperties": {"type": "null"}}, "'v' is not of"),
        ({"additionalProperties": True}, None),
        ({"patternProperties": {SLOW: {}}, "additionalProperties": False}, "took too long"),
    ],
)
def test_names_are_looked_for_within_a_time(schema: dict[str, object], says: str | None) -> None:
    check_schema(schema)
    misfit = schema_misfit({"x-n": 1, "words words ": "v", "blue " * 30: "v"}, schema)
    assert misfit is None if says is None else says in str(misfit)


async def test_of_an_answer_that_did_not_come_nothing_is_asserted_but_its_status(
    measurer: Measurer, serve: Any
) -> None:
    server = await serve(Reply(status=503, content_type="application/json"))
    assertions = (StatusAssertion(level="warn"), RegexAssertion(pattern="x"))
    measured = await ask(measurer, server, kind=ProbeKind.JSON_MODE, assertions=assertions)
    assert measured.outcome is Outcome.OVERLOADED
    assert [(one.about, one.level) for one in measured.findings] == [("status", "warn")]


@pytest.mark.parametrize(
    ("assertion", "says"),
    [
        (RegexAssertion(pattern="(a"), "regular expression"),
        (JsonPathAssertion(path="$.a["), "JSONPath"),
        (JsonPathAssertion(path="$..*..n"), "everywhere below"),
        (JsonPathAssertion(path="$..a[?@..b]"), "everywhere below"),
        (JsonPathAssertion(path="$[?search(@.a, '(a+)+$')]"), "'search' is not defined"),
        (JsonSchemaAssertion(json_schema={"pattern": "("}), "JSON schema"),
        (JsonSchemaAssertion(json_schema=nested(200)), "nested too deeply"),
        (
            JsonSchemaAssertion(
                json_schema={
                    "allOf": [{"patternProperties": {"a": {}}}],
                    "unevaluatedProperties": False,
                }
            ),
            "say additionalProperties",
        ),
        (JsonSchemaAssertion(json_schema={"type": "nonsense"}), "JSON schema"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(assertion: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_assertion(assertion)


async def test_a_model_that_embeds_is_asked_for_a_vector(measurer: Measurer, serve: Any) -> None:
    body = {"data": [{"embedding": [0.5, -0.25]}], "usage": {"prompt_tokens": 1}}
    server = await serve(
        Reply(steps=[(0, json.dumps(body).encode())], content_type="application/json")
    )
    for model in ("text-embedding-3-small", "my-own-embedder"):
        measured = await ask(measurer, server, model=model)
        assert (measured.outcome, measured.usage.input_tokens) == (Outcome.OK, 1)
        assert server.received[-1].target.endswith("/embeddings")
        assert json.loads(server.received[-1].body)["input"] == ["say"]


@pytest.mark.parametrize("kind", FORMED)
async def test_a_model_that_embeds_is_not_asked_for_a_form(
    measurer: Measurer, serve: Any, kind: ProbeKind
) -> None:
    server = await serve(Reply())
    aws = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"}
    for type_id, settings, keys in (
        ("custom_openai_compatible", {}, {}),
        ("aws_bedrock", {"region": "us-east-1"}, aws),
    ):
        target = Endpoint(type_id, server.base_url, settings, keys, "text-embedding-3-small")
        measured = await measurer.measure(target, ProbeProfile(prompt="say", kind=kind))
        assert measured.outcome is Outcome.UNSUPPORTED
        assert "embeds" in (measured.evidence.message or "")
    assert server.received == []


async def test_a_vendor_without_embeddings_is_told_so(measurer: Measurer, serve: Any) -> None:
    server = await serve(Reply())
    claude = Endpoint("anthropic", base_url=server.base_url, model="claude")
    profile = ProbeProfile(prompt="say", kind=ProbeKind.EMBEDDING)
    measured = await measurer.measure(claude, profile)
    assert measured.outcome is Outcome.UNSUPPORTED
    assert measured.evidence.message == "LiteLLM knows no embeddings of anthropic"
    assert server.received == []


async def test_a_vector_is_held_against_the_first_one(measurer: Measurer, serve: Any) -> None:
    drawn = random.Random(7)
    vector = [drawn.gauss() for _ in range(1_536)]
    near = [x + 0.02 * drawn.gauss() for x in vector]
    far = [x + 0.5 * drawn.gauss() for x in vector]
    replies = [
        Reply(
            steps=[(0, json.dumps({"data": [{"embedding": one}]}).encode())],
            content_type="application/json",
        )
        for one in (vector, near, far, vector[:768])
    ]
    server = await serve(*replies)
    asked = {"model": "text-embedding-3-small", "kind": ProbeKind.EMBEDDING}
    first = await ask(measurer, server, **asked)
    assert first.embedding is not None
    assert (first.embedding.pinned, codes(first)) == (None, [])
    pinned = first.embedding.seen
    assert pinned.dimension == 1_536
    for found, true_cosine in ((([]), 0.9998), (["other_vector"], 0.894)):
        measured = await ask(measurer, server, pinned=pinned, **asked)
        assert (measured.outcome, codes(measured)) == (Outcome.OK, found)
        assert measured.embedding is not None
        assert measured.embedding.cosine is not None
        assert 1 - measured.embedding.cosine == pytest.approx(1 - true_cosine, rel=0.5)
    shorter = await ask(measurer, server, pinned=pinned, **asked)
    assert codes(shorter) == ["other_dimension"]


@pytest.mark.parametrize(
    ("model", "kind", "says"),
    [
        ("gpt-image-1", ProbeKind.LIVENESS, "image_generation"),
        ("text-embedding-3-small", ProbeKind.CANARY, "embeds"),
        ("gpt-4o", ProbeKind.EMBEDDING, "does not embed"),
    ],
)
async def test_a_model_is_not_asked_for_what_it_does_not_do(
    measurer: Measurer, serve: Any, model: str, kind: ProbeKind, says: str
) -> None:
    server = await serve(said("hello"))
    measured = await ask(measurer, server, model=model, kind=kind)
    assert (measured.outcome, server.received) == (Outcome.UNSUPPORTED, [])
    assert says in (measured.evidence.message or "")


async def test_a_model_that_completes_is_not_asked_to_chat(measurer: Measurer, serve: Any) -> None:
    frame = {"choices": [{"index": 0, "text": "hello", "finish_reason": "stop"}]}
    server = await serve(Reply(steps=[(0, f"data: {json.dumps(frame)}\n\n".encode())]))
    measured = await ask(measurer, server, model="gpt-3.5-turbo-instruct")
    assert measured.outcome is Outcome.OK
    assert server.received[0].target == "/v1/completions"


@pytest.mark.parametrize(
    ("type_id", "model", "sent"),
    [
        ("openai", "o3-mini", "low"),
        ("openai", "gpt-4o", None),
        ("custom_openai_compatible", "o3-mini", None),
        ("anthropic", "claude-sonnet-4-20250514", None),
    ],
)
async def test_little_thought_is_asked_of_those_who_think_unasked(
    measurer: Measurer, serve: Any, type_id: str, model: str, sent: str | None
) -> None:
    server = await serve(said("hello"))
    target = Endpoint(type_id, server.base_url, credentials={"api_key": "sk-1"}, model=model)
    await measurer.measure(target, ProbeProfile(prompt="say", reasoning_effort="low"))
    body = json.loads(server.received[0].body)
    assert body.get("reasoning_effort") == sent
    assert "thinking" not in body
