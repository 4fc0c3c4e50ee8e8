"""Google's Gemini API: the same object in one piece, as server-sent events, or as a JSON array."""

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
    page_of,
    page_size,
)
from arguslm_simulator.frames import SENT, server_event, to_json
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
    tokens_of,
    tool_in,
)

_FINISH = {
    Finish.STOP: "STOP",
    Finish.LENGTH: "MAX_TOKENS",
    Finish.TOOL_CALL: "STOP",
    Finish.CONTENT_FILTER: "SAFETY",
}
_MODELS = "/v1beta/models"
# Where a request says that it wants JSON, and which.
_TYPES = ("responseMimeType", "response_mime_type")
_SCHEMAS = ("responseSchema", "response_schema", "responseJsonSchema", "response_json_schema")


def _refusal(code: int, status: str, message: str, details: Sequence[Any] = ()) -> Refusal:
    error: JsonObject = {"code": code, "message": message, "status": status}
    if details:
        error["details"] = list(details)
    return Refusal(code, {"error": error})


def _invalid_key(_: str) -> Refusal:
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "API_KEY_INVALID",
        "domain": "googleapis.com",
    }
    message = "API key not valid. Please pass a valid API key."
    return _refusal(400, "INVALID_ARGUMENT", message, [info])


def _rate_limited(model: str) -> Refusal:
    violation = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
        "quotaId": "GenerateRequestsPerMinutePerProjectPerModel",
        "quotaDimensions": {"model": model},
        "quotaValue": "60",
    }
    details = [
        {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "31s"},
    ]
    message = "You exceeded your current quota, please check your plan and billing details."
    return _refusal(429, "RESOURCE_EXHAUSTED", message, details)


