"""OpenAI's Responses API: typed server-sent events."""

from collections.abc import Sequence

from arguslm_contracts.measurement import Usage
from arguslm_llm.decoders.errors import error_in
from arguslm_llm.decoders.framing import is_json_body, server_events, whole
from arguslm_llm.decoders.transcript import (
    JsonObject,
    ProviderError,
    Transcript,
    as_count,
    as_list,
    as_object,
    as_text,
    json_of,
)
from arguslm_llm.exchange import Read

_REASONING = {"response.reasoning_text.delta", "response.reasoning_summary_text.delta"}
_ANSWER = {"response.output_text.delta", "response.refusal.delta"}
_ENDS = {"response.completed", "response.incomplete", "response.failed"}


def decode(reads: Sequence[Read], transcript: Transcript) -> None:
    """Read a stream of events, or one response object."""
    if is_json_body(reads):
        transcript.streamed = False
        ns, body = whole(reads)
        _read_whole(ns, json_of(body), transcript)
        return
    for ns, _, data in server_events(reads):
        if data.strip() == b"[DONE]":
            continue
        frame = json_of(data)
        if not isinstance(frame, dict):
            transcript.unreadable("a frame of the stream is no JSON object")
            continue
        _read_event(ns, frame, transcript)


def _read_event(ns: int, frame: JsonObject, transcript: Transcript) -> None:
    kind = as_text(frame.get("type"))
    if kind in _ANSWER:
        transcript.answer_token(ns, frame.get("delta"))
    elif kind in _REASONING:
        transcript.reasoning_token(ns, frame.get("delta"))
    elif kind == "response.function_call_arguments.delta":
        transcript.tool_token(ns, arguments=frame.get("delta"))
    elif kind == "response.output_item.added":
        item = as_object(frame.get("item"))
        if item.get("type") == "function_call":
            transcript.tool_named(item.get("name"))
    elif kind in _ENDS:
        _read_end(as_object(frame.get("response")), transcript)
    elif error := error_in(frame):
        transcript.fail(error)


def _read_whole(ns: int, value: object, transcript: Transcript) -> None:
    if error := error_in(value):
        transcript.fail(error)
        return
    if not isinstance(value, dict):
        transcript.unreadable("the body is no JSON object")
        return
    for item in map(as_object, as_list(value.get("output"))):
        if item.get("type") == "function_call":
            transcript.tool_token(ns, item.get("name"), item.get("arguments"))
        for part in map(as_object, as_list(item.get("content"))):
            transcript.answer_token(ns, part.get("text") or part.get("refusal"))
    _read_end(value, transcript)


def _read_end(response: JsonObject, transcript: Transcript) -> None:
    transcript.finished = True
    if response.get("status") == "failed":
        transcript.fail(error_in(response) or ProviderError(type="failed"))
    reason = as_object(response.get("incomplete_details")).get("reason")
    transcript.finish_reason = as_text(reason) or as_text(response.get("status"))
    usage = as_object(response.get("usage"))
    if usage:
        transcript.usage = _usage(usage)


def _usage(usage: JsonObject) -> Usage:
    output_tokens = as_count(usage.get("output_tokens"))
    return Usage(
        input_tokens=as_count(usage.get("input_tokens")),
        output_tokens=output_tokens,
        reasoning_tokens=as_count(
            as_object(usage.get("output_tokens_details")).get("reasoning_tokens")
        ),
        cached_tokens=as_count(as_object(usage.get("input_tokens_details")).get("cached_tokens")),
        source="unknown" if output_tokens is None else "reported",
    )
