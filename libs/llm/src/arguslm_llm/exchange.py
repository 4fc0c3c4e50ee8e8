"""What happened on the wire during one request: stamps and bytes, nothing interpreted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from arguslm_contracts.measurement import Stamp, Timeouts
from arguslm_contracts.outcomes import Outcome

Read = tuple[int, bytes]
"""When (ns of time.monotonic_ns()) and what: the body bytes of one read from the socket."""

NS_PER_S = 1_000_000_000


class Progress(NamedTuple):
    """How far an answer has come: when its last token arrived, and whether it said it is done."""

    last_token_ns: int | None
    finished: bool


ReadProgress = Callable[[Sequence[Read]], Progress]


class WireFailure(Exception):
    """The exchange cannot go on; `outcome` says how."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


@dataclass(slots=True)
class Exchange:
    """One request and its response. Names ending in `_ns` are instants of time.monotonic_ns(),
    but `dns_ns`, `connect_ns` and `tls_ns` are durations. What never happened is None.

    `stamp` is where the receive times come from, None when nothing was received; `read_lag_ns` the
    longest that bytes had waited when we read them, as far as the kernel tells.
    `failure` and `message` tell why the response is not complete; they are None when it is.
    """

    scheduled_ns: int | None = None
    began_ns: int = 0
    dns_ns: int | None = None
    connect_ns: int | None = None
    tls_ns: int | None = None
    reused: bool = False
    sent_ns: int | None = None
    all_sent_ns: int | None = None
    headers_ns: int | None = None
    ended_ns: int | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    reads: list[Read] = field(default_factory=list, repr=False)
    stamp: Stamp | None = None
    read_lag_ns: int = 0
    failure: Outcome | None = None
    message: str | None = None


def next_deadline(
    exchange: Exchange, timeouts: Timeouts, progress: ReadProgress
) -> tuple[int, Outcome]:
    """When the exchange has to have come further, and the outcome if it has not.

    The reads are interpreted only here, when a deadline is looked at, and never as they arrive:
    so a role-only frame or a keep-alive comment counts as no token, and costs nothing.
    """
    assert exchange.sent_ns is not None  # deadlines begin with the send
    sent = exchange.sent_ns
    total = (sent + _ns(timeouts.total_s), Outcome.TIMEOUT_TOTAL)
    if exchange.headers_ns is None:
        headers_s = min(timeouts.headers_s, timeouts.first_token_s)  # no token without headers
        return min((sent + _ns(headers_s), Outcome.TIMEOUT_HEADERS), total)
    last_token_ns = progress(exchange.reads).last_token_ns
    if last_token_ns is None:
        return min((sent + _ns(timeouts.first_token_s), Outcome.TIMEOUT_FIRST_TOKEN), total)
    return min((last_token_ns + _ns(timeouts.gap_s), Outcome.STALLED), total)


def _ns(seconds: float) -> int:
    return int(seconds * NS_PER_S)
