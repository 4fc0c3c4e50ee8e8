"""Google's Gemini API, as spoken by AI Studio and Vertex AI."""

from collections.abc import Sequence
from typing import Any

from arguslm_contracts.measurement import Usage
from arguslm_llm.decoders.errors import error_in
from arguslm_llm.decoders.framing import is_json_body, server_events, whole
from arguslm_llm.decoders.transcript import (
    JsonObject,
    Transcript,
    as_count,
    as_list,
    as_object,
    as_text,
    json_of,
)
from arguslm_llm.exchange import Read


def decode(reads: Sequence[Read], transcript: Transcript) -> None:
    """Read an SSE stream of responses, or one response (or a list of them) as plain JSON."""
    if is_json_body(reads):
        transcript.streamed = False
        ns, body = whole(reads)
        value = json_of(body)
        for frame in value if isinstance(value, list) else [value]:
            _read_frame(ns, frame, transcript)
        return
    for ns, _, data in server_events(reads):
        _read_frame(ns, json_of(data), transcript)


def _read_frame(ns: int, frame: Any, transcript: Transcript) -> None:
    if error := error_in(frame):
        transcript.fail(error)
        return
    if not isinstance(frame, dict):
        transcript.unreadable("a frame of the stream is no JSON object")
        return
    for candidate in map(as_object, as_list(frame.get("candidates"))):
        for part in map(as_object, as_list(as_object(candidate.get("content")).get("parts"))):
            _read_part(ns, part, transcript)
        if reason := as_text(candidate.get("finishReason")):
            transcript.finish_reason = reason
            transcript.finished = True
    if blocked := as_text(as_object(frame.get("promptFeedback")).get("blockReason")):
        transcript.finish_reason = blocked
        transcript.finished = True
    if usage := as_object(frame.get("usageMetadata")):
        transcript.usage = _usage(usage)


def _read_part(ns: int, part: JsonObject, transcript: Transcript) -> None:
    if part.get("thought") is True:
        transcript.reasoning_token(ns, part.get("text"))
    else:
        transcript.answer_token(ns, part.get("text"))
    if call := as_object(part.get("functionCall")):
        transcript.tool_token(ns, call.get("name"), call.get("args"))


def _usage(usage: JsonObject) -> Usage:
    """Gemini counts thoughts beside the answer; everywhere else they are part of the output."""
    answer = as_count(usage.get("candidatesTokenCount"))
    thoughts = as_count(usage.get("thoughtsTokenCount"))
    known = answer is not None or thoughts is not None
    return Usage(
        input_tokens=as_count(usage.get("promptTokenCount")),
        output_tokens=(answer or 0) + (thoughts or 0) if known else None,
        reasoning_tokens=thoughts,
        cached_tokens=as_count(usage.get("cachedContentTokenCount")),
        source="reported" if known else "unknown",
    )
