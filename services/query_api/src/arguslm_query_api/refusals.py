"""Why a request is refused: one class per HTTP status. The text is a sentence for a person."""

from collections.abc import Mapping
from typing import Any, ClassVar


class Refusal(Exception):
    """`headers` go out with the answer."""

    status: ClassVar[int] = 400

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}


class NotSignedIn(Refusal):
    status = 401

    def __init__(self, detail: str = "sign in, or send an API key") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class Forbidden(Refusal):
    status = 403


class Unknown(Refusal):
    status = 404


class Taken(Refusal):
    """It exists already, is in use, or somebody else changed it at the same moment."""

    status = 409


class Overtaken(Taken):
    """Somebody else changed it first. `yours` is what this request wanted to set, `current` the
    thing as it stands now; None where it was to be removed, or is removed."""

    yours: Mapping[str, Any] | None = None
    current: Mapping[str, Any] | None = None


class NoRevision(Refusal):
    """`If-Match` holds none of our ETags, so nothing can match it."""

    status = 412


class Invalid(Refusal):
    """What a field holds cannot be used; `field` is its path in the body, or
    `query.<name>`, or `header.<name>`."""

    status = 422

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.field = field


class KeyReused(Invalid):
    def __init__(self) -> None:
        super().__init__(
            "this key came before with another body; take a new key for a new request",
            field="header.Idempotency-Key",
        )


class TooMany(Refusal):
    status = 429

    def __init__(self, detail: str, *, retry_after_s: float) -> None:
        super().__init__(detail, headers={"Retry-After": str(max(1, round(retry_after_s)))})


class Unavailable(Refusal):
    """The bus did not answer; asking again is safe."""

    status = 503
