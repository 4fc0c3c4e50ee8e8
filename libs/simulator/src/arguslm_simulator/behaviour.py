"""How one model behaves: its clock, its tokens, its fault. Immutable; a change makes a new one."""

import difflib
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

MAX_TOKENS = 100_000
MAX_DIMENSIONS = 8_192
MAX_MS = 3_600_000.0


class ScenarioError(ValueError):
    """A behaviour or scenario that makes no sense; the message is one clear line."""


class Fault(StrEnum):
    """What goes wrong, and its form on the wire (the README has the table)."""

    NONE = "none"
    HTTP_500 = "http_500"
    HTTP_503 = "http_503"
    HTTP_429 = "http_429"
    HTTP_401 = "http_401"
    QUOTA = "quota"
    EMPTY = "empty"
    ERROR_IN_STREAM = "error_in_stream"
    STALL = "stall"
    DISCONNECT = "disconnect"
    HANG_HEADERS = "hang_headers"
    INVALID_STREAM = "invalid_stream"
    TRUNCATED = "truncated"
    EARLY_END = "early_end"
    BAD_REQUEST = "bad_request"
    UNSUPPORTED = "unsupported"
    MODEL_GONE = "model_gone"
    REGION_BLOCKED = "region_blocked"
    CONTENT_FILTER = "content_filter"
    SLOW_HEADERS = "slow_headers"
    SLOW_FIRST_TOKEN = "slow_first_token"
    ANY = "any"


