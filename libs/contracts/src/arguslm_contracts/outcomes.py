"""Outcomes: what became of one request, whose fault it was, and what it counts against.

A versioned taxonomy. A new class is added at the end; the meaning of an existing one never changes.
What the same evidence is decided to be may change: that is a new `TAXONOMY_VERSION`, and
`arguslm reclassify` decides again over the evidence that is kept.

1. the first 27 classes
2. `region_blocked`; an error inside a 200 that is our account's, our request's or our content's
   own doing is that class; an answer that ends without saying so is `disconnected`; many codes and
   wordings of twelve providers, from fixtures. `monitor_offline` came later, with evidence of its
   own that no older check has
3. a model that thought until its tokens were used up, said with a 400, is `truncated`; errors in
   lists (Cloudflare, watsonx), Zhipu's numbers, and codes and wordings of thirty more vendors
"""

from dataclasses import dataclass
from enum import StrEnum

TAXONOMY_VERSION = 3


class FaultOwner(StrEnum):
    """Who has to act. `none` only where nothing is wrong."""

    NONE = "none"
    PROVIDER = "provider"
    NETWORK = "network"
    ACCOUNT = "account"
    MONITOR = "monitor"


class Outcome(StrEnum):
    OK = "ok"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    STALLED = "stalled"
    INVALID_STREAM = "invalid_stream"
    ERROR_IN_STREAM = "error_in_stream"
    CONTENT_FILTERED = "content_filtered"
    TIMEOUT_CONNECT = "timeout_connect"
    TIMEOUT_HEADERS = "timeout_headers"
    TIMEOUT_FIRST_TOKEN = "timeout_first_token"
    TIMEOUT_TOTAL = "timeout_total"
    DNS = "dns"
    TLS = "tls"
    REFUSED = "refused"
    DISCONNECTED = "disconnected"
    AUTH = "auth"
    QUOTA_EXHAUSTED = "quota_exhausted"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    BAD_REQUEST = "bad_request"
    UNSUPPORTED = "unsupported"
    MODEL_GONE = "model_gone"
    BLOCKED_BY_POLICY = "blocked_by_policy"
    EXPIRED = "expired"
    SKIPPED = "skipped"
    MONITOR_ERROR = "monitor_error"
    REGION_BLOCKED = "region_blocked"
    MONITOR_OFFLINE = "monitor_offline"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an outcome means.

    `available` and `usable` are True (counts as up), False (counts as down) or None (says
    nothing about the endpoint: excluded from the ratio). `available` asks "does the provider
    serve?", `usable` asks "could we have used it?".
    """

    fault_owner: FaultOwner
    available: bool | None
    usable: bool | None
    says: str


_P, _N, _A, _M = (
    FaultOwner.PROVIDER,
    FaultOwner.NETWORK,
    FaultOwner.ACCOUNT,
    FaultOwner.MONITOR,
)

VERDICTS: dict[Outcome, Verdict] = {
    Outcome.OK: Verdict(FaultOwner.NONE, True, True, "answered"),
    Outcome.EMPTY: Verdict(_P, False, False, "answered 200 without any content"),
    Outcome.TRUNCATED: Verdict(
        FaultOwner.NONE, True, True, "alive, but the probe's token budget ended inside reasoning"
    ),
    Outcome.STALLED: Verdict(_P, False, False, "stopped in the middle of its answer"),
    Outcome.INVALID_STREAM: Verdict(_P, False, False, "sent a stream that cannot be read"),
    Outcome.ERROR_IN_STREAM: Verdict(_P, False, False, "sent an error inside a 200 answer"),
    Outcome.CONTENT_FILTERED: Verdict(_P, True, False, "refused the probe's content"),
    Outcome.TIMEOUT_CONNECT: Verdict(_N, False, False, "did not accept a connection in time"),
    Outcome.TIMEOUT_HEADERS: Verdict(_P, False, False, "sent no response headers in time"),
    Outcome.TIMEOUT_FIRST_TOKEN: Verdict(_P, False, False, "sent no first token in time"),
    Outcome.TIMEOUT_TOTAL: Verdict(_P, False, False, "did not finish in time"),
    Outcome.DNS: Verdict(_N, False, False, "has a host name that does not resolve"),
    Outcome.TLS: Verdict(_N, False, False, "failed the TLS handshake"),
    Outcome.REFUSED: Verdict(_N, False, False, "refused the connection"),
    Outcome.DISCONNECTED: Verdict(_P, False, False, "closed the connection early"),
    Outcome.AUTH: Verdict(_A, None, False, "rejected our credentials"),
    Outcome.QUOTA_EXHAUSTED: Verdict(_A, None, False, "says that our quota or credit is used up"),
    Outcome.RATE_LIMITED: Verdict(_A, None, False, "limited our request rate"),
    Outcome.OVERLOADED: Verdict(_P, False, False, "says that it is overloaded"),
    Outcome.SERVER_ERROR: Verdict(_P, False, False, "failed with a server error"),
    Outcome.BAD_REQUEST: Verdict(_M, None, False, "did not accept the form of our request"),
    Outcome.UNSUPPORTED: Verdict(_M, None, False, "does not support what the probe asked"),
    Outcome.MODEL_GONE: Verdict(_P, False, False, "does not have this model"),
    Outcome.BLOCKED_BY_POLICY: Verdict(_M, None, None, "is at an address our policy forbids"),
    Outcome.EXPIRED: Verdict(_M, None, None, "was not asked in time by our prober"),
    Outcome.SKIPPED: Verdict(_M, None, None, "was not asked"),
    Outcome.MONITOR_ERROR: Verdict(_M, None, None, "could not be asked: our monitor failed"),
    Outcome.REGION_BLOCKED: Verdict(_M, None, False, "does not serve the place we ask from"),
    Outcome.MONITOR_OFFLINE: Verdict(
        _M, None, None, "could not be reached: our prober's own network was down"
    ),
}
