"""Each dialect from recorded shapes: however the network cuts them, the same is read."""

import json
from pathlib import Path

import pytest
from event_stream import message
from hypothesis import given
from hypothesis import strategies as st
from outcome_fixtures import cases as outcome_cases

from arguslm_llm.decoders import Dialect, decode, dialect_of
from arguslm_llm.decoders.errors import error_body

FIXTURES = Path(__file__).parent / "fixtures"
T = 1_000_000

# file: dialect, answer, reasoning, (input, output, reasoning, cached) tokens, deltas, finish
EXPECTED = {
    "openai.sse": (Dialect.OPENAI, "Grüß dich 👋", "", (9, 4, 0, 2), 2, "stop"),
    "openai_crlf_multiline.sse": (Dialect.OPENAI, "Hello", "", (1, 2, None, None), 2, "stop"),
    "openai_no_done.sse": (Dialect.OPENAI, "Hi there", "", None, 2, "stop"),
    # No JSON by the letter: half a character in a token, NaN and Infinity, a number beyond 64 bits.
    "openai_loose.sse": (Dialect.OPENAI, "Hi \ufffd\ufffd", "", (3, 2, None, None), 2, "stop"),
    "openai_reasoning.sse": (
        Dialect.OPENAI,
        "4",
        "two and two is four",
        (5, 12, 11, 3),
        4,
        "stop",
    ),
    "openai_tools.sse": (Dialect.OPENAI, "", "", (30, 8, None, None), 3, "tool_calls"),
    "mistral_thinking.sse": (Dialect.OPENAI, "ok", "hm", (3, 5, None, None), 2, "stop"),
    "openai_plain.json": (Dialect.OPENAI, "Hello!", "greet", (4, 6, None, None), 2, "stop"),
    "anthropic.sse": (
        Dialect.ANTHROPIC,
        "Hello wörld",
        "Let me",
        (15, 15, None, 5),
        3,
        "end_turn",
    ),
    "anthropic_plain.json": (Dialect.ANTHROPIC, "Hi", "", (2, 7, None, None), 2, "tool_use"),
    "gemini.sse": (Dialect.GEMINI, "Ciao bella", "thinking…", (4, 9, 6, 1), 3, "STOP"),
    "gemini_blocked.sse": (
        Dialect.GEMINI,
        "",
        "",
        (4, None, None, None),
        0,
        "PROHIBITED_CONTENT",
    ),
    "ollama.ndjson": (Dialect.OLLAMA, "Salut", "hm", (11, 5, None, None), 3, "stop"),
    "cohere.sse": (Dialect.COHERE, "Bonjour", "hm", (70, 9, None, 4), 3, "COMPLETE"),
    "responses.sse": (Dialect.OPENAI_RESPONSES, "Hello", "plan", (8, 20, 17, 1), 3, "completed"),
    "responses_cut.sse": (
        Dialect.OPENAI_RESPONSES,
        "",
        "",
        (8, 16, 16, None),
        0,
        "max_output_tokens",
    ),
    "openai_azure.sse": (Dialect.OPENAI, "Hi", "", (8, 1, None, None), 1, "stop"),
    "anthropic_tools.sse": (Dialect.ANTHROPIC, "", "", (40, 22, None, None), 2, "tool_use"),
    "gemini_tools.sse": (Dialect.GEMINI, "", "", (20, 7, None, None), 1, "STOP"),
    "gemini_plain.json": (Dialect.GEMINI, "Ciao bella", "", (4, 3, None, None), 2, "STOP"),
    "ollama_tools.ndjson": (Dialect.OLLAMA, "", "", (90, 18, None, None), 1, "stop"),
    "cohere_tools.sse": (Dialect.COHERE, "", "", (20, 14, None, None), 3, "TOOL_CALL"),
    "cohere_plain.json": (Dialect.COHERE, "Bonjour", "hm", (70, 9, None, None), 2, "COMPLETE"),
    "responses_tools.sse": (
        Dialect.OPENAI_RESPONSES,
        "",
        "",
        (30, 9, None, None),
        2,
        "completed",
    ),
    "bedrock_plain.json": (Dialect.BEDROCK, "Olá", "hm", (15, 9, None, 3), 3, "tool_use"),
    "bedrock_tools.bin": (Dialect.BEDROCK, "", "", (60, 21, None, None), 2, "tool_use"),
    "bedrock.bin": (Dialect.BEDROCK, "Olá", "hm", (15, 9, None, 3), 3, "end_turn"),
}
# Beside the fixtures that are about tools.
CALLS_TOO = ("anthropic_plain.json", "bedrock_plain.json")
ERRORS = {
    "openai_error.sse": (Dialect.OPENAI, "server_error", "internal", "The server had an error"),
    "openai_error.json": (
        Dialect.OPENAI,
        "upstream_error",
        "bad_gateway",
        "Provider returned error",
    ),
    "cohere_error.sse": (Dialect.COHERE, None, None, "an internal server error occurred"),
    "cohere_error.json": (Dialect.COHERE, "internal", None, "no healthy upstream"),
    "responses_failed.sse": (
        Dialect.OPENAI_RESPONSES,
        None,
        "server_error",
        "The model failed to generate a response.",
    ),
    "anthropic_error.sse": (Dialect.ANTHROPIC, "overloaded_error", None, "Overloaded"),
    "ollama_error.ndjson": (
        Dialect.OLLAMA,
        None,
        None,
        "an error was encountered while running the model: CUDA error",
    ),
    "bedrock_exception.bin": (Dialect.BEDROCK, "throttlingException", None, "Too many tokens"),
}
EVERY = {**{n: e[0] for n, e in EXPECTED.items()}, **{n: e[0] for n, e in ERRORS.items()}}


