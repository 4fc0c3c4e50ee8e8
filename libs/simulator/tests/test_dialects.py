"""What only one dialect has, and what all must share: stamps, tool calls, lists, embeddings.

That answers and faults read as they should is shown by libs/llm's tests of its measurer.
"""

import base64
import json
import re
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer

from arguslm_simulator import Behaviour, Fault, Scenario, Simulator

TRUTH = Behaviour(ttft_ms=2, gap_ms=0.1, tokens=12, reasoning_tokens=3)
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer"},
        "unit": {"enum": ["C"]},
    },
}
ARGUMENTS = {"city": "alpha", "days": 1, "unit": "C"}
FUNCTION = {"name": "weather", "description": "", "parameters": SCHEMA}
ANTHROPIC = {"anthropic-version": "2023-06-01"}
TOOLS: dict[str, dict[str, Any]] = {
    "openai": {"tools": [{"type": "function", "function": FUNCTION}]},
    "openai_responses": {"tools": [{"type": "function", **FUNCTION}]},
    "anthropic": {"tools": [{"name": "weather", "input_schema": SCHEMA}]},
    "gemini": {"tools": [{"functionDeclarations": [FUNCTION]}]},
    "bedrock": {
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": SCHEMA}}}]
        }
    },
    "cohere": {"tools": [{"type": "function", "function": FUNCTION}]},
    "ollama": {"tools": [{"type": "function", "function": FUNCTION}]},
}


