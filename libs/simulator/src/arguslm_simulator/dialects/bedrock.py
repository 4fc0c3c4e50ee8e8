"""Amazon Bedrock's Converse and ConverseStream: JSON inside binary messages."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from arguslm_simulator import event_stream
from arguslm_simulator.answer import Answer, Channel, Counts, Finish, Tool
from arguslm_simulator.behaviour import Behaviour, Fault
from arguslm_simulator.dialects.dialect import (
    Dialect,
    JsonObject,
    Place,
    Refusal,
    bearer_token,
    same,
)
from arguslm_simulator.frames import SENT
from arguslm_simulator.http1 import Request
from arguslm_simulator.question import (
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
    Finish.STOP: "end_turn",
    Finish.LENGTH: "max_tokens",
    Finish.TOOL_CALL: "tool_use",
    Finish.CONTENT_FILTER: "guardrail_intervened",
}
_SIGNED_BY = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/")
_CALL_ID = "tooluse_simulated"
_PROFILES = "/inference-profiles"


def _refusal(status: int, kind: str, message: str) -> Refusal:
    return Refusal(status, {"message": message}, {"x-amzn-errortype": kind})


class Bedrock(Dialect):
    """The key is the id of an access key, whose signature is not checked, or a bearer token."""

    name = "bedrock"
    id_header = "x-amzn-requestid"
    never = {Fault.REGION_BLOCKED: "a region is part of the address"}
    refusals = {
        Fault.HTTP_500: lambda _: _refusal(
            500,
            "InternalServerException",
            "The system encountered an unexpected error during processing.",
        ),
        Fault.HTTP_503: lambda _: _refusal(
            503, "ServiceUnavailableException", "The service isn't currently available."
        ),
        Fault.HTTP_429: lambda _: _refusal(
            429, "ThrottlingException", "Too many requests, please wait before trying again."
        ),
        Fault.HTTP_401: lambda _: _refusal(
            403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        Fault.QUOTA: lambda _: _refusal(
            400,
            "ServiceQuotaExceededException",
            "Your request exceeds the service quota for your account.",
        ),
        Fault.BAD_REQUEST: lambda _: _refusal(
            400, "ValidationException", "The value at messages.0.content is empty."
        ),
        Fault.UNSUPPORTED: lambda model: _refusal(
            400,
            "ValidationException",
            f"Invocation of model ID {model} with on-demand throughput isn’t supported.",
        ),
        Fault.MODEL_GONE: lambda _: _refusal(
            404,
            "ResourceNotFoundException",
            "This model version has reached the end of its life.",
        ),
    }

    def __init__(self) -> None:
        model = "/model/(?P<model>.+)"
        self.places = (
            Place(re.compile(f"{model}/(?P<verb>converse|converse-stream)"), _read_question),
            Place(re.compile(f"{model}/invoke"), _read_texts),
        )

    def credential(self, request: Request) -> str | None:
        return bearer_token(request)

    def admits(self, request: Request, key: str) -> bool:
        sent = self.credential(request)
        signed = _SIGNED_BY.match(sent or "")
        return same(signed[1], key) if signed else same(sent, f"Bearer {key}")

    def lists_at(self, request: Request) -> bool:
        return request.path in ("/foundation-models", _PROFILES)

    def models(self, names: Sequence[str], request: Request) -> JsonObject:
        if request.path == _PROFILES:
            return {"inferenceProfileSummaries": []}
        rows: list[Any] = [
            {
                "modelId": name,
                "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{name}",
                "modelName": name,
                "providerName": "ArgusLM",
                "inputModalities": ["TEXT"],
                "outputModalities": ["TEXT"],
                "responseStreamingSupported": True,
                "modelLifecycle": {"status": "ACTIVE"},
            }
            for name in names
        ]
        return {"modelSummaries": rows}

    def stream_type(self, question: Question) -> str:
        return "application/vnd.amazon.eventstream"

    def stamp(self, data: bytes, digits: bytes) -> bytes:
        # Its answers in one piece are plain JSON, with the slot that all have.
        if data.find(event_stream.STAMP_HEADER) < 0:
            return super().stamp(data, digits)
        return event_stream.stamp(data, digits)

    def writer(self, question: Question, behaviour: Behaviour, answer_id: str) -> "_Messages":
        return _Messages(question)

    def embeddings(self, texts: Texts, vectors: Sequence[list[float]]) -> JsonObject:
        if texts.batch:
            rows = list(vectors)
            return {"response_type": "embeddings_floats", "texts": texts.texts, "embeddings": rows}
        vector = vectors[0] if vectors else []
        return {"embedding": vector, "inputTextTokenCount": texts.prompt_tokens}

    def bad_request(self, error: BadRequest) -> Refusal:
        message = f"The value at {error.param}: {error}." if error.param else str(error)
        return _refusal(400, "ValidationException", message)


def _read_question(request: Request, parts: Mapping[str, str]) -> Question:
    document = json_object(request.body)
    messages = list_in(document, "messages")
    tools = object_in(document, "toolConfig").get("tools")
    tool = tool_in(tools, "toolSpec", schema="inputSchema")
    return Question(
        model=parts["model"],
        prompt_tokens=tokens_of(messages),
        stream=parts["verb"] == "converse-stream",
        max_tokens=count_in(object_in(document, "inferenceConfig"), "maxTokens"),
        # The schema is wrapped once more than elsewhere.
        tool=Tool(tool.name, object_in(dict(tool.schema), "json")) if tool else None,
        wanted=_wanted(document, messages),
    )


def _wanted(document: JsonObject, messages: list[Any]) -> str:
    """It has no JSON without a schema, which is text that holds JSON."""
    form = object_in(object_in(document, "outputConfig"), "textFormat")
    schema = object_in(object_in(form, "structure"), "jsonSchema").get("schema")
    if not isinstance(schema, str):
        return last_said(messages)
    return said_in_json(json_object(schema.encode()))


def _read_texts(request: Request, parts: Mapping[str, str]) -> Texts:
    """One text as Titan takes it, several as Cohere's models do here."""
    document = json_object(request.body)
    batch = "texts" in document
    return Texts(
        model=parts["model"],
        texts=texts_in(document, "texts") if batch else (text_in(document, "inputText"),),
        dimensions=dimensions_in(document, "output_dimension" if batch else "dimensions"),
        batch=batch,
    )


