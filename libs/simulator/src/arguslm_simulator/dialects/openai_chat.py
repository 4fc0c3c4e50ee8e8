"""OpenAI's chat completions and embeddings, which half the field speaks."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from arguslm_simulator.answer import Answer, Channel, Counts, Finish
from arguslm_simulator.behaviour import Behaviour
from arguslm_simulator.dialects.dialect import JsonObject, Place
from arguslm_simulator.dialects.openai import OpenAI, server_error
from arguslm_simulator.frames import STAMP_SLOT, TEXT_SLOT, Template, server_event
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
from arguslm_simulator.vectors import in_base64

_DONE = b"data: [DONE]\n\n"
_FINISH = {
    Finish.STOP: "stop",
    Finish.LENGTH: "length",
    Finish.TOOL_CALL: "tool_calls",
    Finish.CONTENT_FILTER: "content_filter",
}
_CALL_ID = "call_simulated"


class OpenAIChat(OpenAI):
    name = "openai"

    def __init__(self) -> None:
        self.places = (
            Place(re.compile("/v1/chat/completions"), _read_question),
            Place(re.compile("/v1/embeddings"), _read_texts),
        )

    def writer(self, question: Question, behaviour: Behaviour, answer_id: str) -> "_Frames":
        return _Frames(question, behaviour.reasoning_field, f"chatcmpl-{answer_id}")

    def embeddings(self, texts: Texts, vectors: Sequence[list[float]]) -> JsonObject:
        rows: list[Any] = [
            {
                "object": "embedding",
                "index": index,
                "embedding": in_base64(vector) if texts.encoding == "base64" else vector,
            }
            for index, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": texts.prompt_tokens, "total_tokens": texts.prompt_tokens}
        return {"object": "list", "data": rows, "model": texts.model, "usage": usage}


def _read_question(request: Request, _: Mapping[str, str]) -> Question:
    document = json_object(request.body)
    model = text_in(document, "model")
    messages = list_in(document, "messages")
    return Question(
        model=model,
        prompt_tokens=tokens_of(messages),
        stream=document.get("stream") is True,
        include_usage=object_in(document, "stream_options").get("include_usage") is True,
        max_tokens=count_in(document, "max_completion_tokens", "max_tokens"),
        tool=tool_in(document.get("tools"), "function"),
        wanted=_wanted(document, messages),
    )


def _wanted(document: JsonObject, messages: list[Any]) -> str:
    form = object_in(document, "response_format")
    if form.get("type") == "json_object":
        return ANY_JSON
    if form.get("type") == "json_schema":
        return said_in_json(object_in(form, "json_schema").get("schema"))
    return last_said(messages)


def _read_texts(request: Request, _: Mapping[str, str]) -> Texts:
    document = json_object(request.body)
    encoding = document.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise BadRequest("expected 'float' or 'base64'", param="encoding_format")
    return Texts(
        model=text_in(document, "model"),
        texts=texts_in(document, "input"),
        dimensions=dimensions_in(document, "dimensions"),
        encoding=encoding,
    )


class _Frames:
    """The frames of one answer. A stamp is the fingerprint: a field that nobody reads twice."""

    def __init__(self, question: Question, reasoning_field: str, answer_id: str) -> None:
        self._include_usage = question.include_usage
        self._reasoning_field = reasoning_field
        self._tool = question.tool
        self._answer_id = answer_id
        self._common = {
            "created": int(time.time()),
            "model": question.model,
            "system_fingerprint": STAMP_SLOT.decode(),
        }
        call = {"index": 0, "function": {"arguments": TEXT_SLOT}}
        self._pieces = {
            Channel.REASONING: Template(self._delta({reasoning_field: TEXT_SLOT})),
            Channel.ANSWER: Template(self._delta({"content": TEXT_SLOT})),
            Channel.TOOL_CALL: Template(self._delta({"tool_calls": [call]})),
        }
        self._is_named = False

    def opening(self) -> bytes:
        return self._delta({"role": "assistant", "content": ""})

    def piece(self, channel: Channel, text: str) -> bytes:
        if channel is Channel.TOOL_CALL and not self._is_named:
            self._is_named = True
            return self._delta({"tool_calls": [{"index": 0, **self._call(text)}]})
        return self._pieces[channel].filled(text)

    def ending(self, answer: Answer) -> bytes:
        finish = self._delta({}, _FINISH[answer.finish or Finish.STOP])
        bill = b""
        if self._include_usage:
            bill = self._frame({"choices": [], "usage": _usage(answer.counts)})
        return finish + bill + _DONE

    def failure(self) -> bytes:
        return server_event(server_error("").document) + _DONE

    def broken(self) -> bytes:
        return b'data: {"id":"' + self._answer_id.encode() + b'","choi\n\n'

    def whole(self, answer: Answer) -> JsonObject:
        message: JsonObject = {"role": "assistant", "content": answer.text, "refusal": None}
        if answer.reasoning:
            message[self._reasoning_field] = answer.reasoning
        if answer.call:
            message |= {"content": None, "tool_calls": [self._call(answer.arguments)]}
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": _FINISH[answer.finish] if answer.finish else None,
        }
        return {
            "id": self._answer_id,
            "object": "chat.completion",
            **self._common,
            "choices": [choice],
            "usage": _usage(answer.counts),
        }

    def _call(self, arguments: str) -> JsonObject:
        name = self._tool.name if self._tool else None
        function = {"name": name, "arguments": arguments}
        return {"id": _CALL_ID, "type": "function", "function": function}

    def _delta(self, delta: JsonObject, finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._frame(
            {"choices": [choice], **({"usage": None} if self._include_usage else {})}
        )

    def _frame(self, rest: JsonObject) -> bytes:
        start = {"id": self._answer_id, "object": "chat.completion.chunk", **self._common}
        return server_event(start | rest)


def _usage(counts: Counts) -> JsonObject:
    return {
        "prompt_tokens": counts.prompt,
        "completion_tokens": counts.output,
        "total_tokens": counts.total,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": counts.reasoning},
    }
