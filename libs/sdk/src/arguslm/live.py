"""What the live connections have in common: addresses, messages, and what their ends mean."""

import json
from collections.abc import Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

import httpx
from pydantic import ValidationError
from websockets.exceptions import ConnectionClosed, InvalidStatus

from arguslm.answers import problem_of
from arguslm.call import API, Id
from arguslm.errors import ApiError, ArgusLMError, UnexpectedAnswer, error_class
from arguslm.session import Session
from arguslm_contracts.rest.system import LiveMessage

T_co = TypeVar("T_co", covariant=True)

LAST_OF_A_RUN = ("complete", "error")
# Application close codes carry the HTTP status they stand for: 4401 is a 401.
CLOSE_CODE_BASE = 4000
POLICY_VIOLATION = 1008


def stream_url(session: Session, feed: "Feed[Any]") -> str:
    """`ws://` for `http://`, `wss://` for `https://`. Tokens travel in a header, never here."""
    address = f"ws{session.base_url.removeprefix('http')}{API}{feed.path}"
    return f"{address}?{urlencode(feed.params)}" if feed.params else address


def refusal(error: InvalidStatus, session: Session) -> ArgusLMError:
    """The server did not let us in."""
    response = error.response
    headers = httpx.Headers(list(response.headers.raw_items()))
    return problem_of(response.status_code, bytes(response.body or b""), headers, session)


def ending(error: ConnectionClosed) -> ApiError | None:
    """The refusal that the server closed with, or None when the connection was merely lost."""
    if error.rcvd is None:
        return None
    status = 401 if error.rcvd.code == POLICY_VIOLATION else error.rcvd.code - CLOSE_CODE_BASE
    if not 400 <= status < 600:
        return None
    return error_class(status)(status, error.rcvd.reason or "the server closed the live connection")


class Feed(Protocol[T_co]):
    """What one stream says, over as many connections as it takes."""

    finished: bool

    @property
    def path(self) -> str:
        """The path under the API's base."""
        ...

    @property
    def params(self) -> Mapping[str, str]:
        """The query of the next connection: where to continue."""
        ...

    def take(self, text: str | bytes) -> T_co | None:
        """What a message means to the reader; None when it means nothing.

        Raises:
            UnexpectedAnswer: it is no message of this stream.
        """
        ...


class LiveFeed:
    """Checks, alerts and progress as they happen; continues after the last message seen."""

    path = "/stream"
    finished = False

    def __init__(self, cursor: str | None, *, pings: bool = False) -> None:
        self._cursor = cursor
        self._pings = pings

    @property
    def params(self) -> Mapping[str, str]:
        return {"cursor": self._cursor} if self._cursor is not None else {}

    def take(self, text: str | bytes) -> LiveMessage | None:
        try:
            message = LiveMessage.model_validate_json(text)
        except ValidationError:
            raise UnexpectedAnswer("the live stream carried a message nobody knows") from None
        self._cursor = message.cursor or self._cursor
        return None if message.kind == "ping" and not self._pings else message


class RunFeed:
    """The messages of one benchmark, each result once: the server replays the run to everyone
    who joins, so a reconnect would say them again."""

    params: Mapping[str, str] = {}

    def __init__(self, run_id: Id) -> None:
        self.path = f"/benchmarks/{quote(str(run_id), safe='')}/stream"
        self.finished = False
        self._seen: set[str] = set()

    def take(self, text: str | bytes) -> dict[str, Any] | None:
        message = _object(text)
        self.finished = message["type"] in LAST_OF_A_RUN
        return None if message["type"] == "ping" or self._repeated(message) else message

    def _repeated(self, message: dict[str, Any]) -> bool:
        key = (message.get("data") or {}).get("id") if message["type"] == "result" else None
        if key is None or key not in self._seen:
            self._seen.add(str(key))
            return False
        return True


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict) or "type" not in message:
        raise UnexpectedAnswer("the benchmark's stream carried a message nobody knows")
    return message
