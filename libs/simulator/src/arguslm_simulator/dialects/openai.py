"""What OpenAI's APIs share: the key, the errors, the list of models."""

from abc import ABC
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from arguslm_simulator.behaviour import Fault
from arguslm_simulator.dialects.dialect import Dialect, JsonObject, Refusal, bearer_token, same
from arguslm_simulator.http1 import Request
from arguslm_simulator.question import BadRequest


def refusal(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    error = {"message": message, "type": kind, "param": param, "code": code}
    return Refusal(status, {"error": error}, headers or {})


def model_not_found(model: str) -> Refusal:
    return refusal(
        HTTPStatus.NOT_FOUND,
        f"The model `{model}` does not exist or you do not have access to it.",
        code="model_not_found",
    )


def server_error(_: str) -> Refusal:
    return refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The server had an error while processing your request. Sorry about that!",
        kind="server_error",
    )


def _invalid_api_key(_: str) -> Refusal:
    return refusal(
        HTTPStatus.UNAUTHORIZED,
        "Incorrect API key provided. You can find your API key in your account settings.",
        code="invalid_api_key",
    )


def _overloaded(_: str) -> Refusal:
    return refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The engine is currently overloaded, please try again later.",
        kind="server_error",
        headers={"retry-after": "1"},
    )


def _rate_limited(model: str) -> Refusal:
    return refusal(
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


def _quota_exhausted(_: str) -> Refusal:
    return refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "You exceeded your current quota, please check your plan and billing details.",
        kind="insufficient_quota",
        code="insufficient_quota",
    )


def _context_length_exceeded(_: str) -> Refusal:
    return refusal(
        HTTPStatus.BAD_REQUEST,
        "This model's maximum context length is 8 tokens. Please reduce the length of the "
        "messages.",
        code="context_length_exceeded",
        param="messages",
    )


def _unsupported(_: str) -> Refusal:
    return refusal(
        HTTPStatus.BAD_REQUEST,
        "Unsupported value: 'temperature' does not support 0 with this model.",
        code="unsupported_value",
        param="temperature",
    )


def _region_blocked(_: str) -> Refusal:
    return refusal(
        HTTPStatus.FORBIDDEN,
        "Country, region, or territory not supported",
        kind="request_forbidden",
        code="unsupported_country_region_territory",
    )


class OpenAI(Dialect, ABC):
    """The frame of both of OpenAI's ways to ask."""

    refusals = {
        Fault.HTTP_500: server_error,
        Fault.HTTP_503: _overloaded,
        Fault.HTTP_429: _rate_limited,
        Fault.HTTP_401: _invalid_api_key,
        Fault.QUOTA: _quota_exhausted,
        Fault.BAD_REQUEST: _context_length_exceeded,
        Fault.UNSUPPORTED: _unsupported,
        Fault.MODEL_GONE: model_not_found,
        Fault.REGION_BLOCKED: _region_blocked,
    }

    def credential(self, request: Request) -> str | None:
        return bearer_token(request)

    def admits(self, request: Request, key: str) -> bool:
        return same(self.credential(request), f"Bearer {key}")

    def lists_at(self, request: Request) -> bool:
        return request.path == "/v1/models"

    def models(self, names: Sequence[str], request: Request) -> JsonObject:
        rows: list[Any] = [
            {
                "id": name,
                "object": "model",
                "created": 1_700_000_000,
                "owned_by": "arguslm-simulator",
            }
            for name in names
        ]
        return {"object": "list", "data": rows}

    def bad_request(self, error: BadRequest) -> Refusal:
        if error.missing:
            message, code = (
                f"Missing required parameter: '{error.param}'.",
                "missing_required_parameter",
            )
        else:
            message = f"Invalid '{error.param}': {error}." if error.param else str(error)
            code = None
        return refusal(HTTPStatus.BAD_REQUEST, message, code=code, param=error.param)
