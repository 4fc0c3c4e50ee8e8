"""What a decoder makes of an answer, whatever its dialect."""

import json
import math
from dataclasses import dataclass, field
from typing import Any

import orjson

from arguslm_contracts.measurement import Usage

JsonObject = dict[str, Any]

_DIGITS_OF_64_BITS = 19
# The longest embeddings have 12,288; what is far beyond fills the memory and tells nothing.
_MOST_DIMENSIONS = 32_768
_MOST_UNREAD = 100


@dataclass(frozen=True, slots=True)
class ProviderError:
    """An error as the provider words it: `type` and `code` are its own typed names."""

    type: str | None = None
    code: str | None = None
    message: str | None = None


@dataclass(slots=True)
class ToolCall:
    """A tool that the model calls, with its arguments as JSON text."""

    name: str = ""
    arguments: str = ""


class Hopeless(Exception):
    """So much of an answer could not be read that the rest is not looked at."""


@dataclass(slots=True)
class Transcript:
    """The clocks (ns of time.monotonic_ns()), the words and the bill of one answer.

    A token counts when it carries something: a role, an empty delta or a comment does not.
    `deltas` is the number of token-bearing deltas, `finish_reason` the provider's own word,
    `malformed` the first of the things that could not be read, `unread` how many those are,
    `finished` whether the answer said so.
    """

    streamed: bool = True
    first_token_ns: int | None = None
    first_answer_token_ns: int | None = None
    last_token_ns: int | None = None
    max_gap_ns: int | None = None
    deltas: int = 0
    answer_parts: list[str] = field(default_factory=list)
    reasoning_parts: list[str] = field(default_factory=list)
    tool_calls: list[ToolCall] = field(default_factory=list)
    embedding: tuple[float, ...] | None = None
    usage: Usage | None = None
    finish_reason: str | None = None
    finished: bool = False
    error: ProviderError | None = None
    malformed: str | None = None
    unread: int = 0

    @property
    def answer(self) -> str:
        return "".join(self.answer_parts)

    @property
    def reasoning(self) -> str:
        return "".join(self.reasoning_parts)

    def answer_token(self, ns: int, text: object) -> None:
        """A piece of the answer; anything but a non-empty string is no token."""
        if isinstance(text, str) and text:
            self.answer_parts.append(text)
            self._token(ns, answer=True)

    def reasoning_token(self, ns: int, text: object) -> None:
        """A piece of thinking that the provider shows."""
        if isinstance(text, str) and text:
            self.reasoning_parts.append(text)
            self._token(ns, answer=False)

    @property
    def called_tool(self) -> bool:
        return bool(self.tool_calls)

    def tool_token(self, ns: int, name: object = None, arguments: object = None) -> None:
        """A piece of a tool call: it is an answer too, though not in words.

        A name begins a call, and arguments belong to the last one; dialects that do not send text
        send a JSON object.
        """
        if as_text(name) is not None:
            self.tool_named(name)
        elif not self.tool_calls:
            self.tool_calls.append(ToolCall())
        if isinstance(arguments, dict):
            arguments = orjson.dumps(arguments).decode()
        if isinstance(arguments, str):
            self.tool_calls[-1].arguments += arguments
        self._token(ns, answer=True)

    def tool_named(self, name: object) -> None:
        """A call begins; it may have been planned before it had a name."""
        if not self.tool_calls or self.tool_calls[-1] != ToolCall():
            self.tool_calls.append(ToolCall())
        self.tool_calls[-1].name = as_text(name) or ""

    def embedded(self, ns: int, vector: object) -> None:
        """A vector is the whole answer of a model that embeds."""
        if isinstance(vector, list) and len(vector) > _MOST_DIMENSIONS:
            self.unreadable(f"a vector of {len(vector):,} numbers")
        elif isinstance(vector, list) and vector and all(map(_is_number, vector)):
            self.embedding = tuple(map(float, vector))
            self._token(ns, answer=True)

    def fail(self, error: ProviderError) -> None:
        """The first error counts; what follows it is its consequence."""
        self.error = self.error or error

    def unreadable(self, what: str) -> None:
        """Something could not be read.

        Raises:
            Hopeless: it was one thing too many.
        """
        self.malformed = self.malformed or what
        self.unread += 1
        if self.unread > _MOST_UNREAD:
            raise Hopeless(what)

    def _token(self, ns: int, *, answer: bool) -> None:
        self.deltas += 1
        if self.first_token_ns is None:
            self.first_token_ns = ns
        if answer and self.first_answer_token_ns is None:
            self.first_answer_token_ns = ns
        if self.last_token_ns is not None:
            self.max_gap_ns = max(self.max_gap_ns or 0, ns - self.last_token_ns)
        self.last_token_ns = ns


def json_of(data: bytes) -> Any:
    """The JSON value, or None where it is none (JSON's own null says as little). What servers write
    that is none by the letter is taken: NaN and Infinity, which say nothing, numbers of any length,
    and half a character, where a token ends in the middle of one."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        return _mended(json.loads(data, parse_int=_whole, parse_constant=lambda _: None))
    except (ValueError, RecursionError):
        return None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < _DIGITS_OF_64_BITS else float(digits)


def _mended(value: Any) -> Any:
    """With a replacement character for each half that has lost its other one."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_mended(key): _mended(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_mended(one) for one in value]
    return value


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)


def as_object(value: object) -> JsonObject:
    """The value if it is a JSON object, else an empty one: providers send null for "nothing"."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    """A non-empty string or a number as text; anything else says nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def as_count(value: object) -> int | None:
    """A number of tokens; negative, odd and absurd values say nothing."""
    number = as_whole(value)
    return number if number is not None and number < 2**31 else None


def as_whole(value: object) -> int | None:
    """A number that is not negative, without its fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**53 else None
