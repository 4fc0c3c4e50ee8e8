"""Anthropic's Messages API."""

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
    """Read a stream of typed events, or one message object."""
    if is_json_body(reads):
        transcript.streamed = False
        ns, body = whole(reads)
        _read_message(ns, json_of(body), transcript)
        return
    counted: JsonObject = {}
    for ns, _, data in server_events(reads):
        frame = json_of(data)
        if error := error_in(frame):
            transcript.fail(error)
        elif isinstance(frame, dict):
            _read_event(ns, frame, counted, transcript)
        else:
            transcript.unreadable("a frame of the stream is no JSON object")


def _read_event(ns: int, frame: JsonObject, counted: JsonObject, transcript: Transcript) -> None:
    kind = as_text(frame.get("type"))
    if kind == "content_block_delta":
        _read_delta(ns, as_object(frame.get("delta")), transcript)
    elif kind == "content_block_start":
        _read_block(ns, as_object(frame.get("content_block")), transcript)
    elif kind == "message_start":
        _count(as_object(frame.get("message")).get("usage"), counted, transcript)
    elif kind == "message_delta":
        reason = as_text(as_object(frame.get("delta")).get("stop_reason"))
        transcript.finish_reason = reason or transcript.finish_reason
        _count(frame.get("usage"), counted, transcript)
    elif kind == "message_stop":
        transcript.finished = True


def _read_delta(ns: int, delta: JsonObject, transcript: Transcript) -> None:
    transcript.answer_token(ns, delta.get("text"))
    transcript.reasoning_token(ns, delta.get("thinking"))
    if delta.get("partial_json"):
        transcript.tool_token(ns, arguments=delta["partial_json"])


def _read_block(ns: int, block: JsonObject, transcript: Transcript) -> None:
    transcript.answer_token(ns, block.get("text"))
    transcript.reasoning_token(ns, block.get("thinking"))
    if block.get("type") == "tool_use":
        # A stream begins the block with an empty input, and sends it in pieces afterwards.
        transcript.tool_token(ns, block.get("name"), block.get("input") or None)


def _read_message(ns: int, value: Any, transcript: Transcript) -> None:
    if error := error_in(value):
        transcript.fail(error)
        return
    if not isinstance(value, dict):
        transcript.unreadable("the body is no JSON object")
        return
    for block in map(as_object, as_list(value.get("content"))):
        _read_block(ns, block, transcript)
    transcript.finish_reason = as_text(value.get("stop_reason"))
    transcript.finished = True
    _count(value.get("usage"), {}, transcript)


def _count(usage: Any, counted: JsonObject, transcript: Transcript) -> None:
    """Counts come in two halves: the input with the first event, the output with the last.
    Anthropic's input count leaves out what was read from or written to the cache."""
    counted.update({k: v for k, v in as_object(usage).items() if v is not None})
    cached = as_count(counted.get("cache_read_input_tokens"))
    written = as_count(counted.get("cache_creation_input_tokens"))
    fresh = as_count(counted.get("input_tokens"))
    output_tokens = as_count(counted.get("output_tokens"))
    if output_tokens is None:
        return
    transcript.usage = Usage(
        input_tokens=None if fresh is None else fresh + (cached or 0) + (written or 0),
        output_tokens=output_tokens,
        cached_tokens=cached,
        source="reported",
    )
