"""Amazon Bedrock's ConverseStream, binary event-stream messages with JSON inside, and Converse, the
same in one piece: LiteLLM asks so for a schema that it has to ask for by a tool."""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zlib import crc32

from arguslm_contracts.measurement import Usage
from arguslm_llm.decoders.framing import is_json_body, whole
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

_PRELUDE = struct.Struct(">III")  # total length, header length, checksum of these two
_CHECKSUM_BYTES = 4
_MAX_MESSAGE_BYTES = 1024 * 1024
# Bytes of a header's value by its type; types 6 and 7 are length-prefixed.
_FIXED_VALUE_BYTES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}


class _Unreadable(Exception):
    """The bytes are no event-stream message."""


class _Message(NamedTuple):
    ns: int
    headers: dict[str, str]
    payload: JsonObject


def decode(reads: Sequence[Read], transcript: Transcript) -> None:
    """Read the messages of a stream, or one object."""
    if is_json_body(reads):
        transcript.streamed = False
        ns, body = whole(reads)
        _read_whole(ns, as_object(json_of(body)), transcript)
        return
    try:
        for message in _messages(reads):
            _read_message(message, transcript)
    except _Unreadable as error:
        transcript.unreadable(str(error))


def _messages(reads: Sequence[Read]) -> Iterator[_Message]:
    buffer = bytearray()  # what is read is cut off its front without copying the rest
    for ns, data in reads:
        buffer += data
        while len(buffer) >= _PRELUDE.size:
            total, header_bytes, checksum = _PRELUDE.unpack_from(buffer)
            sound = _PRELUDE.size + header_bytes + _CHECKSUM_BYTES <= total <= _MAX_MESSAGE_BYTES
            if crc32(buffer[:8]) != checksum or not sound:
                raise _Unreadable("a message of the stream is damaged")
            if len(buffer) < total:
                break
            head_end = _PRELUDE.size + header_bytes
            payload = bytes(buffer[head_end : total - _CHECKSUM_BYTES])
            headers = _headers(bytes(buffer[_PRELUDE.size : head_end]))
            del buffer[:total]
            yield _Message(ns, headers, as_object(json_of(payload)))


def _headers(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            name_end = at + 1 + data[at]
            name = data[at + 1 : name_end].decode("utf-8", "replace")
            kind = data[name_end]
            at = name_end + 1
            if kind in (6, 7):
                (size,) = struct.unpack_from(">H", data, at)
                found[name] = data[at + 2 : at + 2 + size].decode("utf-8", "replace")
                at += 2 + size
            else:
                at += _FIXED_VALUE_BYTES[kind]
    except (IndexError, KeyError, struct.error) as error:
        raise _Unreadable("a message of the stream has malformed headers") from error
    return found


def _read_message(message: _Message, transcript: Transcript) -> None:
    ns, headers, payload = message
    if headers.get(":message-type") in ("exception", "error"):
        kind = headers.get(":exception-type") or headers.get(":error-code")
        said = as_text(payload.get("message")) or headers.get(":error-message")
        transcript.fail(ProviderError(type=kind, message=said))
        return
    event = headers.get(":event-type")
    if event == "contentBlockDelta":
        _read_delta(ns, as_object(payload.get("delta")), transcript)
    elif event == "contentBlockStart":
        if tool := as_object(as_object(payload.get("start")).get("toolUse")):
            transcript.tool_token(ns, tool.get("name"))
    elif event == "messageStop":
        transcript.finish_reason = as_text(payload.get("stopReason"))
        transcript.finished = True
    elif event == "metadata":
        transcript.usage = _usage(as_object(payload.get("usage")))


def _read_whole(ns: int, body: JsonObject, transcript: Transcript) -> None:
    message = as_object(as_object(body.get("output")).get("message"))
    if not message:
        transcript.unreadable("the body holds no message")
        return
    for block in map(as_object, as_list(message.get("content"))):
        thought = as_object(as_object(block.get("reasoningContent")).get("reasoningText"))
        transcript.reasoning_token(ns, thought.get("text"))
        transcript.answer_token(ns, block.get("text"))
        if tool := as_object(block.get("toolUse")):
            transcript.tool_token(ns, tool.get("name"), tool.get("input"))
    transcript.finish_reason = as_text(body.get("stopReason"))
    transcript.finished = transcript.finish_reason is not None
    transcript.usage = _usage(as_object(body.get("usage")))


def _read_delta(ns: int, delta: JsonObject, transcript: Transcript) -> None:
    transcript.answer_token(ns, delta.get("text"))
    transcript.reasoning_token(ns, as_object(delta.get("reasoningContent")).get("text"))
    if tool := as_object(delta.get("toolUse")):
        transcript.tool_token(ns, arguments=tool.get("input"))


def _usage(usage: JsonObject) -> Usage:
    """Bedrock's input count leaves out what was read from or written to the cache."""
    output_tokens = as_count(usage.get("outputTokens"))
    fresh = as_count(usage.get("inputTokens"))
    cached = as_count(usage.get("cacheReadInputTokens"))
    written = as_count(usage.get("cacheWriteInputTokens"))
    return Usage(
        input_tokens=None if fresh is None else fresh + (cached or 0) + (written or 0),
        output_tokens=output_tokens,
        cached_tokens=cached,
        source="unknown" if output_tokens is None else "reported",
    )
