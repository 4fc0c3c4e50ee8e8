"""How one model behaves: its clock, its tokens, its fault. Immutable; a change makes a new one."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

MAX_TOKENS = 100_000
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One model's truth. Token i leaves `ttft_ms + i * gap_ms` after its request was fully read.

    `headers_ms`: when the response head and the role-only frame leave; None = with the first token.
    `tokens`: answer tokens; `reasoning_tokens` come before them as `reasoning_content`.
    `tokens_per_chunk`: tokens that share a frame; the frame leaves when its first one is due.
    `fault_rate`: share of requests the fault strikes; `fault_run`: how many in a row at least.
    `stall_after_tokens`: tokens sent before a fault in the middle (stall, disconnect,
    error_in_stream, invalid_stream, early_end); never all of them.

    Raises `ScenarioError` for a value of the wrong type or out of range.
    """

    ttft_ms: float = 100.0
    gap_ms: float = 10.0
    headers_ms: float | None = None
    tokens: int = 64
    tokens_per_chunk: int = 1
    reasoning_tokens: int = 0
    fault: Fault = Fault.NONE
    fault_rate: float = 1.0
    fault_run: int = 1
    stall_after_tokens: int = 8

    def __post_init__(self) -> None:
        object.__setattr__(self, "fault", _fault(self.fault))
        _check_number("ttft_ms", self.ttft_ms, 0, MAX_MS)
        _check_number("gap_ms", self.gap_ms, 0, MAX_MS)
        if self.headers_ms is not None:
            _check_number("headers_ms", self.headers_ms, 0, self.ttft_ms)
        _check_count("tokens", self.tokens, 1, MAX_TOKENS)
        _check_count("tokens_per_chunk", self.tokens_per_chunk, 1, MAX_TOKENS)
        _check_count("reasoning_tokens", self.reasoning_tokens, 0, MAX_TOKENS)
        _check_number("fault_rate", self.fault_rate, 0, 1)
        _check_count("fault_run", self.fault_run, 1, 1_000)
        _check_count("stall_after_tokens", self.stall_after_tokens, 0, MAX_TOKENS)

    def changed(self, changes: Mapping[str, Any]) -> "Behaviour":
        """This behaviour with some fields changed; raises `ScenarioError` for an unknown field."""
        known = [field.name for field in fields(self)]
        unknown = sorted(set(changes) - set(known))
        if unknown:
            raise ScenarioError(f"unknown field {unknown[0]!r}; known: {', '.join(known)}")
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def fault_of(self, request_number: int, *, seed: int, model: str) -> Fault:
        """The fault that strikes this model's n-th request (from 1): the same for the same seed.

        A run starts at a request with the probability that makes `fault_rate` of all requests
        lie inside a run, and lasts `fault_run` requests (longer where runs overlap).
        """
        if self.fault is Fault.NONE or self.fault_rate == 0:
            return Fault.NONE
        start_rate = 1 - (1 - self.fault_rate) ** (1 / self.fault_run)
        first = max(1, request_number - self.fault_run + 1)
        for number in range(first, request_number + 1):
            if _draw(f"{seed}:{model}:{number}") < start_rate:
                return self.fault
        return Fault.NONE


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
