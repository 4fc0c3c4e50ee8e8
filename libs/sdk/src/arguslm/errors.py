"""What can go wrong. Every message is one sentence for a person, and never holds a token."""

import re
from collections.abc import Mapping
from typing import Any

Fault = Mapping[str, Any]

_TOO_SHORT = re.compile(r"Value should have at least (\d+) items after validation, not \d+")


class ArgusLMError(Exception):
    """Anything this library raises about a server."""


class ConnectionFailed(ArgusLMError):
    """No connection, or one that broke before an answer came."""


class TimedOut(ConnectionFailed):
    """No answer within the client's timeout."""


class UnexpectedAnswer(ArgusLMError):
    """Something answered, but not as an ArgusLM server does."""


class NotYetVisible(ArgusLMError):
    """What was asked is stored, but the server's tables lag behind. Do not ask again: look at
    `location` in a moment."""

    def __init__(self, location: str) -> None:
        super().__init__(f"stored, but not to be seen yet: look at {location} in a moment")
        self.location = location


class ApiError(ArgusLMError):
    """The server refused: an RFC 9457 problem.

    `detail` is the server's sentence, `faults` the single faults of a 422, `request_id` finds the
    request in the server's logs.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        faults: tuple[Fault, ...] = (),
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{detail} (request {request_id})" if request_id else detail)
        self.status = status
        self.detail = detail
        self.faults = faults
        self.request_id = request_id
        self.retry_after_s = retry_after_s


class BadRequest(ApiError):
    """400"""


class Unauthorized(ApiError):
    """401: no token, or one that is wrong, expired or revoked."""


class Forbidden(ApiError):
    """403: the token's role may not do this."""


class NotFound(ApiError):
    """404"""


class Conflict(ApiError):
    """409: somebody changed it first, or it is in use.

    In the first case `yours` is what you wanted to set, and `current` the thing as it stands now
    with its `revision`; None where it was to be removed, or is.
    """

    yours: Mapping[str, Any] | None = None
    current: Mapping[str, Any] | None = None


class ValidationFailed(ApiError):
    """422: see `faults`."""


class RateLimited(ApiError):
    """429: see `retry_after_s`."""


class ServerError(ApiError):
    """5xx"""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: ValidationFailed,
    429: RateLimited,
}


def error_class(status: int) -> type[ApiError]:
    """The class for an HTTP status."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return ServerError if status >= 500 else ApiError


def sentence_of(faults: tuple[Fault, ...]) -> str:
    """`name: too short; url: not a URL`. Inputs are left out: they may be secrets."""
    return "; ".join(_fault_text(fault) for fault in faults)


def _fault_text(fault: Fault) -> str:
    place = ".".join(str(part) for part in fault.get("loc", ()) if part not in ("body", "query"))
    message = str(fault.get("msg", "not valid")).removeprefix("Value error, ")
    # Of a secret pydantic counts "items", for it does not know that it is text.
    message = _TOO_SHORT.sub(r"has to be at least \1 characters long", message)
    return f"{place}: {message}" if place else message
