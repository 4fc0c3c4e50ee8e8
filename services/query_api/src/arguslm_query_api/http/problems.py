"""Every error as RFC 9457 problem details, wherever it comes from."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from arguslm_contracts.rest.base import Problem
from arguslm_query_api.refusals import Invalid, Overtaken, Refusal

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int,
    detail: str | list[dict[str, Any]],
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> JSONResponse:
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=request_id,
        **members,
    )
    content = body.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, status, dict(headers or {}), media_type=MEDIA_TYPE)


def problem_of(refusal: Refusal) -> JSONResponse:
    if isinstance(refusal, Invalid):
        place = refusal.field.split(".") if refusal.field else []
        loc = place if place[:1] in (["query"], ["header"]) else ["body", *place]
        fault = {"type": "value_error", "loc": loc, "msg": refusal.detail}
        return problem(refusal.status, [fault], refusal.headers)
    if isinstance(refusal, Overtaken):
        versions = {"yours": refusal.yours, "current": refusal.current}
        return problem(refusal.status, refusal.detail, refusal.headers, **versions)
    return problem(refusal.status, refusal.detail, refusal.headers)


async def refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer from outside the routes, also a WebSocket that has not been accepted."""
    response = problem_of(refusal)
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).send_denial_response(response)
    else:
        await response(scope, receive, send)


def add_problem_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Refusal, _on_refusal)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid)


def _on_refusal(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return problem_of(error)


def _on_http_exception(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail, error.headers)


def _on_invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem(422, faults_of(error.errors()))


def faults_of(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Where and what; never the input, which may be a secret."""
    return [
        {
            "type": error["type"],
            "loc": list(error["loc"]),
            "msg": str(error["msg"]).removeprefix("Value error, "),
        }
        for error in errors
    ]
