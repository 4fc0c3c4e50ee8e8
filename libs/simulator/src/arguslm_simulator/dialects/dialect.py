"""What a dialect is: the words of one vendor's API. When they are sent is the script's business."""

import hmac
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from arguslm_simulator import frames
from arguslm_simulator.answer import Answer, Channel
from arguslm_simulator.behaviour import Behaviour, Fault
from arguslm_simulator.http1 import Request
from arguslm_simulator.question import BadRequest, Question, Texts

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer."""

    status: int
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return frames.to_json(self.document)


class Refused(Exception):
    """Raised where a request is answered with a refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.status)
        self.refusal = refusal


class Writer(Protocol):
    """Writes one answer, in this order. Everything may hold stamp slots."""

    def opening(self) -> bytes:
        """What comes before the first token, and is none; may be empty."""
        ...

    def piece(self, channel: Channel, text: str) -> bytes:
        """A frame with tokens. Whatever comes once before them (a new block) comes with it."""
        ...

    def ending(self, answer: Answer) -> bytes:
        """Why it ends, the bill, and the vendor's full stop."""
        ...

    def failure(self) -> bytes:
        """The stream ends with an error instead."""
        ...

    def broken(self) -> bytes:
        """A frame that cannot be read."""
        ...

    def whole(self, answer: Answer) -> JsonObject:
        """The same answer in one piece."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where questions are asked. `read` gets the request and the parts of its path that the
    pattern names, unquoted; it raises `BadRequest`."""

    path: re.Pattern[str]
    read: Callable[[Request, Mapping[str, str]], Question | Texts]


class Dialect(ABC):
    """`never`: the faults that this vendor shows to nobody, and why.
    `id_header`: the response header with the answer's id.
    `call_in_one_piece`: a tool call is one frame, however many tokens it has.
    """

    name: ClassVar[str]
    id_header: ClassVar[str] = "x-request-id"
    call_in_one_piece: ClassVar[bool] = False
    never: ClassVar[Mapping[Fault, str]] = {}
    refusals: ClassVar[Mapping[Fault, Callable[[str], Refusal]]]
    places: Sequence[Place]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Those that can be told apart from a sound answer here."""
        return tuple(f for f in Fault if f not in (Fault.NONE, Fault.ANY, *self.never))

    @abstractmethod
    def credential(self, request: Request) -> str | None:
        """The whole value that carries the key, as it was sent; None where there is none."""

    def admits(self, request: Request, key: str) -> bool:
        return same(self.credential(request), key)

    @abstractmethod
    def lists_at(self, request: Request) -> bool:
        """Whether this request asks for this dialect's list of models."""

    @abstractmethod
    def models(self, names: Sequence[str], request: Request) -> JsonObject:
        """The list of models, or the page of it that was asked for; raises `BadRequest`."""

    @abstractmethod
    def writer(self, question: Question, behaviour: Behaviour, answer_id: str) -> Writer: ...

    def embeddings(self, texts: Texts, vectors: Sequence[list[float]]) -> JsonObject:
        raise NotImplementedError  # only where a place reads texts

    @abstractmethod
    def bad_request(self, error: BadRequest) -> Refusal: ...

    def stream_type(self, question: Question) -> str:
        """Content type of a streamed answer."""
        return "text/event-stream; charset=utf-8"

    def refusal(self, fault: Fault, model: str) -> Refusal:
        return self.refusals[fault](model)

    def stamp(self, data: bytes, digits: bytes) -> bytes:
        return frames.stamp(data, digits)


def bearer_token(request: Request) -> str | None:
    """The whole value of the header, as it was sent."""
    return request.headers.get("authorization")


def same(sent: str | None, expected: str) -> bool:
    # latin-1 is what the head was decoded from, so this gives the bytes that were sent; what comes
    # from a query may hold more.
    return hmac.compare_digest(
        (sent or "").encode("latin-1", "backslashreplace"), expected.encode()
    )


def page_of(names: Sequence[str], *, after: str | None, size: int) -> tuple[Sequence[str], bool]:
    """The names that follow one of them (None = from the first), and whether more are left."""
    if after is not None and after not in names:
        raise BadRequest("expected the token of a page", param="page token")
    start = 0 if after is None else names.index(after) + 1
    return names[start : start + size], start + size < len(names)


def page_size(query: Mapping[str, str], name: str, *, default: int, most: int = 1000) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= most:
        raise BadRequest(f"expected a number from 1 to {most}", param=name)
    return int(text)