def read(name):
    return (FIXTURES / name).read_bytes()


@pytest.mark.parametrize("name", EXPECTED)
def test_what_a_dialect_says(name):
    dialect, answer, reasoning, tokens, deltas, finish = EXPECTED[name]
    seen = decode(dialect, [(T, read(name))])
    assert seen.answer == answer
    assert seen.reasoning == reasoning
    assert seen.deltas == deltas
    assert seen.finish_reason == finish
    assert seen.finished
    assert seen.error is None
    assert seen.malformed is None
    assert seen.called_tool == ("tools" in name or name in CALLS_TOO)
    assert seen.streamed == (not name.endswith(".json"))
    usage = seen.usage
    counted = usage and (
        usage.input_tokens,
        usage.output_tokens,
        usage.reasoning_tokens,
        usage.cached_tokens,
    )
    assert counted == tokens


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_in_the_stream_keeps_its_typed_names(name):
    dialect, kind, code, message = ERRORS[name]
    error = decode(dialect, [(T, read(name))]).error
    assert (error.type, error.code, error.message) == (kind, code, message)


@pytest.mark.parametrize("name", EVERY)
def test_a_cut_at_every_byte_changes_nothing(name):
    dialect, data = EVERY[name], read(name)
    whole = decode(dialect, [(T, data)])
    for at in range(len(data) + 1):
        assert decode(dialect, [(T, data[:at]), (T, data[at:])]) == whole


RECORDED = {
    **{name: (dialect, read(name)) for name, dialect in EVERY.items()},
    **{name: (dialect_of(case.endpoint), case.body) for name, case in outcome_cases().items()},
}


@pytest.mark.parametrize("name", RECORDED)
def test_single_bytes_change_nothing_either(name):
    dialect, data = RECORDED[name]
    single = [(T, data[at : at + 1]) for at in range(len(data))]
    assert decode(dialect, single) == decode(dialect, [(T, data)])


