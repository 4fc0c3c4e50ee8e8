"""CHECKS: what stays of the checks when they have aged out."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from arguslm_contracts.endpoint_state import EndpointState
from arguslm_contracts.events.base import Event
from arguslm_contracts.record import Record

_HOUR = "%Y-%m-%dT%H:%M:%SZ"

# What a column can hold; an hour is far from it.
Count = Annotated[int, Field(le=2**31 - 1)]
Sum = Annotated[int, Field(le=2**63 - 1)]

SketchCounts = dict[str, int]
"""A mergeable quantile sketch, within 1 % of any quantile. Bucket `i` counts values in
(g^(i-1), g^i] with g = 1.01/0.99, and reads as 2*g^i/(g+1); "z" counts values up to 1e-9. To merge
is to add counts. Another base would be another version of the event."""


class Speeds(Record):
    """One metric over the answered checks of an hour whose clock could be trusted."""

    n: int = 0
    sum: float = 0.0
    sketch: SketchCounts = Field(
        default={}, description='bucket -> count; bucket i ends at (1.01/0.99)^i, "z" is zero'
    )


class Standing(Record):
    """A model as one location sees it, after the last check before a summary. `usable` and
    `conclusive_at` are of the last check that said whether the endpoint serves; `since` is when
    that verdict began. The speeds are the last that were measured."""

    consecutive_failures: Count
    consecutive_successes: Count
    usable: bool | None = None
    since: datetime | None = None
    conclusive_at: datetime | None = None
    last_check_id: UUID
    last_due_at: datetime
    last_completed_at: datetime
    last_outcome: str = Field(max_length=32)
    last_fault_owner: str = Field(max_length=16)
    last_says: str
    last_ttft_ms: float | None = None
    last_tokens_per_s: float | None = None


class CheckSummarized(Event):
    """The checks of a model that one location completed in an `hour`, of those that were stored
    while the hour `stored_in` was open: nearly always the same hour. What came late makes a
    summary of its own, and summaries of one hour add up. Twins count once, connection tests not
    at all; probes other than liveness count for tokens and costs alone. `standing` and `endpoint`
    are what all checks that stand before this event led to, if one of them `counts`.

    Who has folded the check `first_check_id` has folded all of them; who has not, none.
    """

    name: ClassVar[str] = "check.summarized"
    model_id: UUID
    location: str
    hour: datetime
    stored_in: datetime
    first_check_id: UUID
    first_completed_at: datetime
    last_completed_at: datetime
    checks: Count
    available: Count
    unavailable: Count
    excluded: Count
    usable: Count
    unusable: Count
    outcomes: dict[str, int]
    ttft_ms: Speeds
    tokens_per_s: Speeds
    total_ms: Speeds
    standing: Standing
    counts: bool = Field(default=True, description="if not, `standing` is as if nothing was known")
    endpoint: EndpointState | None = None
    input_tokens: Sum = 0
    output_tokens: Sum = 0
    reasoning_tokens: Sum = Field(default=0, description="part of the output")
    cached_tokens: Sum = Field(default=0, description="part of the input")
    priced: Count = Field(default=0, description="checks whose cost is known")
    unpriced: Count = Field(default=0, description="checks whose cost nobody knows")
    cost_nano_usd: Sum = Field(default=0, description="of the priced ones, in 1e-9 US dollars")
    longest_thinking_reply_tokens: int | None = Field(
        default=None, description="the longest output that was, or began with, thinking"
    )

    @property
    def key(self) -> str:
        return f"{self.location}.{self.model_id}"

    @property
    def aggregate(self) -> str:
        """Its checks too: none may come between those that it knows and itself."""
        return f"check.*.{self.key}"

    @property
    def identity(self) -> str:
        hours = f"{self.hour:{_HOUR}}:{self.stored_in:{_HOUR}}"
        return f"{self.location}:{self.model_id}:{hours}"


class HourClosed(Event):
    """Every check that CHECKS took in until the end of an hour, up to `through_sequence`, is in a
    `check.summarized` that stands before this event.

    With it checks are given up: those up to `given_up_through`, stored before `given_up_before`.
    Tables let go of them now, the stream a little later. The sequences are positions in this very
    stream: who copies events into another one leaves out these events, and hours close anew.
    """

    name: ClassVar[str] = "history.closed"
    once: ClassVar[bool] = True
    hour: datetime
    summaries: int
    checks: Count
    through_sequence: int
    given_up_through: int = 0
    given_up_before: datetime | None = None

    @property
    def key(self) -> str:
        return f"{self.hour:{_HOUR}}"

    @property
    def identity(self) -> str:
        return self.key
