"""One request of the API, described once for the sync and the async client."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import update_wrapper, wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, ParamSpec, TypeVar, overload
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
from pydantic import SecretStr, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from arguslm.errors import ValidationFailed, sentence_of
from arguslm_contracts.rest.base import Command

if TYPE_CHECKING:
    from arguslm.transport import AsyncTransport, SyncTransport

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
P = ParamSpec("P")

Id = UUID | str
When = datetime | str

API = "/api/v1"


class Unset(Enum):
    """ "Not given", where None already means "clear it"."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """A request, and how to read its answer. `accepts` are statuses beyond 2xx that are answers;
    `revision` is the one that the caller has read and wants to change; `key` tells the server that
    a repeated POST is a repetition; without one it is sent once."""

    method: str
    path: str
    read: Callable[[httpx.Response], T_co]
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Any = field(default=None, repr=False)
    accepts: frozenset[int] = frozenset()
    revision: int | None = None
    key: str | None = field(default_factory=lambda: uuid4().hex, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        if self.method == "POST" and self.key is not None:
            return {"Idempotency-Key": self.key}
        return {} if self.revision is None else {"If-Match": f'"{self.revision}"'}

    @property
    def idempotent(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        repetition_is_known = self.method == "POST" and self.key is not None
        return repetition_is_known or self.method in ("GET", "HEAD", "PUT", "DELETE")


class endpoint(Generic[P, T]):  # noqa: N801 - used as a decorator
    """Turns a method that describes a `Call` into one that performs it.

    On `ArgusLMClient` the result is the answer; on `AsyncArgusLMClient` a coroutine of it.
    """

    def __init__(self, describe: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self._describe = describe
        update_wrapper(self, describe)  # type: ignore[arg-type]

    @overload
    def __get__(self, client: None, owner: type) -> "endpoint[P, T]": ...
    @overload
    def __get__(self, client: "SyncTransport", owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(
        self, client: "AsyncTransport", owner: type
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, client: Any, owner: type) -> Any:
        if client is None:
            return self
        describe = self._describe.__get__(client, owner)

        @wraps(describe)
        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.perform(describe(*args, **kwargs))

        return method


def shape(form: type[T]) -> Callable[[httpx.Response], T]:
    """Read the answer as this shape, or a list of shapes."""

    def read(response: httpx.Response) -> T:
        return TypeAdapter(form).validate_json(response.content)

    return read


def nothing(response: httpx.Response) -> None:
    """There is nothing to read in a 204."""


def raw(response: httpx.Response) -> httpx.Response:
    """The response itself: for exports, whose body is a file."""
    return response


def path(*parts: Id) -> str:
    """A path under the API's base; every part is quoted."""
    return "/".join((API, *(quote(str(part), safe="") for part in parts)))


def given(**params: Any) -> dict[str, Any]:
    """Query parameters without those that are None; times in UTC."""
    return {name: _query(value) for name, value in params.items() if value is not None}


def body_of(command: Command) -> Any:
    """JSON of a request: only what was set, and secrets in clear (they travel in the body)."""
    return to_jsonable_python(_revealed(command.model_dump(exclude_unset=True)))


def changes(form: type[Command], update: Command | None, **fields: Any) -> Any:
    """JSON of a partial update, from a shape or from keyword arguments: None clears, UNSET leaves.

    Raises:
        ValidationFailed: a value does not fit; nothing was sent.
    """
    chosen = {name: value for name, value in fields.items() if value is not UNSET}
    if update is not None:
        chosen = {**update.model_dump(exclude_unset=True), **chosen}
    return body_of(checked(form, **chosen))


def checked(form: type[T], **fields: Any) -> T:
    """Build a request shape; its faults become ours, without the values, which may be secrets.

    Raises:
        ValidationFailed: a value does not fit.
    """
    try:
        return form(**fields)
    except ValidationError as error:
        faults = tuple(error.errors(include_input=False, include_url=False, include_context=False))
        raise ValidationFailed(422, sentence_of(faults), faults=faults) from None


def _query(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return str(value) if isinstance(value, UUID) else value


def _revealed(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Mapping):
        return {key: _revealed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_revealed(item) for item in value]
    return value
