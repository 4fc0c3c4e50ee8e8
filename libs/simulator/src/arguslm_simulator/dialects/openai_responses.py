"""OpenAI's Responses API: numbered, typed events."""

import re
import time
from collections.abc import Mapping
from typing import Any

from arguslm_simulator.answer import Answer, Channel, Counts, Finish
from arguslm_simulator.behaviour import Behaviour
from arguslm_simulator.dialects.dialect import JsonObject, Place
from arguslm_simulator.dialects.openai import OpenAI, server_error
from arguslm_simulator.frames import SENT, server_event
from arguslm_simulator.http1 import Request
from arguslm_simulator.question import (
    ANY_JSON,
    BadRequest,
    Question,
    count_in,
    json_object,
    last_said,
    object_in,
    said_in_json,
    text_in,
    tokens_of,
    tool_in,
)

_INCOMPLETE = {
    Finish.LENGTH: "max_output_tokens",
    Finish.CONTENT_FILTER: "content_filter",
}
_DELTAS = {
    Channel.REASONING: "response.reasoning_summary_text.delta",
    Channel.ANSWER: "response.output_text.delta",
    Channel.TOOL_CALL: "response.function_call_arguments.delta",
}
# The member that says which part of its item a delta goes on with.
_PARTS: dict[Channel, JsonObject] = {
    Channel.REASONING: {"summary_index": 0},
    Channel.ANSWER: {"content_index": 0},
    Channel.TOOL_CALL: {},
}


class OpenAIResponses(OpenAI):
    name = "openai_responses"

    def __init__(self) -> None:
        self.places = (Place(re.compile("/v1/responses"), _read_question),)

    def lists_at(self, request: Request) -> bool:
        return False  # OpenAI has one list for both

    def writer(self, question: Question, behaviour: Behaviour, answer_id: str) -> "_Events":
        return _Events(question, answer_id)


def _read_question(request: Request, _: Mapping[str, str]) -> Question:
    document = json_object(request.body)
    model = text_in(document, "model")
    asked = document.get("input")
    if not asked or not isinstance(asked, str | list):
        raise BadRequest("is required", param="input", missing=True)
    return Question(
        model=model,
        prompt_tokens=tokens_of(asked),
        stream=document.get("stream") is True,
        max_tokens=count_in(document, "max_output_tokens"),
        tool=tool_in(document.get("tools")),
        wanted=_wanted(document, asked),
    )


def _wanted(document: JsonObject, asked: str | list[Any]) -> str:
    form = object_in(object_in(document, "text"), "format")
    if form.get("type") == "json_object":
        return ANY_JSON
    if form.get("type") == "json_schema":
        return said_in_json(form.get("schema"))
    return asked if isinstance(asked, str) else last_said(asked)