class _Messages:
    """The messages of one answer. Thoughts, words and a call are blocks, one after the other."""

    def __init__(self, question: Question) -> None:
        self._tool = question.tool
        self._index = -1
        self._open: Channel | None = None

    def opening(self) -> bytes:
        return event_stream.event("messageStart", {"role": "assistant"})

    def piece(self, channel: Channel, text: str) -> bytes:
        before = b"" if channel is self._open else self._close() + self._begin(channel)
        return before + self._delta(_delta_of(channel, text))

    def ending(self, answer: Answer) -> bytes:
        reason = {"stopReason": _FINISH[answer.finish or Finish.STOP]}
        bill = {"usage": _usage(answer.counts), "metrics": {"latencyMs": 1}}
        stop = event_stream.event("messageStop", reason)
        return self._close() + stop + event_stream.event("metadata", bill)

    def failure(self) -> bytes:
        said = {"message": "The model stopped responding."}
        return event_stream.exception("modelStreamErrorException", said)

    def broken(self) -> bytes:
        return b"\0" * 16  # a message of no length, whose checksum is wrong

    def whole(self, answer: Answer) -> JsonObject:
        content: list[JsonObject] = []
        if answer.reasoning:
            content.append({"reasoningContent": {"reasoningText": {"text": answer.reasoning}}})
        if answer.text:
            content.append({"text": answer.text})
        if answer.call:
            content.append({"toolUse": {**self._use(), "input": answer.call.sample()}})
        return {
            "output": {"message": {"role": "assistant", "content": content}},
            "stopReason": _FINISH[answer.finish] if answer.finish else None,
            "usage": _usage(answer.counts),
            "metrics": {"latencyMs": 1},
            **SENT,
        }

    def _begin(self, channel: Channel) -> bytes:
        self._open = channel
        self._index += 1
        if channel is not Channel.TOOL_CALL:
            return b""  # only a call has something to say before its first piece
        start = {"contentBlockIndex": self._index, "start": {"toolUse": self._use()}}
        return event_stream.event("contentBlockStart", start)

    def _close(self) -> bytes:
        if self._open is None:
            return b""
        self._open = None
        return event_stream.event("contentBlockStop", {"contentBlockIndex": self._index})

    def _delta(self, delta: JsonObject) -> bytes:
        place = {"contentBlockIndex": self._index, "delta": delta}
        return event_stream.event("contentBlockDelta", place)

    def _use(self) -> JsonObject:
        return {"toolUseId": _CALL_ID, "name": self._tool.name if self._tool else None}


def _delta_of(channel: Channel, text: str) -> JsonObject:
    if channel is Channel.REASONING:
        return {"reasoningContent": {"text": text}}
    if channel is Channel.ANSWER:
        return {"text": text}
    return {"toolUse": {"input": text}}


def _usage(counts: Counts) -> JsonObject:
    return {
        "inputTokens": counts.prompt,
        "outputTokens": counts.output,
        "totalTokens": counts.total,
    }
