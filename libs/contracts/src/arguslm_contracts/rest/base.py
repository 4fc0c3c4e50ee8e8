"""What all REST shapes share."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """A response. Unknown fields are ignored, so that an older client reads a newer server."""

    model_config = ConfigDict(extra="ignore", from_attributes=True)


class Command(BaseModel):
    """A request body. A field nobody knows is an error: a typo must not be lost silently."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Problem(Shape):
    """RFC 9457. `detail` is a sentence; on 422 it is the list of faults, as 0.x had it. Where
    somebody else changed a thing first (409), `yours` is what the request wanted to set, secrets
    hidden, and `current` the thing as it stands now; absent where it was to be, or is, removed."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str | list[dict[str, Any]]
    request_id: str | None = None
    yours: dict[str, Any] | None = None
    current: dict[str, Any] | None = None
