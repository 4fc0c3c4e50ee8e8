"""What each kind of probe adds to a plain request, and what it finds in the answer to it."""

from collections.abc import Iterator
from typing import Any

from arguslm_contracts.measurement import Evidence, Measurement, ProbeProfile
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import Embedding, Finding, ProbeKind, text_sha256
from arguslm_llm.assertions import json_in, misfits, schema_misfit, unmet
from arguslm_llm.decoders.transcript import ToolCall, Transcript
from arguslm_llm.fingerprint import cosine, fingerprint
from arguslm_llm.redaction import Redactor

_MESSAGE_LIMIT = 300
# Rounding and batching move a vector by less; another model behind the name moves it by far more.
_SAME_VECTOR = 0.99

# The kinds that ask for an answer in a form of its own.
FORMED = (ProbeKind.JSON_MODE, ProbeKind.JSON_SCHEMA, ProbeKind.TOOL_CALL)
_COHERE = ("cohere", "cohere_chat")
# What LiteLLM calls the tool whose arguments are the answer, where a vendor or a model takes no
# schema otherwise.
_SCHEMA_TOOL = "json_tool_call"
# Groq looks at what its models answer, and refuses in their stead.
_REFUSED_ANSWERS = {"json_validate_failed": "not_json", "tool_use_failed": "arguments_do_not_fit"}
# The tool that a tool_call probe is about, beside one that it is not about.
_WEATHER: dict[str, Any] = {
    "name": "get_weather",
    "description": "The weather of today in a city.",
    "parameters": {
        "type": "object",
        "properties": {
            "city": {"type": "string", "minLength": 1},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        },
        "required": ["city", "unit"],
        "additionalProperties": False,
    },
}
_TIME: dict[str, Any] = {
    "name": "get_local_time",
    "description": "The time of day in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


def form_of(profile: ProbeProfile, family: str) -> dict[str, Any]:
    """What the kind adds to LiteLLM's arguments; `family` is LiteLLM's name for the vendor."""
    match profile.kind:
        case ProbeKind.JSON_MODE:
            return {"response_format": {"type": "json_object"}}
        case ProbeKind.JSON_SCHEMA:
            schema = profile.answer_schema or {}
            if family in _COHERE:  # LiteLLM passes it on as it is, and Cohere words it so
                return {"response_format": {"type": "json_object", "json_schema": schema}}
            named = {"name": "answer", "strict": True, "schema": schema}
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        case ProbeKind.TOOL_CALL:
            return {"tools": [{"type": "function", "function": tool} for tool in (_WEATHER, _TIME)]}
    return {}


def read_schema_tool(profile: ProbeProfile, transcript: Transcript) -> None:
    """Take the answer out of the tool by which LiteLLM asked for it: words beside it are none."""
    if profile.kind not in (ProbeKind.JSON_MODE, ProbeKind.JSON_SCHEMA):
        return
    told = [call.arguments or "{}" for call in transcript.tool_calls if call.name == _SCHEMA_TOOL]
    if told:
        transcript.answer_parts = told
        transcript.tool_calls = [c for c in transcript.tool_calls if c.name != _SCHEMA_TOOL]


def embedding_of(profile: ProbeProfile, transcript: Transcript) -> Embedding | None:
    """The vector that an embedding probe got, held against the one that is pinned."""
    if profile.kind is not ProbeKind.EMBEDDING or not transcript.embedding:
        return None
    seen = fingerprint(transcript.embedding)
    return Embedding(
        text_sha256=text_sha256(profile.prompt),
        seen=seen,
        pinned=profile.pinned,
        cosine=profile.pinned and cosine(seen, profile.pinned),
    )


def findings_of(
    profile: ProbeProfile, measured: Measurement, transcript: Transcript, redactor: Redactor
) -> tuple[Finding, ...]:
    """What the kind and the assertions do not find as they should. What did not come to an answer
    is told by its outcome alone, unless the provider says that the answer was wrong."""
    answered = measured.outcome is Outcome.OK
    if answered:
        of_kind = [*_of_kind(profile, transcript), *_of_vector(measured.embedding)]
    else:
        of_kind = list(_of_refused_answer(profile, measured.evidence))
    found = [
        Finding(about=profile.kind, level=profile.finding_level, code=code, message=message)
        for code, message in of_kind
    ]
    answer = transcript.answer if answered else None
    for assertion in profile.assertions:
        if finding := unmet(assertion, measured.evidence, measured.timing, answer):
            found.append(finding)
    return tuple(
        one.model_copy(update={"message": redactor.clean(one.message, limit=_MESSAGE_LIMIT)})
        for one in found
    )


def _of_kind(profile: ProbeProfile, transcript: Transcript) -> Iterator[tuple[str, str]]:
    match profile.kind:
        case ProbeKind.CANARY | ProbeKind.LONG_CONTEXT:
            expected = profile.expected_answer or ""
            if expected.casefold() not in transcript.answer.casefold():
                yield "wrong_answer", f"the answer does not hold {expected!r}"
        case ProbeKind.JSON_MODE:
            yield from misfits(transcript.answer, {"type": "object"})
        case ProbeKind.JSON_SCHEMA:
            yield from misfits(transcript.answer, profile.answer_schema or {})
        case ProbeKind.TOOL_CALL:
            yield from _of_tool_calls(transcript.tool_calls)


def _of_refused_answer(profile: ProbeProfile, evidence: Evidence) -> Iterator[tuple[str, str]]:
    code = _REFUSED_ANSWERS.get(evidence.error_code or "")
    if code is not None and profile.kind in FORMED:
        yield code, evidence.message or "the provider refused what the model answered"


def _of_vector(embedding: Embedding | None) -> Iterator[tuple[str, str]]:
    if embedding is None or embedding.pinned is None:
        return
    was, now = embedding.pinned.dimension, embedding.seen.dimension
    if was != now:
        yield "other_dimension", f"the vector has {now} dimensions, and had {was}"
    elif embedding.cosine is not None and embedding.cosine < _SAME_VECTOR:
        yield "other_vector", f"the cosine to the first vector of this text is {embedding.cosine}"


def _of_tool_calls(calls: list[ToolCall]) -> Iterator[tuple[str, str]]:
    """The three ways to be wrong: no tool, another one, arguments that do not fit."""
    if not calls:
        yield "no_tool_called", "answered in words, without calling a tool"
        return
    call = next((one for one in calls if one.name == _WEATHER["name"]), None)
    if call is None:
        yield "wrong_tool", f"called {calls[0].name or 'a tool without a name'!r}"
        return
    try:
        arguments = json_in(call.arguments)
    except ValueError:
        yield "arguments_do_not_fit", "the arguments are no JSON"
        return
    if misfit := schema_misfit(arguments, _WEATHER["parameters"]):
        yield "arguments_do_not_fit", misfit
