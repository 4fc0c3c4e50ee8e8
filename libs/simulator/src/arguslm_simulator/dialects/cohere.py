"""Cohere's chat and embed, version 2."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from arguslm_simulator.answer import Answer, Channel, Counts, Finish
from arguslm_simulator.behaviour import Behaviour, Fault
from arguslm_simulator.dialects.dialect import (
    Dialect,
    JsonObject,
    Place,
    Refusal,
    bearer_token,
    page_of,
    page_size,
    same,
)
from arguslm_simulator.frames import SENT, TEXT_SLOT, Template, server_event
from arguslm_simulator.http1 import Request
from arguslm_simulator.question import (
    ANY_JSON,
    BadRequest,
    Question,
    Texts,
    count_in,
    dimensions_in,
    json_object,
    last_said,
    list_in,
    object_in,
    said_in_json,
    text_in,
    texts_in,
    tokens_of,
    tool_in,
)

_FINISH = {
    Finish.STOP: "COMPLETE",
    Finish.LENGTH: "MAX_TOKENS",
    Finish.TOOL_CALL: "TOOL_CALL",
    Finish.CONTENT_FILTER: "ERROR_TOXIC",
}
_CALL_ID = "call_simulated"
# What tells its list of models from the others at the same path.
_LIST_PARAMETERS = {"endpoint", "page_size", "page_token"}


def _refusal(status: int, message: str) -> Refusal:
    return Refusal(status, {"message": message})


class Cohere(Dialect):
    name = "cohere"
    never = {Fault.REGION_BLOCKED: "no page of theirs tells of it"}
    refusals = {
        Fault.HTTP_500: lambda _: _refusal(500, "internal server error"),
        Fault.HTTP_503: lambda _: _refusal(503, "the service is overloaded, try again later"),
        Fault.HTTP_429: lambda _: _refusal(
            429, "You are using a Trial key, which is limited to 20 API calls / minute."
        ),
        Fault.HTTP_401: lambda _: _refusal(401, "invalid api token"),
        Fault.QUOTA: lambda _: _refusal(
            402, "Please add or update your payment method to continue"
        ),
        Fault.BAD_REQUEST: lambda _: _refusal(
            400, "too many tokens: total number of tokens in the prompt cannot exceed 8"
        ),
        Fault.UNSUPPORTED: lambda model: _refusal(
            400, f"invalid request: model '{model}' is not supported by the chat API"
        ),
        Fault.MODEL_GONE: lambda model: _refusal(
            404, f"model '{model}' not found, make sure the correct model ID was used"
        ),
    }

    def __init__(self) -> None:
        self.places = (
            Place(re.compile("/v2/chat"), _read_question),
            Place(re.compile("/v2/embed"), _read_texts),
        )

    def credential(self, request: Request) -> str | None:
        return bearer_token(request)

    def admits(self, request: Request, key: str) -> bool:
        return same(self.credential(request), f"Bearer {key}")

    def lists_at(self, request: Request) -> bool:
        return request.path == "/v1/models" and not _LIST_PARAMETERS.isdisjoint(request.query)

    def models(self, names: Sequence[str], request: Request) -> JsonObject:
        size = page_size(request.query, "page_size", default=20)
        page, has_more = page_of(names, after=request.query.get("page_token") or None, size=size)
        rows: list[Any] = [
            {"name": name, "endpoints": ["chat", "embed"], "context_length": 131_072}
            for name in page
        ]
        return {"models": rows, **({"next_page_token": page[-1]} if has_more else {})}

    def writer(self, question: Question, behaviour: Behaviour, answer_id: str) -> "_Events":
        return _Events(question, answer_id)

    def embeddings(self, texts: Texts, vectors: Sequence[list[float]]) -> JsonObject:
        return {
            "response_type": "embeddings_by_type",
            "texts": list(texts.texts),
            "embeddings": {"float": list(vectors)},
            "meta": {"billed_units": {"input_tokens": texts.prompt_tokens}},
        }

    def bad_request(self, error: BadRequest) -> Refusal:
        what = f"{error.param} {error}" if error.param else str(error)
        return _refusal(400, f"invalid request: {what}")


def _read_question(request: Request, _: Mapping[str, str]) -> Question:
    document = json_object(request.body)
    model = text_in(document, "model")
    messages = list_in(document, "messages")
    return Question(
        model=model,
        prompt_tokens=tokens_of(messages),
        stream=document.get("stream") is True,
        max_tokens=count_in(document, "max_tokens"),
        tool=tool_in(document.get("tools"), "function"),
        wanted=_wanted(document, messages),
    )


def _wanted(document: JsonObject, messages: list[Any]) -> str:
    form = object_in(document, "response_format")
    if form.get("type") != "json_object":
        return last_said(messages)
    return said_in_json(form["json_schema"]) if "json_schema" in form else ANY_JSON


def _read_texts(request: Request, _: Mapping[str, str]) -> Texts:
    document = json_object(request.body)
    return Texts(
        model=text_in(document, "model"),
        texts=texts_in(document, "texts"),
        dimensions=dimensions_in(document, "output_dimension"),
    )


class _Events:
    """The events of one answer. Thoughts, words and a call each begin and end."""

    def __init__(self, question: Question, answer_id: str) -> None:
        self._id = answer_id
        self._tool = question.tool
        self._index = -1
        self._open: Channel | None = None
        self._delta = Template(b"")

    def opening(self) -> bytes:
        message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": []}
        return _event("message-start", {"id": self._id, "delta": {"message": message}})

    def piece(self, channel: Channel, text: str) -> bytes:
        before = b"" if channel is self._open else self._close() + self._begin(channel)
        return before + self._delta.filled(text)

    def ending(self, answer: Answer) -> bytes:
        finish = _FINISH[answer.finish or Finish.STOP]
        delta = {"finish_reason": finish, "usage": _usage(answer.counts)}
        return self._close() + _event("message-end", {"delta": delta})

    def failure(self) -> bytes:
        delta = {"finish_reason": "ERROR", "error": "an internal server error occurred"}
        return _event("message-end", {"delta": delta})

    def broken(self) -> bytes:
        return b'event: content-delta\ndata: {"type":"content-d\n\n'

    def whole(self, answer: Answer) -> JsonObject:
        content: list[JsonObject] = []
        if answer.reasoning:
            content.append({"type": "thinking", "thinking": answer.reasoning})
        if answer.text:
            content.append({"type": "text", "text": answer.text})
        message: JsonObject = {"role": "assistant", "content": content}
        if answer.call:
            message["tool_calls"] = [self._call(answer.arguments)]
        return {
            "id": self._id,
            "finish_reason": _FINISH[answer.finish] if answer.finish else None,
            "message": message,
            "usage": _usage(answer.counts),
            **SENT,
        }

    def _begin(self, channel: Channel) -> bytes:
        self._open = channel
        self._index += 1
        if channel is Channel.TOOL_CALL:
            self._delta = self._template(
                "tool-call-delta", {"tool_calls": {"function": {"arguments": TEXT_SLOT}}}
            )
            return self._at("tool-call-start", {"tool_calls": self._call("")})
        kind = "thinking" if channel is Channel.REASONING else "text"
        self._delta = self._template("content-delta", {"content": {kind: TEXT_SLOT}})
        return self._at("content-start", {"content": {"type": kind, kind: ""}})

    def _close(self) -> bytes:
        if self._open is None:
            return b""
        kind = "tool-call-end" if self._open is Channel.TOOL_CALL else "content-end"
        self._open = None
        return _event(kind, {"index": self._index})

    def _template(self, kind: str, message: JsonObject) -> Template:
        return Template(self._at(kind, message))

    def _at(self, kind: str, message: JsonObject) -> bytes:
        return _event(kind, {"index": self._index, "delta": {"message": message}})

    def _call(self, arguments: str) -> JsonObject:
        name = self._tool.name if self._tool else None
        function = {"name": name, "arguments": arguments}
        return {"id": _CALL_ID, "type": "function", "function": function}


def _event(kind: str, rest: JsonObject) -> bytes:
    return server_event({"type": kind, **SENT, **rest}, kind)


def _usage(counts: Counts) -> JsonObject:
    tokens = {"input_tokens": counts.prompt, "output_tokens": counts.output}
    return {"billed_units": tokens, "tokens": tokens}