def asked(dialect: str, *, stream: bool) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Path, body and headers of a question."""
    chat = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": stream}
    converse = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
    contents = {"contents": [{"parts": [{"text": "Hi"}]}]}
    verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return {
        "openai": ("/v1/chat/completions", chat, {}),
        "openai_responses": ("/v1/responses", {"model": "m", "input": "Hi", "stream": stream}, {}),
        "anthropic": ("/v1/messages", {**chat, "max_tokens": 99}, ANTHROPIC),
        "gemini": (f"/v1beta/models/m:{verb}", contents, {}),
        "bedrock": (f"/model/m/converse{'-stream' if stream else ''}", converse, {}),
        "cohere": ("/v2/chat", chat, {}),
        "ollama": ("/api/chat", chat, {}),
    }[dialect]


def frames_of(dialect: str, body: bytes) -> list[Any]:
    """The JSON of each frame; Bedrock's read, and its checksums checked, by Amazon's own code."""
    if dialect == "bedrock":
        buffer = EventStreamBuffer()
        buffer.add_data(body)
        return [
            {**json.loads(message.payload), "sent_ns": message.headers["sent-ns"]}
            for message in buffer
        ]
    lines = body.decode().splitlines()
    if dialect == "ollama":
        return [json.loads(line) for line in lines]
    data = [line.removeprefix("data: ") for line in lines if line.startswith("data: {")]
    return [json.loads(text) for text in data]


def all_of(value: Any, name: str) -> Iterator[Any]:
    """Every value under this name, however deep."""
    if isinstance(value, dict):
        yield from (inner for key, inner in value.items() if key == name)
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from all_of(inner, name)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(Scenario({"m": TRUTH})) as simulator:
        yield simulator


@pytest.fixture
async def wire(simulator: Simulator, wire_to: Callable[[Simulator], Any]) -> Any:
    return await wire_to(simulator)


@pytest.fixture(params=TOOLS)
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_every_frame_has_its_stamp_and_none_is_early(wire: Any, dialect: str) -> None:
    path, body, headers = asked(dialect, stream=True)
    answer = await wire.request("POST", path, body, **headers)
    assert (answer.status, answer.whole) == (200, True)
    frames = frames_of(dialect, answer.body)
    name = "system_fingerprint" if dialect == "openai" else "sent_ns"
    stamps = [int(frame[name]) for frame in frames]
    assert len(stamps) >= 15
    assert stamps == sorted(stamps)
    assert stamps[-1] >= answer.read_ns + 2_000_000 + 14 * 100_000
    assert b"monotonic-send-ns" not in answer.body


async def test_an_answer_in_one_piece_holds_the_words_and_the_stamp(
    wire: Any, dialect: str
) -> None:
    path, body, headers = asked(dialect, stream=False)
    answer = await wire.request("POST", path, body, **headers)
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    said = answer.body.decode()
    assert " gamma omega sigma theta kappa" in said, "tokens 3 to 7: the answer begins"
    assert " alpha bravo delta" in said, "tokens 0 to 2: the thoughts"
    name = "system_fingerprint" if dialect == "openai" else "sent_ns"
    assert int(document[name]) >= answer.read_ns + 2_000_000


async def test_a_tool_is_called_as_its_schema_says(
    simulator: Simulator, wire: Any, dialect: str
) -> None:
    simulator.set("m", calls_tool=True)
    for stream in (True, False):
        path, body, headers = asked(dialect, stream=stream)
        answer = await wire.request("POST", path, {**body, **TOOLS[dialect]}, **headers)
        frames = frames_of(dialect, answer.body) if stream else [answer.json()]
        assert "weather" in all_of(frames, "name")
        assert arguments_in(dialect, frames, stream=stream) == ARGUMENTS
        plain = await wire.request("POST", path, body, **headers)
        assert b"weather" not in plain.body, "no tool was offered"


def arguments_in(dialect: str, frames: list[Any], *, stream: bool) -> Any:
    if dialect in ("gemini", "ollama"):
        return next(all_of(frames, "args" if dialect == "gemini" else "arguments"))
    if dialect in ("anthropic", "bedrock") and not stream:
        return next(all_of(frames, "input"))
    if dialect == "openai_responses" and stream:
        frames = [f for f in frames if f["type"] == "response.function_call_arguments.delta"]
    names = {"anthropic": "partial_json", "bedrock": "input", "openai_responses": "delta"}
    name = names.get(dialect, "arguments") if stream else "arguments"
    return json.loads("".join(text for text in all_of(frames, name) if isinstance(text, str)))


# How each vendor's request says that it wants JSON, and JSON of a schema; Anthropic and Bedrock
# have no words for the first.
JSON_WANTED: dict[str, dict[str, Any]] = {
    "openai": {"response_format": {"type": "json_object"}},
    "openai_responses": {"text": {"format": {"type": "json_object"}}},
    "gemini": {"generationConfig": {"responseMimeType": "application/json"}},
    "cohere": {"response_format": {"type": "json_object"}},
    "ollama": {"format": "json"},
}
CONVERSE_FORM = {"type": "json_schema", "structure": {"jsonSchema": {"schema": json.dumps(SCHEMA)}}}
SCHEMA_WANTED: dict[str, list[dict[str, Any]]] = {
    "openai": [{"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}}],
    "openai_responses": [{"text": {"format": {"type": "json_schema", "schema": SCHEMA}}}],
    "anthropic": [
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        {"output_format": {"type": "json_schema", "schema": SCHEMA}},
    ],
    "gemini": [
        {"generationConfig": {"responseMimeType": "application/json", "responseSchema": SCHEMA}},
        {
            "generation_config": {
                "response_mime_type": "application/json",
                "response_json_schema": SCHEMA,
            }
        },
    ],
    "bedrock": [{"outputConfig": {"textFormat": CONVERSE_FORM}}],
    "cohere": [{"response_format": {"type": "json_object", "json_schema": SCHEMA}}],
    "ollama": [{"format": SCHEMA}],
}


async def test_a_model_that_obliges_says_what_was_asked_for(
    simulator: Simulator, wire: Any, dialect: str
) -> None:
    simulator.set("m", obliges=True)
    wanted = [({}, "Hi"), *((form, json.dumps(ARGUMENTS)) for form in SCHEMA_WANTED[dialect])]
    if dialect in JSON_WANTED:
        wanted.append((JSON_WANTED[dialect], '{"answer": "alpha"}'))
    for stream in (True, False):
        path, body, headers = asked(dialect, stream=stream)
        for form, expected in wanted:
            answer = await wire.request("POST", path, {**body, **form}, **headers)
            frames = frames_of(dialect, answer.body) if stream else [answer.json()]
            assert said_in(dialect, frames).strip() == expected
    called = await wire.request("POST", path, {**body, **TOOLS[dialect]}, **headers)
    assert arguments_in(dialect, [called.json()], stream=False) == ARGUMENTS


def said_in(dialect: str, frames: list[Any]) -> str:
    """The answer without the thoughts."""
    if dialect == "openai_responses" and len(frames) > 1:
        frames = [f for f in frames if f["type"] == "response.output_text.delta"]
        return "".join(frame["delta"] for frame in frames)
    if dialect == "openai_responses":
        frames = [item for item in frames[0]["output"] if item["type"] == "message"]
    if dialect == "gemini":
        parts = [part for parts in all_of(frames, "parts") for part in parts]
        return "".join(part["text"] for part in parts if not part.get("thought"))
    name = "content" if dialect in ("openai", "ollama") else "text"
    texts = [text for text in all_of(frames, name) if isinstance(text, str)]
    thoughts = set(all_of(list(all_of(frames, "reasoningText")), "text"))
    thoughts |= set(all_of(list(all_of(frames, "reasoningContent")), "text"))
    return "".join(text for text in texts if text not in thoughts)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"response_format": {"type": "json_schema"}}, "null"),
        ({"response_format": {"type": "text"}, "messages": [{"content": [1]}]}, "gamma"),
        ({"messages": [{"content": [{"text": "Say"}, {"text": " it."}]}]}, "Say it."),
    ],
)
async def test_what_cannot_be_said_again_is_answered_in_our_words(
    simulator: Simulator, wire: Any, more: dict[str, Any], expected: str
) -> None:
    simulator.set("m", obliges=True)
    path, body, headers = asked("openai", stream=False)
    answer = await wire.request("POST", path, {**body, **more}, **headers)
    assert expected in said_in("openai", [answer.json()])


async def test_reasoning_has_three_names_in_openais_chat(simulator: Simulator, wire: Any) -> None:
    for name in ("reasoning_content", "reasoning", "thinking"):
        simulator.set("m", reasoning_field=name)
        frames = (await wire.chat("m")).frames
        assert len(list(all_of(frames, name))) == 3


async def test_gemini_reads_names_in_both_spellings(simulator: Simulator, wire: Any) -> None:
    path, body, _ = asked("gemini", stream=False)
    limited = await wire.request(
        "POST", path, {**body, "generation_config": {"max_output_tokens": 4}}
    )
    assert list(all_of(limited.json(), "finishReason")) == ["MAX_TOKENS"]
    simulator.set("m", calls_tool=True)
    tools = [{"function_declarations": [FUNCTION]}]
    called = await wire.request("POST", path, {**body, "tools": tools})
    assert arguments_in("gemini", [called.json()], stream=False) == ARGUMENTS


async def test_gemini_streams_an_array_unless_events_are_asked_for(wire: Any) -> None:
    _, body, _ = asked("gemini", stream=True)
    answer = await wire.request("POST", "/v1beta/models/m:streamGenerateContent", body)
    assert answer.headers["content-type"] == "application/json"
    frames = answer.json()
    assert len(frames) == 3 + 12 + 1
    assert frames[-1]["candidates"][0]["finishReason"] == "STOP"


async def test_embeddings_are_the_same_for_the_same_text(simulator: Simulator, wire: Any) -> None:
    simulator.set("m", dimensions=8)
    text = {"content": {"parts": [{"text": "one"}]}}
    requests: dict[str, Any] = {
        "/v1/embeddings": {"model": "m", "input": ["one", "two"]},
        "/v1beta/models/m:embedContent": text,
        "/v1beta/models/m:batchEmbedContents": {"requests": [text]},
        "/v2/embed": {"model": "m", "texts": ["one", "two"], "embedding_types": ["float"]},
        "/api/embed": {"model": "m", "input": "one"},
    }
    found = []
    for path, body in requests.items():
        document = (await wire.request("POST", path, body)).json()
        found.append(first_vector(document))
    assert len(found[0]) == 8
    assert sum(number**2 for number in found[0]) == pytest.approx(1)
    assert found == [found[0]] * 5
    body = {"model": "m", "input": "one", "encoding_format": "base64", "dimensions": 4}
    packed = (await wire.request("POST", "/v1/embeddings", body)).json()["data"][0]["embedding"]
    assert len(struct.unpack("<4f", base64.b64decode(packed))) == 4
    simulator.set("m", fault=Fault.QUOTA)
    refused = await wire.request("POST", "/v1/embeddings", body)
    assert refused.json()["error"]["code"] == "insufficient_quota"


def first_vector(value: Any) -> list[float]:
    """The first list of numbers, however deep."""
    if isinstance(value, list) and value and isinstance(value[0], float):
        return value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for one in inner if (found := first_vector(one))), [])


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/v1/messages", {"model": "m"}, "anthropic-version: header is required"),
        ("/v1beta/models/m:generateContent", {}, "Invalid value at 'contents': is required"),
        ("/v2/chat", {"model": "m"}, "invalid request: messages is required"),
        ("/api/chat", {"messages": [{"content": "Hi"}]}, "model is required"),
        ("/model/m/converse", {"messages": 5}, "The value at messages: expected an array."),
        ("/v1/responses", {"model": "m"}, "Missing required parameter: 'input'."),
        ("/v1/embeddings", {"model": "m", "input": [1]}, "Invalid 'input': expected a string"),
    ],
)
async def test_a_bad_request_is_refused_in_the_vendors_words(
    wire: Any, path: str, body: Any, says: str
) -> None:
    answer = await wire.request("POST", path, body)
    assert answer.status == 400
    assert says in answer.body.decode()


async def test_an_unknown_model_is_gone_in_the_vendors_words(
    simulator: Simulator, wire: Any
) -> None:
    simulator.remove("m")
    words = set()
    for dialect in TOOLS:
        path, body, headers = asked(dialect, stream=True)
        answer = await wire.request("POST", path, body, **headers)
        assert answer.status == 404
        words.add(re.sub(rb"[^a-z]", b"", answer.body.lower()))
    assert len(words) == 6, "OpenAI says the same in both of its APIs"


NONSENSE = (
    *(None, 5, "x", [], {}, [None], [[]], [{}], {"tools": 5}, "\ud800", 10**30, -1, True),
    *([{"name": "f", "parameters": 5}], [{"function": {"name": "f", "parameters": {"enum": []}}}]),
)


async def test_nonsense_in_any_field_is_answered_and_never_ends_the_connection(
    simulator: Simulator, wire: Any, dialect: str
) -> None:
    simulator.set("m", ttft_ms=0, gap_ms=0, calls_tool=True, tokens=2)
    path, body, headers = asked(dialect, stream=False)
    body = {**body, **TOOLS[dialect], "generationConfig": {}, "options": {}, "input": "Hi"}
    for name in (*body, "max_tokens", "dimensions", "texts", "stream_options"):
        for value in NONSENSE:
            changed = {**body, name: value}
            if dialect == "ollama":
                changed["stream"] = False
            answer = await wire.request("POST", path, changed, **headers)
            assert answer.status in (200, 400, 404), (name, value)
    deep = b"[" * 100_000
    wire.writer.write(
        f"POST {path} HTTP/1.1\r\ncontent-length: {len(deep)}\r\n".encode()
        + b"anthropic-version: x\r\n\r\n"
        + deep
    )
    assert (await wire.answer()).status == 400


async def test_a_key_in_the_query_may_be_any_text(wire_to: Callable[[Simulator], Any]) -> None:
    async with Simulator(Scenario({"m": TRUTH}), "right") as simulator:
        wire = await wire_to(simulator)
        for key, status in (("%E2%82%AC", 400), ("right", 200)):
            assert (await wire.request("GET", f"/v1beta/models?key={key}")).status == status


async def test_pages_have_limits(wire: Any) -> None:
    for path, headers in (
        ("/v1/models?limit=0", ANTHROPIC),
        ("/v1/models?after_id=nobody", ANTHROPIC),
        ("/v1beta/models?pageSize=many", {}),
        ("/v1/models?endpoint=chat&page_token=nobody", {}),
    ):
        assert (await wire.request("GET", path, **headers)).status == 400, path
    listed = (await wire.request("GET", "/foundation-models")).json()
    assert [model["modelId"] for model in listed["modelSummaries"]] == ["m"]
