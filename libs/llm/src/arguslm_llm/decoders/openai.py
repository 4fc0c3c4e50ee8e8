"""OpenAI's chat completions (and the older completions), as spoken by most providers."""

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

# The names under which servers show thinking. A frame that repeats it under two counts once.
_REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")


def decode(reads: Sequence[Read], transcript: Transcript) -> None:
    """Read an SSE stream, or the plain JSON body of a server that does not stream."""
    if is_json_body(reads):
        _decode_plain(reads, transcript)
        return
    for ns, event, data in server_events(reads):
        if data.strip() == b"[DONE]":
            transcript.finished = True
            continue
        frame = json_of(data)
        error = error_in(frame)
        if error is None and event == "error":
            error = ProviderError(message=data.decode("utf-8", "replace"))
        if error is not None:
            transcript.fail(error)
        elif isinstance(frame, dict):
            _read_frame(ns, frame, "delta", transcript)
        else:
            transcript.unreadable("a frame of the stream is no JSON object")


def _decode_plain(reads: Sequence[Read], transcript: Transcript) -> None:
    transcript.streamed = False
    ns, body = whole(reads)
    value = json_of(body)
    error = error_in(value)
    if error is not None:
        transcript.fail(error)
    elif isinstance(value, dict) and "choices" in value:
        _read_frame(ns, value, "message", transcript)
        transcript.finished = True
    else:
        transcript.unreadable("the body is no chat completion")


def _read_frame(ns: int, frame: JsonObject, part: str, transcript: Transcript) -> None:
    for choice in map(as_object, as_list(frame.get("choices"))):
        _read_delta(ns, as_object(choice.get(part)), transcript)
        transcript.answer_token(ns, choice.get("text"))
        reason = as_text(choice.get("finish_reason"))
        if reason is not None and reason != "null":  # some write out that there is none yet
            transcript.finish_reason = reason
            transcript.finished = True
        if reason == "error" or choice.get("error"):
            transcript.fail(error_in(choice) or ProviderError(type="error"))
    usage = frame.get("usage") or as_object(frame.get("x_groq")).get("usage")
    if isinstance(usage, dict):
        transcript.usage = _usage(usage)


def _read_delta(ns: int, delta: JsonObject, transcript: Transcript) -> None:
    for name in _REASONING_FIELDS:
        shown = delta.get(name)
        if isinstance(shown, str) and shown:
            transcript.reasoning_token(ns, shown)
            break
    _read_content(ns, delta.get("content"), transcript)
    transcript.answer_token(ns, delta.get("refusal"))
    calls = [as_object(call).get("function") for call in as_list(delta.get("tool_calls"))]
    for call in map(as_object, [*calls, delta.get("function_call")]):
        if call.get("name") or call.get("arguments"):
            transcript.tool_token(ns, call.get("name"), call.get("arguments"))


def _read_content(ns: int, content: Any, transcript: Transcript) -> None:
    """Content is text, or a list of parts (Mistral shows its thinking as such a part)."""
    if not isinstance(content, list):
        transcript.answer_token(ns, content)
        return
    for part in map(as_object, content):
        if part.get("type") == "thinking":
            pieces = part.get("thinking")
            for piece in pieces if isinstance(pieces, list) else [{"text": pieces}]:
                transcript.reasoning_token(ns, as_object(piece).get("text"))
        else:
            transcript.answer_token(ns, part.get("text"))


def _usage(usage: JsonObject) -> Usage:
    prompt = as_object(usage.get("prompt_tokens_details"))
    # DeepSeek and Moonshot name what came from the cache in their own ways.
    cached = (
        prompt.get("cached_tokens"),
        usage.get("prompt_cache_hit_tokens"),
        usage.get("cached_tokens"),
    )
    output_tokens = _output_tokens(usage)
    return Usage(
        input_tokens=as_count(usage.get("prompt_tokens")),
        output_tokens=output_tokens,
        reasoning_tokens=_reasoning_tokens(usage),
        cached_tokens=next((n for n in map(as_count, cached) if n is not None), None),
        source="unknown" if output_tokens is None else "reported",
    )


def _reasoning_tokens(usage: JsonObject) -> int | None:
    """Perplexity and some servers have them beside the other counts."""
    details = as_object(usage.get("completion_tokens_details"))
    return as_count(details.get("reasoning_tokens", usage.get("reasoning_tokens")))


def _output_tokens(usage: JsonObject) -> int | None:
    """xAI counts reasoning beside the completion, which only the total gives away."""
    completion, reasoning = as_count(usage.get("completion_tokens")), _reasoning_tokens(usage)
    if completion is None or not reasoning:
        return completion
    beside = completion + reasoning + (as_count(usage.get("prompt_tokens")) or 0)
    return completion + reasoning if usage.get("total_tokens") == beside else completion