@pytest.mark.parametrize("name", [n for n in EXPECTED if EXPECTED[n][4]])
def test_a_token_is_stamped_by_the_read_that_completes_it(name):
    """Byte i arrives at time i: then the clocks are the places where the tokens are whole."""
    dialect, data = EVERY[name], read(name)
    seen = decode(dialect, [(at, data[at : at + 1]) for at in range(len(data))])
    upto_first = decode(dialect, [(0, data[: seen.first_token_ns + 1])])
    upto_last = decode(dialect, [(0, data[: seen.last_token_ns + 1])])
    assert 1 <= upto_first.deltas <= upto_last.deltas == seen.deltas
    if dialect is not Dialect.BEDROCK and not name.endswith((".json", "no_done.sse")):
        assert data[seen.first_token_ns : seen.first_token_ns + 1] == b"\n"
        assert data[seen.last_token_ns : seen.last_token_ns + 1] == b"\n"


def test_gaps_are_between_tokens_only():
    frame = b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'
    role = b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
    reads = [(0, role), (10, frame), (30, b": ping\n\n"), (70, frame), (75, frame + frame)]
    seen = decode(Dialect.OPENAI, reads)
    assert (seen.first_token_ns, seen.last_token_ns, seen.max_gap_ns) == (10, 75, 60)
    assert seen.deltas == 4


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"data: {broken\n\n", "no JSON object"),
        (b"data: 42\n\n", "no JSON object"),
        (b"<!doctype html><html>", "web page"),
        (b'{"detail": "hello"}', "no chat completion"),
    ],
)
def test_what_cannot_be_read_is_said(body, says):
    assert says in decode(Dialect.OPENAI, [(T, body)]).malformed


def test_minimax_says_in_every_answer_whether_it_is_one():
    for status, error_message in ((0, None), (1008, "insufficient balance")):
        said = {"status_code": status, "status_msg": "insufficient balance"}
        body = json.dumps({"choices": None, "base_resp": said}).encode()
        error = decode(Dialect.OPENAI, [(T, body)]).error
        assert (error and error.message) == error_message


def test_an_end_that_is_written_out_as_none_is_none():
    chunk = {"choices": [{"delta": {"content": "a"}, "finish_reason": "null"}]}
    body = b"data: %b\n\n" % json.dumps(chunk).encode()
    seen = decode(Dialect.OPENAI, [(T, body)])
    assert (seen.finish_reason, seen.finished) == (None, False)


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 4}}, (9, 4)),
        ({"completion_tokens": 9, "reasoning_tokens": 4}, (9, 4)),
        (
            {
                "prompt_tokens": 2,
                "completion_tokens": 9,
                "reasoning_tokens": 4,
                "total_tokens": 15,
            },
            (13, 4),
        ),
    ],
)
def test_reasoning_is_counted_where_it_is_told(usage, counted):
    body = json.dumps({"choices": [], "usage": usage}).encode()
    seen = decode(Dialect.OPENAI, [(T, body)]).usage
    assert (seen.output_tokens, seen.reasoning_tokens) == counted


@pytest.mark.parametrize(
    ("body", "input_tokens"),
    [
        ({"data": [{"embedding": [1, 0.5]}], "usage": {"prompt_tokens": 3}}, 3),
        ({"embeddings": [[1, 0.5]], "prompt_eval_count": 3}, 3),
        (
            {"embeddings": {"float": [[1, 0.5]]}, "meta": {"billed_units": {"input_tokens": 3}}},
            3,
        ),
        ({"embeddings": [{"values": [1, 0.5]}]}, None),
        ({"embedding": {"values": [1, 0.5]}, "usageMetadata": {"promptTokenCount": 3}}, 3),
        ({"embedding": [1, 0.5], "inputTextTokenCount": 3}, 3),
        ({"embeddings": [{"embeddingType": "TEXT", "embedding": [1, 0.5]}]}, None),
        (
            {
                "predictions": [
                    {"embeddings": {"values": [1, 0.5], "statistics": {"token_count": 3}}}
                ]
            },
            3,
        ),
        ({"predictions": [{"textEmbedding": [1, 0.5]}]}, None),
    ],
)
def test_a_vector_has_many_places(body, input_tokens) -> None:
    seen = decode(Dialect.EMBEDDINGS, [(T, json.dumps(body).encode())])
    assert seen.embedding == (1, 0.5)
    assert seen.usage.input_tokens == input_tokens


