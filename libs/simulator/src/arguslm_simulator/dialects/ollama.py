"""Ollama's own API: one JSON object per line, and streaming unless told otherwise."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from arguslm_simulator.answer import Answer, Channel, Counts, Finish
from arguslm_simulator.behaviour import Behaviour, Fault
from arguslm_simulator.dialects.dialect import (
    Dialect,
    JsonObject,
    Place,
    Refusal,
    bearer_token,
    same,
)
from arguslm_simulator.frames import SENT, TEXT_SLOT, Template, to_json
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

_FINISH = {Finish.STOP: "stop", Finish.LENGTH: "length", Finish.TOOL_CALL: "stop"}


def _refusal(status: int, message: str) -> Refusal:
    return Refusal(status, {"error": message})


class Ollama(Dialect):
    """It has no keys of its own; one that is demanded stands for a gate before it."""

    name = "ollama"
    call_in_one_piece = True
    never = {
        Fault.CONTENT_FILTER: "it filters nothing",
        Fault.REGION_BLOCKED: "it runs where it was put",
        Fault.QUOTA: "it is not billed by use",
    }
    refusals = {
        Fault.HTTP_500: lambda _: _refusal(
            500, "llama runner process has terminated: exit status 2"
        ),
        Fault.HTTP_503: lambda _: _refusal(
            503, "server busy, please try again.  maximum pending requests exceeded"
        ),
        Fault.HTTP_429: lambda _: _refusal(
            429, "you've reached your hourly usage limit, please upgrade to continue"
        ),
        Fault.HTTP_401: lambda _: _refusal(401, "unauthorized"),
        Fault.BAD_REQUEST: lambda _: _refusal(
            400, "invalid character 'x' looking for beginning of value"
        ),
        Fault.UNSUPPORTED: lambda model: _refusal(400, f'"{model}" does not support chat'),
        Fault.MODEL_GONE: lambda model: _refusal(404, f"model '{model}' not found"),
    }

    def __init__(self) -> None:
        self.places = (
            Place(re.compile("/api/chat"), _read_question),
            Place(re.compile("/api/embed"), _read_texts),
        )

    def credential(self, request: Request) -> str | None:
        return bearer_token(request)

    def admits(self, request: Request, key: str) -> bool:
        return same(self.credential(request), f"Bearer {key}")

    def lists_at(self, request: Request) -> bool:
        return request.path == "/api/tags"

    def models(self, names: Sequence[str], request: Request) -> JsonObject:
        details = {
            "format": "gguf",
            "family": "simulated",
            "parameter_size": "8.0B",
            "quantization_level": "Q4_0",
        }
        rows: list[Any] = [
            {
                "name": name,
                "model": name,
                "modified_at": "2025-01-01T00:00:00Z",
                "size": 4_661_224_676,
                "digest": "0" * 64,
                "details": details,
            }
            for name in names
        ]
        return {"models": rows}

    def stream_type(self, question: Question) -> str:
        return "application/x-ndjson"

    def writer(self, question: Question, behaviour: Behaviour, answer_id: str) -> "_Lines":
        return _Lines(question)

    def embeddings(self, texts: Texts, vectors: Sequence[list[float]]) -> JsonObject:
        return {
            "model": texts.model,
            "embeddings": list(vectors),
            "prompt_eval_count": texts.prompt_tokens,
        }

    def bad_request(self, error: BadRequest) -> Refusal:
        return _refusal(400, f"{error.param} {error}" if error.param else str(error))


def _read_question(request: Request, _: Mapping[str, str]) -> Question:
    document = json_object(request.body)
    model = text_in(document, "model")
    messages = list_in(document, "messages")
    return Question(
        model=model,
        prompt_tokens=tokens_of(messages),
        stream=document.get("stream") is not False,
        max_tokens=_most_tokens(object_in(document, "options")),
        tool=tool_in(document.get("tools"), "function"),
        wanted=_wanted(document.get("format"), messages),
    )


def _wanted(form: Any, messages: list[Any]) -> str:
    if form == "json":
        return ANY_JSON
    return said_in_json(form) if form else last_said(messages)


def _most_tokens(options: JsonObject) -> int | None:
    """Below zero it means: as many as you like."""
    asked = options.get("num_predict")
    no_limit = isinstance(asked, int) and asked < 0
    return None if no_limit else count_in(options, "num_predict")


def _read_texts(request: Request, _: Mapping[str, str]) -> Texts:
    document = json_object(request.body)
    return Texts(
        model=text_in(document, "model"),
        texts=texts_in(document, "input"),
        dimensions=dimensions_in(document, "dimensions"),
    )


class _Lines:
    """The lines of one answer."""

    def __init__(self, question: Question) -> None:
        self._tool = question.tool
        self._common = {
            "model": question.model,
            "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            **SENT,
        }
        self._pieces = {
            Channel.REASONING: Template(self._line({"content": "", "thinking": TEXT_SLOT})),
            Channel.ANSWER: Template(self._line({"content": TEXT_SLOT})),
        }

    def opening(self) -> bytes:
        return b""

    def piece(self, channel: Channel, text: str) -> bytes:
        if channel is Channel.TOOL_CALL and self._tool:
            return self._line({"content": "", "tool_calls": [self._call()]})
        return self._pieces[channel].filled(text)

    def ending(self, answer: Answer) -> bytes:
        return self._line({"content": ""}, _done(answer))

    def failure(self) -> bytes:
        said = "an error was encountered while running the model: CUDA error"
        return to_json({"error": said}) + b"\n"

    def broken(self) -> bytes:
        return b'{"model":"simul\n'

    def whole(self, answer: Answer) -> JsonObject:
        message: JsonObject = {"role": "assistant", "content": answer.text}
        if answer.reasoning:
            message["thinking"] = answer.reasoning
        if answer.call:
            message["tool_calls"] = [self._call()]
        done = _done(answer) if answer.finish else {"done": False}
        return {**self._common, "message": message, **done}

    def _line(self, message: JsonObject, done: JsonObject | None = None) -> bytes:
        said = {"message": {"role": "assistant", **message}}
        return to_json({**self._common, **said, **(done or {"done": False})}) + b"\n"

    def _call(self) -> JsonObject:
        arguments = self._tool.sample() if self._tool else {}
        name = self._tool.name if self._tool else None
        return {"function": {"name": name, "arguments": arguments}}


def _done(answer: Answer) -> JsonObject:
    return {
        "done": True,
        "done_reason": _FINISH[answer.finish or Finish.STOP],
        **_counts(answer.counts),
    }


def _counts(counts: Counts) -> JsonObject:
    return {"prompt_eval_count": counts.prompt, "eval_count": counts.output}
