"""What a check asks for, what it asserts of the answer, and what it found.

Only liveness tells whether a model is up. The other kinds find: a wrong answer is no downtime.
"""

from collections.abc import Iterable
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field

from arguslm_contracts.record import Record

Level = Literal["warn", "fail"]
LatencyMetric = Literal[
    "headers_ms", "first_token_ms", "first_answer_token_ms", "max_gap_ms", "total_ms"
]


class ProbeKind(StrEnum):
    LIVENESS = "liveness"
    THROUGHPUT = "throughput"
    CANARY = "canary"
    JSON_MODE = "json_mode"
    JSON_SCHEMA = "json_schema"
    TOOL_CALL = "tool_call"
    EMBEDDING = "embedding"
    LONG_CONTEXT = "long_context"


class _Assertion(Record):
    level: Level = "fail"


class StatusAssertion(_Assertion):
    """The answer comes with this HTTP status."""

    type: Literal["status"] = "status"
    equals: int = Field(default=200, ge=100, le=599)


class LatencyAssertion(_Assertion):
    """One of the clocks strikes in time."""

    type: Literal["latency"] = "latency"
    metric: LatencyMetric = "total_ms"
    at_most_ms: float = Field(gt=0)


class RegexAssertion(_Assertion):
    """The pattern is found somewhere in the answer."""

    type: Literal["regex"] = "regex"
    pattern: str = Field(min_length=1, max_length=500)


class JsonPathAssertion(_Assertion):
    """The answer is JSON in which the path (RFC 9535) finds a value; if said so, one that equals
    another, or whose text contains another."""

    type: Literal["json_path"] = "json_path"
    path: str = Field(min_length=1, max_length=500)
    equals: object = None
    contains: str | None = None


class JsonSchemaAssertion(_Assertion):
    """The answer is JSON that fits a schema (draft 2020-12)."""

    type: Literal["json_schema"] = "json_schema"
    json_schema: dict[str, object]


Assertion = Annotated[
    StatusAssertion | LatencyAssertion | RegexAssertion | JsonPathAssertion | JsonSchemaAssertion,
    Field(discriminator="type"),
]


class Finding(Record):
    """An assertion that did not hold. `about` is its type, or the kind of a probe."""

    about: str
    level: Level
    code: str = Field(description="what was found, such as wrong_answer or no_tool_called")
    message: str


class Fingerprint(Record):
    """A vector, made short: its dimension, and its projections on 64 fixed directions. Between two
    of them 1 - cosine is that of the vectors to about a fifth, so that a small drift shows
    (Johnson and Lindenstrauss, 1984; signs by Achlioptas, 2003)."""

    dimension: int = Field(ge=1)
    projections: tuple[float, ...]


def text_sha256(text: str) -> str:
    """By which a vector is known to be of the same text."""
    return sha256(text.encode()).hexdigest()


class Embedding(Record):
    """The vector of a pinned text, and the first one that this probe ever got for it."""

    text_sha256: str
    seen: Fingerprint
    pinned: Fingerprint | None = Field(default=None, description="nothing at the first time")
    cosine: float | None = Field(default=None, description="of the two; None of other dimensions")


def worst_level(findings: Iterable[Finding]) -> Level | None:
    """`fail` where one of them fails; None of none."""
    levels = {finding.level for finding in findings}
    if not levels:
        return None
    return "fail" if "fail" in levels else "warn"