def test_a_vector_beyond_all_models_is_not_taken() -> None:
    body = json.dumps({"data": [{"embedding": [0.5] * 40_000}]}).encode()
    seen = decode(Dialect.EMBEDDINGS, [(T, body)])
    assert (seen.embedding, seen.malformed) == (None, "a vector of 40,000 numbers")


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("https://api.openai.com/v1/chat/completions", Dialect.OPENAI),
        ("https://x.openai.azure.com/openai/deployments/d/chat/completions?v=1", Dialect.OPENAI),
        ("https://api.openai.com/v1/responses", Dialect.OPENAI_RESPONSES),
        ("https://api.anthropic.com/v1/messages", Dialect.ANTHROPIC),
        ("https://g.com/v1beta/models/m:streamGenerateContent?alt=sse", Dialect.GEMINI),
        ("http://localhost:11434/api/chat", Dialect.OLLAMA),
        ("https://api.cohere.com/v2/chat", Dialect.COHERE),
        ("https://b.amazonaws.com/model/a%3A1/converse-stream", Dialect.BEDROCK),
        ("https://oauth2.googleapis.com/token", None),
    ],
)
def test_an_address_tells_its_dialect(url, dialect):
    assert dialect_of(url) is dialect


FIELDS = (
    *("choices", "delta", "message", "content", "text", "usage", "error", "type", "candidates"),
    *("parts", "response", "finish_reason", "reasoning", "tool_calls", "thinking"),
    *("output_tokens", "done", "eval_count", "details", "status", "output", "item"),
    *("detail", "msg", "reasoningContent", "toolUse", "start", "stopReason", "__type", "object"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("dialect", Dialect)
def test_nothing_is_nested_too_deeply(dialect):
    for depth in (1_000, 100_000):
        body = b"[" * depth + b'{"error": "x"}' + b"]" * depth
        decode(dialect, [(T, body)])
        decode(dialect, [(T, b"data: " + body + b"\n\n")])
        assert error_body(body, {}).message
        wrapped = b'{"message": ' * depth + b'"x"' + b"}" * depth
        decode(dialect, [(T, wrapped)])
        error_body(wrapped, {})


@given(data=st.binary(max_size=200), dialect=st.sampled_from(list(Dialect)))
def test_no_bytes_make_a_decoder_raise(data, dialect):
    decode(dialect, [(T, data)])


@given(frames=st.lists(JSON, max_size=4), dialect=st.sampled_from(list(Dialect)))
def test_no_json_makes_a_decoder_raise(frames, dialect):
    sse = b"".join(b"data: " + json.dumps(f).encode() + b"\n\n" for f in frames)
    lines = b"".join(json.dumps(f).encode() + b"\n" for f in frames)
    for data in (sse, lines, json.dumps(frames).encode()):
        decode(dialect, [(T, data)])


@given(
    frames=st.lists(
        st.tuples(
            st.sampled_from((":event-type", ":exception-type", ":message-type", "x" * 255)),
            st.sampled_from(("contentBlockDelta", "contentBlockStart", "metadata", "error"))
            | st.text(max_size=8),
            JSON,
        ),
        max_size=4,
    )
)
def test_no_event_stream_of_sound_messages_makes_its_decoder_raise(frames):
    data = b"".join(message({name: value}, payload) for name, value, payload in frames)
    assert decode(Dialect.BEDROCK, [(T, data)]).malformed is None


@given(
    body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()),
    kind=st.none() | st.text(max_size=20),
)
def test_no_body_of_a_refusal_makes_us_raise(body, kind):
    error = error_body(body, {} if kind is None else {"x-amzn-errortype": kind})
    for text in (error.type, error.code, error.message):
        assert text is None or text


@given(
    name=st.sampled_from(sorted(EVERY)),
    at=st.integers(min_value=0),
    junk=st.binary(min_size=1, max_size=4),
)
def test_a_damaged_stream_makes_no_decoder_raise(name, at, junk):
    data = read(name)
    at %= len(data)
    decode(EVERY[name], [(T, data[:at] + junk + data[at + len(junk) :])])