# Refused before any answer begins, each dialect in its own words.
REFUSALS = frozenset(
    {
        Fault.HTTP_500,
        Fault.HTTP_503,
        Fault.HTTP_429,
        Fault.HTTP_401,
        Fault.QUOTA,
        Fault.BAD_REQUEST,
        Fault.UNSUPPORTED,
        Fault.MODEL_GONE,
        Fault.REGION_BLOCKED,
    }
)
# Where servers of the OpenAI family put what a model thinks.
REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking")


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One model's truth. Token i leaves `ttft_ms + i * gap_ms` after its request was fully read.

    `headers_ms`: when the response head and what opens the stream leave; None = with the first
    token. `ttft_jitter_ms`, `gap_jitter_ms`: the first token and each gap take up to so much
    longer, evenly distributed, drawn by the seed.
    `tokens`: answer tokens; `reasoning_tokens` come before them; with `shows_reasoning` False they
    are billed and take their time, but nobody sees them.
    `reasoning_field`: its name in OpenAI's chat dialect.
    `tokens_per_chunk`: tokens that share a frame; the frame leaves when its first one is due.
    `calls_tool`: the answer is a call of the first tool that a request offers.
    `obliges`: instead of words that mean nothing, a call of the first tool that is offered, JSON
    where a request wants that, else the question's own words again.
    `dimensions`: length of the model's embeddings.
    `fault_rate`: share of requests the fault strikes; `fault_run`: how many in a row at least.
    `stall_after_tokens`: tokens sent before a fault in the middle (stall, disconnect,
    error_in_stream, invalid_stream, early_end, content_filter); never all of them.
    `slow_ms`: what slow_headers and slow_first_token add.

    Raises `ScenarioError` for a value of the wrong type or out of range.
    """

    ttft_ms: float = 100.0
    gap_ms: float = 10.0
    headers_ms: float | None = None
    ttft_jitter_ms: float = 0.0
    gap_jitter_ms: float = 0.0
    tokens: int = 64
    tokens_per_chunk: int = 1
    reasoning_tokens: int = 0
    shows_reasoning: bool = True
    reasoning_field: str = REASONING_FIELDS[0]
    calls_tool: bool = False
    obliges: bool = False
    dimensions: int = 256
    fault: Fault = Fault.NONE
    fault_rate: float = 1.0
    fault_run: int = 1
    stall_after_tokens: int = 8
    slow_ms: float = 30_000.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "fault", _fault(self.fault))
        _check_number("ttft_ms", self.ttft_ms, 0, MAX_MS)
        _check_number("gap_ms", self.gap_ms, 0, MAX_MS)
        if self.headers_ms is not None:
            _check_number("headers_ms", self.headers_ms, 0, self.ttft_ms)
        _check_number("ttft_jitter_ms", self.ttft_jitter_ms, 0, MAX_MS)
        _check_number("gap_jitter_ms", self.gap_jitter_ms, 0, MAX_MS)
        _check_count("tokens", self.tokens, 1, MAX_TOKENS)
        _check_count("tokens_per_chunk", self.tokens_per_chunk, 1, MAX_TOKENS)
        _check_count("reasoning_tokens", self.reasoning_tokens, 0, MAX_TOKENS)
        _check_flag("shows_reasoning", self.shows_reasoning)
        if self.reasoning_field not in REASONING_FIELDS:
            names = ", ".join(REASONING_FIELDS)
            raise ScenarioError(
                f"reasoning_field must be one of {names}, not {self.reasoning_field!r}"
            )
        _check_flag("calls_tool", self.calls_tool)
        _check_flag("obliges", self.obliges)
        _check_count("dimensions", self.dimensions, 1, MAX_DIMENSIONS)
        _check_number("fault_rate", self.fault_rate, 0, 1)
        _check_count("fault_run", self.fault_run, 1, 1_000)
        _check_count("stall_after_tokens", self.stall_after_tokens, 0, MAX_TOKENS)
        _check_number("slow_ms", self.slow_ms, 0, MAX_MS)

    def changed(self, changes: Mapping[str, Any]) -> "Behaviour":
        """This behaviour with some fields changed; raises `ScenarioError` for an unknown field."""
        known = [field.name for field in fields(self)]
        unknown = sorted(set(changes) - set(known))
        if unknown:
            raise ScenarioError(unknown_field(unknown[0], known))
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def fault_of(
        self, request_number: int, *, seed: int, model: str, among: Sequence[Fault] = ()
    ) -> Fault:
        """The fault that strikes this model's n-th request (from 1): the same for the same seed.

        A run starts at a request with the probability that makes `fault_rate` of all requests
        lie inside a run, and lasts `fault_run` requests (longer where runs overlap). `among` is
        what "any" is drawn from.
        """
        if not self._strikes(request_number, f"{seed}:{model}"):
            return Fault.NONE
        if self.fault is not Fault.ANY:
            return self.fault
        return among[int(_draw(f"{seed}:{model}:{request_number}:which") * len(among))]

    def _strikes(self, request_number: int, drawn_from: str) -> bool:
        if self.fault is Fault.NONE or self.fault_rate == 0:
            return False
        start_rate = 1 - (1 - self.fault_rate) ** (1 / self.fault_run)
        first = max(1, request_number - self.fault_run + 1)
        return any(
            _draw(f"{drawn_from}:{number}") < start_rate
            for number in range(first, request_number + 1)
        )


def unknown_field(name: str, known: Sequence[str]) -> str:
    """What to say of a field that nobody knows: most are slips of the pen."""
    close = difflib.get_close_matches(name, known, n=1)
    mend = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
    return f"unknown field {name!r}; {mend}"


def _draw(name: str) -> float:
    """A number in [0, 1) that depends on nothing but the name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()) / 2**64


def _fault(value: object) -> Fault:
    try:
        return Fault(str(value))
    except ValueError:
        raise ScenarioError(f"fault must be one of {', '.join(Fault)}, not {value!r}") from None


def _check_number(name: str, value: object, low: float, high: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type, operator]
        raise ScenarioError(f"{name} must be a number from {low:g} to {high:g}, not {value!r}")


def _check_count(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ScenarioError(f"{name} must be a whole number from {low} to {high}, not {value!r}")


def _check_flag(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise ScenarioError(f"{name} must be true or false, not {value!r}")
