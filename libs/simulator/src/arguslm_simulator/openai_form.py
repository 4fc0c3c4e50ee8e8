"""OpenAI's wire vocabulary: frames of a streamed answer, whole answers, model lists, errors."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

# Where a frame's own send time belongs: as long as the 19 digits that replace it, so that a frame
# has its final length before it has its stamp.
STAMP_SLOT = b"<monotonic-send-ns>"

DONE = b"data: [DONE]\n\n"

_WORDS = (" alpha", " bravo", " delta", " gamma", " omega", " sigma", " theta", " kappa")


class ApiError(Exception):
    """An error answer in OpenAI's form."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.error = {"message": message, "type": kind, "param": param, "code": code}

    def body(self) -> bytes:
        return to_json({"error": self.error})


def to_json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def words(first: int, last: int) -> str:
    """The text of tokens first..last-1: one word each, known in advance."""
    return "".join(_WORDS[i % len(_WORDS)] for i in range(first, last))


def model_list(models: Iterable[str]) -> bytes:
    rows = [
        {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "arguslm-simulator"}
        for name in models
    ]
    return to_json({"object": "list", "data": rows})


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens of one answer."""

    prompt: int
    reasoning: int
    answer: int

    def cut(self, tokens: int) -> "Counts":
        """What has been sent after so many tokens."""
        reasoning = min(self.reasoning, tokens)
        return Counts(self.prompt, reasoning, tokens - reasoning)

    def usage(self) -> dict[str, Any]:
        completion = self.reasoning + self.answer
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": completion,
            "total_tokens": self.prompt + completion,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": self.reasoning},
        }


class FrameWriter:
    """The frames (server-sent events) of one streamed answer, each with a slot for its stamp."""

    def __init__(self, answer_id: str, model: str, *, with_usage: bool) -> None:
        self._with_usage = with_usage
        common = {
            "id": answer_id,
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
            "system_fingerprint": STAMP_SLOT.decode(),
        }
        self._start = b"data: " + to_json(common)[:-1] + b","

    def delta(self, delta: dict[str, str], finish_reason: str | None = None) -> bytes:
        choice = {
            "index": 0,
            "delta": delta,
            "logprobs": None,
            "finish_reason": finish_reason,
        }
        return self._frame({"choices": [choice], **({"usage": None} if self._with_usage else {})})

    def role(self) -> bytes:
        return self.delta({"role": "assistant", "content": ""})

    def usage(self, counts: Counts) -> bytes:
        """The usage-only last frame; empty unless the request asked for it."""
        return self._frame({"choices": [], "usage": counts.usage()}) if self._with_usage else b""

    def _frame(self, rest: dict[str, Any]) -> bytes:
        return self._start + to_json(rest)[1:] + b"\n\n"


def error_frame(error: ApiError) -> bytes:
    return b"data: " + error.body() + b"\n\n"


def whole_answer(
    answer_id: str, model: str, counts: Counts, finish_reason: str | None
) -> dict[str, Any]:
    """A chat completion that is not streamed, with a slot for its stamp."""
    end = counts.reasoning + counts.answer
    message: dict[str, Any] = {
        "role": "assistant",
        "content": words(counts.reasoning, end),
        "refusal": None,
    }
    if counts.reasoning:
        message["reasoning_content"] = words(0, counts.reasoning)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
    return {
        "id": answer_id,
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "system_fingerprint": STAMP_SLOT.decode(),
        "choices": [choice],
        "usage": counts.usage(),
    }


def model_not_found(model: str) -> ApiError:
    return ApiError(
        HTTPStatus.NOT_FOUND,
        f"The model `{model}` does not exist or you do not have access to it.",
        code="model_not_found",
    )


def invalid_api_key() -> ApiError:
    return ApiError(
        HTTPStatus.UNAUTHORIZED,
        "Incorrect API key provided. You can find your API key in your account settings.",
        code="invalid_api_key",
    )


def server_error() -> ApiError:
    return ApiError(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The server had an error while processing your request. Sorry about that!",
        kind="server_error",
    )


def overloaded() -> ApiError:
    return ApiError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The engine is currently overloaded, please try again later.",
        kind="server_error",
        headers={"retry-after": "1"},
    )


def rate_limited(model: str) -> ApiError:
    return ApiError(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"Rate limit reached for {model} on requests per min (RPM): Limit 60, Used 60, "
        "Requested 1. Please try again in 1s.",
        kind="requests",
        code="rate_limit_exceeded",
        headers={
            "retry-after": "1",
            "x-ratelimit-limit-requests": "60",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "1s",
        },
    )


def quota_exhausted() -> ApiError:
    return ApiError(
        HTTPStatus.TOO_MANY_REQUESTS,
        "You exceeded your current quota, please check your plan and billing details.",
        kind="insufficient_quota",
        code="insufficient_quota",
    )
