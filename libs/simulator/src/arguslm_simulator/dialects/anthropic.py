"""Anthropic's Messages API: named events, content in blocks."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from arguslm_simulator.answer import Answer, Channel, Counts, Finish
from arguslm_simulator.behaviour import Behaviour, Fault
from arguslm_simulator.dialects.dialect import (
    Dialect,
    JsonObject,
    Place,
    Refusal,
    page_of,
    page_size,
)
from arguslm_simulator.frames import SENT, TEXT_SLOT, Template, server_event
from arguslm_simulator.http1 import Request
from arguslm_simulator.question import (
    BadRequest,
    Question,
    count_in,
    json_object,
    last_said,
    list_in,
    object_in,
    said_in_json,
    text_in,
    tokens_of,
    tool_in,
)

_FINISH = {
    Finish.STOP: "end_turn",
    Finish.LENGTH: "max_tokens",
    Finish.TOOL_CALL: "tool_use",
    Finish.CONTENT_FILTER: "refusal",
}
_DELTAS: dict[Channel, JsonObject] = {
    Channel.REASONING: {"type": "thinking_delta", "thinking": TEXT_SLOT},
    Channel.ANSWER: {"type": "text_delta", "text": TEXT_SLOT},
    Channel.TOOL_CALL: {"type": "input_json_delta", "partial_json": TEXT_SLOT},
}
_VERSION_HEADER = "anthropic-version"
_CALL_ID = "toolu_simulated"


def _refusal(
    status: int, kind: str, message: str, headers: Mapping[str, str] | None = None
) -> Refusal:
    document = {"type": "error", "error": {"type": kind, "message": message}}
    return Refusal(status, document, headers or {})


def _rate_limited(_: str) -> Refusal:
    reset = datetime.now(UTC) + timedelta(seconds=21)
    headers = {
        "retry-after": "21",
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    message = "This request would exceed your organization's rate limit of 50 requests per minute."
    return _refusal(429, "rate_limit_error", message, headers)


class Anthropic(Dialect):
    name = "anthropic"
    id_header = "request-id"
    refusals = {
        Fault.HTTP_500: lambda _: _refusal(500, "api_error", "Internal server error"),
        Fault.HTTP_503: lambda _: _refusal(529, "overloaded_error", "Overloaded"),
        Fault.HTTP_429: _rate_limited,
        Fault.HTTP_401: lambda _: _refusal(401, "authentication_error", "invalid x-api-key"),
        Fault.QUOTA: lambda _: _refusal(
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API. "
            "Please go to Plans & Billing to upgrade or purchase credits.",
        ),
        Fault.BAD_REQUEST: lambda _: _refusal(
            400, "invalid_request_error", "messages: at least one message is required"
        ),
        Fault.UNSUPPORTED: lambda _: _refusal(
            400, "invalid_request_error", "`temperature` is deprecated for this model."
        ),
        Fault.MODEL_GONE: lambda model: _refusal(404, "not_found_error", f"model: {model}"),
        # It says no more than this, so nobody can tell it from a key without rights.
        Fault.REGION_BLOCKED: lambda _: _refusal(403, "forbidden", "Request not allowed"),
    }

    def __init__(self) -> None:
        self.places = (Place(re.compile("/v1/messages"), _read_question),)

    def credential(self, request: Request) -> str | None:
        return request.headers.get("x-api-key")

    def lists_at(self, request: Request) -> bool:
        return request.path == "/v1/models" and _VERSION_HEADER in request.headers

    def models(self, names: Sequence[str], request: Request) -> JsonObject:
        size = page_size(request.query, "limit", default=20)
        page, has_more = page_of(names, after=request.query.get("after_id"), size=size)
        rows: list[Any] = [
            {
                "type": "model",
                "id": name,
                "display_name": name,
                "created_at": "2025-01-01T00:00:00Z",
            }
            for name in page
        ]
        ends = {"first_id": page[0], "last_id": page[-1]} if page else {}
        return {"data": rows, "has_more": has_more, "first_id": None, "last_id": None, **ends}

    def writer(self, question: Question, behaviour: Behaviour, answer_id: str) -> "_Events":
        return _Events(question, f"msg_{answer_id}")

    def bad_request(self, error: BadRequest) -> Refusal:
        what = "Field required" if error.missing else str(error)
        message = f"{error.param}: {what}" if error.param else what
        return _refusal(400, "invalid_request_error", message)


def _read_question(request: Request, _: Mapping[str, str]) -> Question:
    if _VERSION_HEADER not in request.headers:
        raise BadRequest("header is required", param=_VERSION_HEADER)
    document = json_object(request.body)
    model = text_in(document, "model")
    messages = list_in(document, "messages")
    max_tokens = count_in(document, "max_tokens")
    if max_tokens is None:
        raise BadRequest("is required", param="max_tokens", missing=True)
    return Question(
        model=model,
        prompt_tokens=tokens_of(messages),
        stream=document.get("stream") is True,
        max_tokens=max_tokens,
        tool=tool_in(document.get("tools"), schema="input_schema"),
        wanted=_wanted(document, messages),
    )


def _wanted(document: JsonObject, messages: list[Any]) -> str:
    """It has no JSON without a schema; `output_format` is what the schema's place was called."""
    config = object_in(document, "output_config")
    form = object_in(config, "format") or object_in(document, "output_format")
    if form.get("type") == "json_schema":
        return said_in_json(form.get("schema"))
    return last_said(messages)


