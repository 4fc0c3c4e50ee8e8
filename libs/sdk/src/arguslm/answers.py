"""From what came back over HTTP to a shape or a typed error."""

from typing import TypeVar

import httpx
from pydantic import ValidationError

from arguslm.call import Call
from arguslm.errors import (
    ApiError,
    Conflict,
    ConnectionFailed,
    Fault,
    NotYetVisible,
    TimedOut,
    UnexpectedAnswer,
    error_class,
    sentence_of,
)
from arguslm.retries import RETRIED_STATUSES, retry_after_s
from arguslm.session import Session
from arguslm_contracts.rest.base import Problem

T = TypeVar("T")


def read_answer(call: Call[T], response: httpx.Response, session: Session) -> T:
    """The answer's shape.

    Raises:
        ApiError: the server refused.
        NotYetVisible: it did as asked, but cannot show the result yet.
        UnexpectedAnswer: it answered with something else.
    """
    if not is_answer(call, response):
        raise problem_of(response.status_code, response.content, response.headers, session)
    try:
        return call.read(response)
    except ValueError as error:
        location = response.headers.get("Location")
        if response.status_code == 202 and location is not None:
            raise NotYetVisible(location) from None
        raise UnexpectedAnswer(
            f"{session.origin} did not answer {call.method} {call.path} as ArgusLM does: "
            "is it the right address, and the same version?"
        ) from (None if isinstance(error, ValidationError) else error)


def is_answer(call: Call[T], response: httpx.Response) -> bool:
    return response.is_success or response.status_code in call.accepts


def may_retry(call: Call[T], response: httpx.Response) -> bool:
    """Whether this refusal is one that may pass by itself, on a call that may happen twice."""
    return (
        call.idempotent
        and response.status_code in RETRIED_STATUSES
        and not is_answer(call, response)
    )


def is_done_already(call: Call[T], response: httpx.Response, repetitions: int) -> bool:
    """A repeated DELETE that finds nothing: the first one arrived, only its answer was lost."""
    return call.method == "DELETE" and repetitions > 0 and response.status_code == 404


def problem_of(
    status: int, content: bytes, headers: httpx.Headers, session: Session
) -> ApiError | UnexpectedAnswer:
    """The typed error of a refusal, in the server's words where it has some."""
    if 300 <= status < 400:
        return UnexpectedAnswer(
            f"{session.origin} redirects (HTTP {status}): use the final address"
        )
    detail, faults, request_id = _words(status, content)
    refused = error_class(status)(
        status,
        _without(session.token, detail),
        faults=faults,
        request_id=request_id or headers.get("X-Request-Id"),
        retry_after_s=retry_after_s(headers),
    )
    if isinstance(refused, Conflict) and (problem := _problem(content)) is not None:
        refused.yours, refused.current = problem.yours, problem.current
    return refused


def connection_error(
    error: httpx.TransportError, call: Call[T], session: Session
) -> ConnectionFailed:
    """What failed below HTTP, as one sentence."""
    harmless = call.method in ("GET", "HEAD", "DELETE") or _never_sent(error)
    fate = "" if harmless else "; it may have been carried out"
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(f"{session.origin} did not answer {call.method} {call.path} in time{fate}")
    if isinstance(error, httpx.ConnectError):
        return unreachable(error, session)
    return ConnectionFailed(
        f"the connection to {session.origin} broke during {call.method} {call.path}{fate}"
    )


def _never_sent(error: httpx.TransportError) -> bool:
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def unreachable(error: Exception, session: Session) -> ConnectionFailed:
    """There is no connection, for a reason in few words."""
    reason = str(error) or type(error).__name__
    if "refused" in reason or "attempts failed" in reason:
        reason = "the connection was refused"
    return ConnectionFailed(f"cannot connect to {session.origin}: {reason}")


def _words(status: int, content: bytes) -> tuple[str, tuple[Fault, ...], str | None]:
    problem = _problem(content)
    if problem is None:
        return f"the server answered HTTP {status} without saying why", (), None
    if isinstance(problem.detail, str):
        return problem.detail or problem.title, (), problem.request_id
    faults = tuple(problem.detail)
    return sentence_of(faults) or problem.title, faults, problem.request_id


def _problem(content: bytes) -> Problem | None:
    try:
        return Problem.model_validate_json(content)
    except ValidationError:
        return None


def _without(token: str | None, text: str) -> str:
    """Even a server that echoes our token does not get it into a message."""
    return text.replace(token, "***") if token else text