class _Events:
    """The events of one answer. Every item (thoughts, words, a call) is opened, filled, closed."""

    def __init__(self, question: Question, answer_id: str) -> None:
        self._id = answer_id
        self._tool = question.tool
        self._response = {
            "id": f"resp_{answer_id}",
            "object": "response",
            "created_at": int(time.time()),
            "model": question.model,
            "error": None,
            "incomplete_details": None,
            "usage": None,
            "output": [],
        }
        self._numbers = 0
        self._open: Channel | None = None
        self._said = ""
        self._items: list[JsonObject] = []

    def opening(self) -> bytes:
        begun = {"response": {**self._response, "status": "in_progress"}}
        return self._event("response.created", begun) + self._event("response.in_progress", begun)

    def piece(self, channel: Channel, text: str) -> bytes:
        before = b"" if channel is self._open else self._close() + self._begin(channel)
        self._said += text
        return before + self._event(_DELTAS[channel], {**self._place(), "delta": text})

    def ending(self, answer: Answer) -> bytes:
        closed = self._close()
        response = self._ended(answer, self._items)
        return closed + self._event(f"response.{response['status']}", {"response": response})

    def failure(self) -> bytes:
        message = server_error("").document["error"]["message"]
        error = {"code": "server_error", "message": message}
        response = {**self._response, "status": "failed", "error": error}
        return self._event("response.failed", {"response": response})

    def broken(self) -> bytes:
        return b'event: response.output_text.delta\ndata: {"type":"response.outp\n\n'

    def whole(self, answer: Answer) -> JsonObject:
        said = {Channel.REASONING: answer.reasoning, Channel.ANSWER: answer.text}
        said[Channel.TOOL_CALL] = answer.arguments
        items = [self._item(channel, text) for channel, text in said.items() if text]
        return {**self._ended(answer, items), **SENT}

    def _ended(self, answer: Answer, items: list[JsonObject]) -> JsonObject:
        reason = _INCOMPLETE.get(answer.finish) if answer.finish else None
        status = "incomplete" if reason else "completed"
        return {
            **self._response,
            "status": status if answer.finish else "in_progress",
            "incomplete_details": {"reason": reason} if reason else None,
            "output": items,
            "usage": _usage(answer.counts),
        }

    def _begin(self, channel: Channel) -> bytes:
        self._open, self._said = channel, ""
        item = self._item(channel, "")
        item |= {"content": []} if channel is Channel.ANSWER else {}
        item |= {"summary": []} if channel is Channel.REASONING else {}
        added = {"output_index": len(self._items), "item": item}
        return self._event("response.output_item.added", added) + self._part("added")

    def _close(self) -> bytes:
        if self._open is None:
            return b""
        item = self._item(self._open, self._said)
        place = {"output_index": len(self._items), "item": item}
        done = self._all_said() + self._part("done")
        self._open = None
        self._items.append(item)
        return done + self._event("response.output_item.done", place)

    def _all_said(self) -> bytes:
        assert self._open is not None
        name = "arguments" if self._open is Channel.TOOL_CALL else "text"
        kind = _DELTAS[self._open].removesuffix("delta") + "done"
        return self._event(kind, {**self._place(), name: self._said})

    def _part(self, moment: str) -> bytes:
        if self._open is Channel.ANSWER:
            kind, part = "response.content_part", _text_part(self._said)
        elif self._open is Channel.REASONING:
            kind, part = "response.reasoning_summary_part", _summary_part(self._said)
        else:
            return b""
        return self._event(f"{kind}.{moment}", {**self._place(), "part": part})

    def _place(self) -> JsonObject:
        assert self._open is not None
        index = len(self._items)
        return {"item_id": self._item_id(self._open), "output_index": index, **_PARTS[self._open]}

    def _item_id(self, channel: Channel) -> str:
        return f"{channel.name.lower()}_{self._id}"

    def _item(self, channel: Channel, text: str) -> JsonObject:
        item: JsonObject = {"id": self._item_id(channel)}
        if channel is Channel.REASONING:
            return item | {"type": "reasoning", "summary": [_summary_part(text)]}
        if channel is Channel.ANSWER:
            return item | {"type": "message", "role": "assistant", "content": [_text_part(text)]}
        name = self._tool.name if self._tool else None
        call = {"type": "function_call", "call_id": "call_simulated", "name": name}
        return item | call | {"arguments": text}

    def _event(self, kind: str, rest: JsonObject) -> bytes:
        number = {"sequence_number": self._numbers}
        self._numbers += 1
        return server_event({"type": kind, **SENT, **number, **rest}, kind)


def _text_part(text: str) -> JsonObject:
    return {"type": "output_text", "text": text, "annotations": []}


def _summary_part(text: str) -> JsonObject:
    return {"type": "summary_text", "text": text}


def _usage(counts: Counts) -> dict[str, Any]:
    return {
        "input_tokens": counts.prompt,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": counts.output,
        "output_tokens_details": {"reasoning_tokens": counts.reasoning},
        "total_tokens": counts.total,
    }
