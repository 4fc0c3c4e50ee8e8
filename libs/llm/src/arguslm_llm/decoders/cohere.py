"""Cohere's chat API, version 2."""

from collections.abc import Sequence
from typing import Any

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

_TOOL_EVENTS = {"tool-plan-delta", "tool-call-start", "tool-call-delta"}


def decode(reads: Sequence[Read], transcript: Transcript) -> None:
    """Read a stream of typed events, or one response object."""
    if is_json_body(reads):
        transcript.streamed = False
        ns, body = whole(reads)
        _read_whole(ns, json_of(body), transcript)
        return
    for ns, _, data in server_events(reads):
        if data.strip() == b"[DONE]":
            continue
        frame = json_of(data)
        if error := error_in(frame):
            transcript.fail(error)
        elif isinstance(frame, dict):
            _read_event(ns, frame, transcript)
        else:
            transcript.unreadable("a frame of the stream is no JSON object")


def _read_event(ns: int, frame: JsonObject, transcript: Transcript) -> None:
    kind = as_text(frame.get("type"))
    delta = as_object(frame.get("delta"))
    if kind in ("content-delta", "content-start"):
        _read_content(ns, as_object(as_object(delta.get("message")).get("content")), transcript)
    elif kind in _TOOL_EVENTS:
        call = as_object(as_object(delta.get("message")).get("tool_calls"))
        _read_call(ns, call, transcript)
    elif kind == "message-end":
        if said := as_text(delta.get("error")):
            transcript.fail(ProviderError(message=said))
        _read_end(delta, transcript)


def _read_call(ns: int, call: JsonObject, transcript: Transcript) -> None:
    """A call, a piece of one, or of the plan that comes before it."""
    function = as_object(call.get("function"))
    transcript.tool_token(ns, function.get("name"), function.get("arguments"))


def _read_content(ns: int, content: JsonObject, transcript: Transcript) -> None:
    transcript.answer_token(ns, content.get("text"))
    transcript.reasoning_token(ns, content.get("thinking"))


def _read_whole(ns: int, value: Any, transcript: Transcript) -> None:
    if error := error_in(value):
        transcript.fail(error)
        return
    if not isinstance(value, dict):
        transcript.unreadable("the body is no JSON object")
        return
    message = as_object(value.get("message"))
    for part in map(as_object, as_list(message.get("content"))):
        _read_content(ns, part, transcript)
    for call in map(as_object, as_list(message.get("tool_calls"))):
        _read_call(ns, call, transcript)
    _read_end(value, transcript)


def _read_end(end: JsonObject, transcript: Transcript) -> None:
    transcript.finished = True
    transcript.finish_reason = as_text(end.get("finish_reason"))
    usage = as_object(end.get("usage"))
    tokens = as_object(usage.get("tokens")) or as_object(usage.get("billed_units"))
    output_tokens = as_count(tokens.get("output_tokens"))
    transcript.usage = Usage(
        input_tokens=as_count(tokens.get("input_tokens")),
        output_tokens=output_tokens,
        cached_tokens=as_count(usage.get("cached_tokens")),
        source="unknown" if output_tokens is None else "reported",
    )