class _Events:
    """The events of one answer. Thoughts, words and a call are blocks, one after the other."""

    def __init__(self, question: Question, answer_id: str) -> None:
        self._prompt_tokens = question.prompt_tokens
        self._tool = question.tool
        self._message: JsonObject = {
            "id": answer_id,
            "type": "message",
            "role": "assistant",
            "model": question.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
        }
        self._index = -1
        self._open: Channel | None = None
        self._delta = Template(b"")

    def opening(self) -> bytes:
        usage = {"input_tokens": self._prompt_tokens, "output_tokens": 1}
        start = _event("message_start", {"message": {**self._message, "usage": usage}})
        return start + _event("ping", {})

    def piece(self, channel: Channel, text: str) -> bytes:
        before = b"" if channel is self._open else self._close() + self._begin(channel)
        return before + self._delta.filled(text)

    def ending(self, answer: Answer) -> bytes:
        delta = {"stop_reason": _FINISH[answer.finish or Finish.STOP], "stop_sequence": None}
        bill = {"output_tokens": answer.counts.output}
        end = _event("message_delta", {"delta": delta, "usage": bill})
        return self._close() + end + _event("message_stop", {})

    def failure(self) -> bytes:
        error = {"type": "api_error", "message": "Internal server error"}
        return _event("error", {"error": error})

    def broken(self) -> bytes:
        return b'event: content_block_delta\ndata: {"type":"content_bl\n\n'

    def whole(self, answer: Answer) -> JsonObject:
        content: list[JsonObject] = []
        if answer.reasoning:
            content.append({**self._block(Channel.REASONING), "thinking": answer.reasoning})
        if answer.text:
            content.append({**self._block(Channel.ANSWER), "text": answer.text})
        if answer.call:
            content.append({**self._block(Channel.TOOL_CALL), "input": answer.call.sample()})
        finish = _FINISH[answer.finish] if answer.finish else None
        said = {"content": content, "stop_reason": finish, "usage": _usage(answer.counts)}
        return {**self._message, **SENT, **said}

    def _begin(self, channel: Channel) -> bytes:
        self._open = channel
        self._index += 1
        place = {"index": self._index}
        delta = {**place, "delta": _DELTAS[channel]}
        self._delta = Template(_event("content_block_delta", delta))
        return _event("content_block_start", {**place, "content_block": self._block(channel)})

    def _close(self) -> bytes:
        if self._open is None:
            return b""
        place = {"index": self._index}
        signed = b""
        if self._open is Channel.REASONING:
            signature = {"type": "signature_delta", "signature": "c2ltdWxhdGVk"}
            signed = _event("content_block_delta", {**place, "delta": signature})
        self._open = None
        return signed + _event("content_block_stop", place)

    def _block(self, channel: Channel) -> JsonObject:
        if channel is Channel.REASONING:
            return {"type": "thinking", "thinking": "", "signature": ""}
        if channel is Channel.ANSWER:
            return {"type": "text", "text": ""}
        name = self._tool.name if self._tool else None
        return {"type": "tool_use", "id": _CALL_ID, "name": name, "input": {}}


def _event(kind: str, rest: JsonObject) -> bytes:
    return server_event({"type": kind, **SENT, **rest}, kind)


def _usage(counts: Counts) -> JsonObject:
    return {"input_tokens": counts.prompt, "output_tokens": counts.output}