def _overloaded(_: str = "") -> Refusal:
    return _refusal(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")


class Gemini(Dialect):
    name = "gemini"
    call_in_one_piece = True
    refusals = {
        Fault.HTTP_500: lambda _: _refusal(500, "INTERNAL", "An internal error has occurred."),
        Fault.HTTP_503: _overloaded,
        Fault.HTTP_429: _rate_limited,
        Fault.HTTP_401: _invalid_key,
        Fault.QUOTA: lambda _: _refusal(
            429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."
        ),
        Fault.BAD_REQUEST: lambda _: _refusal(
            400,
            "INVALID_ARGUMENT",
            'Invalid JSON payload received. Unknown name "simulated": Cannot find field.',
        ),
        Fault.UNSUPPORTED: lambda model: _refusal(
            400,
            "INVALID_ARGUMENT",
            f"Developer instruction is not enabled for models/{model}: "
            "it does not support system instructions",
        ),
        Fault.MODEL_GONE: lambda model: _refusal(
            404,
            "NOT_FOUND",
            f"models/{model} is not found for API version v1beta, or is not supported for "
            "generateContent.",
        ),
        Fault.REGION_BLOCKED: lambda _: _refusal(
            400, "FAILED_PRECONDITION", "User location is not supported for the API use."
        ),
    }

    def __init__(self) -> None:
        model = f"{_MODELS}/(?P<model>.+)"
        self.places = (
            Place(re.compile(f"{model}:(?P<verb>(stream)?generateContent)", re.I), _read_question),
            Place(re.compile(f"{model}:embedContent"), _read_text),
            Place(re.compile(f"{model}:batchEmbedContents"), _read_texts),
        )

    def credential(self, request: Request) -> str | None:
        return request.headers.get("x-goog-api-key") or request.query.get("key")

    def lists_at(self, request: Request) -> bool:
        return request.path == _MODELS

    def models(self, names: Sequence[str], request: Request) -> JsonObject:
        size = page_size(request.query, "pageSize", default=50)
        page, has_more = page_of(names, after=request.query.get("pageToken"), size=size)
        rows: list[Any] = [
            {
                "name": f"models/{name}",
                "displayName": name,
                "inputTokenLimit": 131_072,
                "outputTokenLimit": 8_192,
                "supportedGenerationMethods": ["generateContent", "embedContent"],
            }
            for name in page
        ]
        return {"models": rows, **({"nextPageToken": page[-1]} if has_more else {})}

    def stream_type(self, question: Question) -> str:
        return super().stream_type(question) if question.events else "application/json"

    def writer(self, question: Question, behaviour: Behaviour, answer_id: str) -> "_Frames":
        return _Frames(question, answer_id)

    def embeddings(self, texts: Texts, vectors: Sequence[list[float]]) -> JsonObject:
        values: list[JsonObject] = [{"values": vector} for vector in vectors]
        if texts.batch:
            return {"embeddings": values}
        return {"embedding": values[0] if values else {}}

    def bad_request(self, error: BadRequest) -> Refusal:
        message = f"Invalid value at '{error.param}': {error}" if error.param else str(error)
        return _refusal(400, "INVALID_ARGUMENT", message)


def _read_question(request: Request, parts: Mapping[str, str]) -> Question:
    """Google's servers read each name in both spellings."""
    document = json_object(request.body)
    contents = list_in(document, "contents")
    config = object_in(document, "generationConfig") or object_in(document, "generation_config")
    tools = document.get("tools")
    return Question(
        model=parts["model"],
        prompt_tokens=tokens_of(contents),
        stream=parts["verb"].startswith("stream"),
        events=request.query.get("alt") == "sse",
        max_tokens=count_in(config, "maxOutputTokens", "max_output_tokens"),
        tool=tool_in(tools, "functionDeclarations") or tool_in(tools, "function_declarations"),
        wanted=_wanted(config, contents),
    )


def _wanted(config: JsonObject, contents: list[Any]) -> str:
    if "application/json" not in (config.get(name) for name in _TYPES):
        return last_said(contents, "parts")
    schemas = [config[name] for name in _SCHEMAS if name in config]
    return said_in_json(schemas[0]) if schemas else ANY_JSON


def _read_text(request: Request, parts: Mapping[str, str]) -> Texts:
    document = json_object(request.body)
    return Texts(
        model=parts["model"],
        texts=(_text_of(document),),
        dimensions=dimensions_in(document, "outputDimensionality"),
        batch=False,
    )


def _read_texts(request: Request, parts: Mapping[str, str]) -> Texts:
    requests = list_in(json_object(request.body), "requests")
    if not all(isinstance(one, dict) for one in requests):
        raise BadRequest("expected an array of objects", param="requests")
    return Texts(
        model=parts["model"],
        texts=tuple(_text_of(one) for one in requests),
        dimensions=dimensions_in(requests[0], "outputDimensionality"),
    )


def _text_of(document: JsonObject) -> str:
    parts = list_in(object_in(document, "content"), "parts")
    return "".join(str(part.get("text", "")) for part in parts if isinstance(part, dict))


class _Frames:
    """The frames of one answer. As an array each but the first follows a comma."""

    def __init__(self, question: Question, answer_id: str) -> None:
        self._events = question.events
        self._common = {"modelVersion": question.model, "responseId": answer_id, **SENT}
        self._tool = question.tool
        self._between = b"["

    def opening(self) -> bytes:
        return b""

    def piece(self, channel: Channel, text: str) -> bytes:
        if channel is Channel.TOOL_CALL and self._tool:
            return self._candidate([_call_part(self._tool.name, self._tool.sample())])
        thought = {"thought": True} if channel is Channel.REASONING else {}
        return self._candidate([{"text": text, **thought}])

    def ending(self, answer: Answer) -> bytes:
        finish = {"finishReason": _FINISH[answer.finish or Finish.STOP]}
        usage = {"usageMetadata": _usage(answer.counts)}
        return self._candidate([{"text": ""}], finish, usage) + self._end()

    def failure(self) -> bytes:
        return self._frame(_overloaded().document) + self._end()

    def broken(self) -> bytes:
        start = b"data: " if self._events else self._between
        return start + b'{"candidates":[{"conte' + (b"\n\n" if self._events else b"")

    def whole(self, answer: Answer) -> JsonObject:
        parts: list[JsonObject] = []
        if answer.reasoning:
            parts.append({"text": answer.reasoning, "thought": True})
        if answer.text:
            parts.append({"text": answer.text})
        if answer.call:
            parts.append(_call_part(answer.call.name, answer.call.sample()))
        content = {"content": {"parts": parts, "role": "model"}}
        finish = {"finishReason": _FINISH[answer.finish]} if answer.finish else {}
        candidate = {"index": 0, **content, **finish}
        usage = {"usageMetadata": _usage(answer.counts)}
        return {"candidates": [candidate], **usage, **self._common}

    def _candidate(
        self,
        parts: list[JsonObject],
        finish: JsonObject | None = None,
        usage: JsonObject | None = None,
    ) -> bytes:
        candidate = {"index": 0, "content": {"parts": parts, "role": "model"}, **(finish or {})}
        return self._frame({"candidates": [candidate], **(usage or {}), **self._common})

    def _frame(self, document: Any) -> bytes:
        if self._events:
            return server_event(document)
        start, self._between = self._between, b",\r\n"
        return start + to_json(document)

    def _end(self) -> bytes:
        return b"" if self._events else b"]"


def _call_part(name: str, arguments: Any) -> JsonObject:
    return {"functionCall": {"name": name, "args": arguments}}


def _usage(counts: Counts) -> JsonObject:
    """Gemini counts thoughts beside the answer, not in it."""
    thoughts = {"thoughtsTokenCount": counts.reasoning} if counts.reasoning else {}
    return {
        "promptTokenCount": counts.prompt,
        "candidatesTokenCount": counts.answer,
        **thoughts,
        "totalTokenCount": counts.total,
    }
