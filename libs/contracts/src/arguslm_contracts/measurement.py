"""One measured request: the shape that checks and benchmark samples share."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from arguslm_contracts.outcomes import TAXONOMY_VERSION, VERDICTS, FaultOwner, Outcome
from arguslm_contracts.probes import (
    Assertion,
    Embedding,
    Finding,
    Fingerprint,
    Level,
    ProbeKind,
)
from arguslm_contracts.record import Record

Milliseconds = Annotated[float, Field(ge=0)]


class Stamp(StrEnum):
    """Where the receive times come from: the kernel, when the bytes arrived; our own reading of
    the clock, when we came to read them; the client library, when it passed them on."""

    KERNEL = "kernel"
    LOOP = "loop"
    CLIENT_LIBRARY = "client_library"


class Timing(Record):
    """All times in milliseconds since the request's first byte was handed to the socket,
    except the connection phases, which lie before it, and `schedule_delay_ms`.

    `send_ms` is when the socket had taken the request's last byte.
    The four clocks: `headers_ms`, `first_byte_ms` (of the body), `first_token_ms` (any kind,
    reasoning included) and `first_answer_token_ms`. A clock that never struck is None.
    """

    schedule_delay_ms: Milliseconds | None = None
    dns_ms: Milliseconds | None = None
    connect_ms: Milliseconds | None = None
    tls_ms: Milliseconds | None = None
    connection_reused: bool = False
    send_ms: Milliseconds | None = None
    headers_ms: Milliseconds | None = None
    first_byte_ms: Milliseconds | None = None
    first_token_ms: Milliseconds | None = None
    first_answer_token_ms: Milliseconds | None = None
    last_token_ms: Milliseconds | None = None
    max_gap_ms: Milliseconds | None = None
    total_ms: Milliseconds | None = None
    stamp: Stamp = Stamp.LOOP
    streamed: bool = True


class Usage(Record):
    """Tokens of one request. `source` says whether the provider reported or we estimated.

    `cached_tokens` are part of the input, `reasoning_tokens` of the output, whatever the dialect.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    source: Literal["reported", "estimated", "unknown"] = "unknown"


class Price(Record):
    """What tokens cost, in US dollars per million. Cached input and reasoning cost as other input
    and output where they have no price of their own."""

    input_usd_per_million_tokens: float = Field(ge=0)
    output_usd_per_million_tokens: float = Field(ge=0)
    cached_input_usd_per_million_tokens: float | None = Field(default=None, ge=0)
    reasoning_usd_per_million_tokens: float | None = Field(default=None, ge=0)
    source: str = Field(
        default="person", description="who says so: a person, the provider, LiteLLM's price map"
    )

    def of(self, usage: Usage) -> float | None:
        """US dollars; None where the tokens are not known."""
        if usage.input_tokens is None or usage.output_tokens is None:
            return None
        cached = min(usage.cached_tokens or 0, usage.input_tokens)
        reasoning = min(usage.reasoning_tokens or 0, usage.output_tokens)
        return _usd(
            (usage.input_tokens - cached, self.input_usd_per_million_tokens),
            (cached, self._cached_input),
            (usage.output_tokens - reasoning, self.output_usd_per_million_tokens),
            (reasoning, self._reasoning),
        )

    def at_most(self, probe: "ProbeProfile") -> float:
        """US dollars that a probe costs at worst. No tokenizer makes more tokens than bytes."""
        dearest_input = max(self.input_usd_per_million_tokens, self._cached_input)
        dearest_output = max(self.output_usd_per_million_tokens, self._reasoning)
        input_tokens = len(probe.prompt.encode()) + _CHAT_TEMPLATE_TOKENS
        return _usd((input_tokens, dearest_input), (probe.max_tokens, dearest_output))

    @property
    def _cached_input(self) -> float:
        cached = self.cached_input_usd_per_million_tokens
        return self.input_usd_per_million_tokens if cached is None else cached

    @property
    def _reasoning(self) -> float:
        reasoning = self.reasoning_usd_per_million_tokens
        return self.output_usd_per_million_tokens if reasoning is None else reasoning


# What a provider wraps around a prompt: roles, markers, a system prompt of its own.
_CHAT_TEMPLATE_TOKENS = 200


def _usd(*parts: tuple[int, float]) -> float:
    """The sum of (tokens, US dollars per million tokens), to a billionth of a dollar."""
    return round(sum(tokens * usd_per_million for tokens, usd_per_million in parts) / 1e6, 9)


class Cost(Record):
    """What one request cost. `usd` is None where that cannot be told, and `unpriced` says why:
    nobody knows a price, or nobody said how many tokens there were. It is 0 only for a request
    that a priced model refused or never got."""

    usd: float | None = Field(default=None, ge=0)
    unpriced: Literal["no_price", "no_usage"] | None = None
    price: Price | None = None


class Evidence(Record):
    """What an outcome is decided from, all of it; kept so that it can be decided again.

    Checks before taxonomy 2 kept no `content`, `defect` and `wire_failure`: of them only refusals
    can be decided again.
    """

    http_status: int | None = None
    wire_failure: Outcome | None = Field(
        default=None, description="how the exchange broke off; nothing of one that came to its end"
    )
    own_network: str | None = Field(
        default=None, description="why our own network was held to be down when nothing came back"
    )
    error_type: str | None = None
    error_code: str | None = None
    message: str | None = Field(default=None, description="clipped, credentials removed")
    finish_reason: str | None = None
    content: Literal["answer", "tokens", "nothing"] | None = Field(
        default=None,
        description="the best that came: words or a tool call; tokens shown or billed; nothing",
    )
    defect: Literal["error", "unreadable"] | None = Field(
        default=None, description="what was wrong inside an answer that began as a 200"
    )
    retry_after_s: float | None = Field(
        default=None, ge=0, description="how long the provider asks us to wait"
    )
    provider_request_id: str | None = None
    answer_preview: str | None = Field(default=None, description="the first 200 characters")


class Headroom(Record):
    """What is left of one rate limit, as the provider said with its answer.

    `limit` and `remaining` are on the provider's own scale; only `left_ratio` compares between
    providers.
    """

    kind: str = Field(description="requests, tokens, input_tokens, tokens_minute... as it says")
    limit: float | None = Field(default=None, ge=0)
    remaining: float = Field(ge=0)
    left_ratio: float | None = Field(default=None, ge=0, le=1)
    resets_in_s: float | None = Field(
        default=None, ge=0, description="seconds after the answer began"
    )


class SelfAudit(Record):
    """What the monitor itself did to this measurement: how late its event loop was, and how long
    what had arrived waited to be read (None where the kernel does not tell), both at worst.

    How late it began is the timing's `schedule_delay_ms`.
    """

    loop_lag_ms: Milliseconds = 0.0
    read_lag_ms: Milliseconds | None = None
    cpu_share: float | None = Field(
        default=None, ge=0, description="CPU seconds that our process took of each second meanwhile"
    )
    trustworthy: bool = True


class Measurement(Record):
    """One request, one outcome."""

    outcome: Outcome
    fault_owner: FaultOwner
    taxonomy_version: int = 1
    timing: Timing = Timing()
    usage: Usage = Usage()
    tokens_per_s: float | None = Field(
        default=None,
        description="(output tokens - 1) / (last token - first token), in seconds; without the "
        "tokens of thinking that was billed and never shown",
    )
    evidence: Evidence = Evidence()
    headroom: tuple[Headroom, ...] = ()
    audit: SelfAudit = SelfAudit()
    cost: Cost | None = Field(
        default=None, description="nothing for what was never asked, or before costs were told"
    )
    findings: tuple[Finding, ...] = Field(
        default=(), description="what the probe asserted and did not find so"
    )
    embedding: Embedding | None = None

    @classmethod
    def of(cls, outcome: Outcome, **fields: Any) -> "Measurement":
        """A measurement, by the taxonomy of today: the fault owner follows from the outcome."""
        return cls(
            outcome=outcome,
            fault_owner=VERDICTS[outcome].fault_owner,
            taxonomy_version=TAXONOMY_VERSION,
            **fields,
        )


class Timeouts(Record):
    """Separate deadlines; each names itself in the outcome."""

    connect_s: float = Field(default=10.0, gt=0)
    headers_s: float = Field(default=30.0, gt=0)
    first_token_s: float = Field(default=45.0, gt=0)
    gap_s: float = Field(default=15.0, gt=0)
    total_s: float = Field(default=60.0, gt=0)


class Target(Record):
    """An endpoint to ask: all that is needed to build the request, secrets sealed.

    `credentials` is a Fernet token of a JSON object such as {"api_key": "..."}; `settings` holds
    what is not secret (region, organization_id, api_version, ...). `model` None means "any model
    that exists there" and is only used to test a connection.
    """

    provider_id: str
    provider_type: str
    provider_name: str
    base_url: str | None = None
    settings: dict[str, str] = {}
    credentials: str | None = None
    model: str | None = None
    max_concurrent: int = Field(
        default=0, ge=0, description="checks of this provider in flight at a location; 0: no limit"
    )
    price: Price | None = None


class ProbeProfile(Record):
    """What to ask, how long to wait, and what to find in the answer.

    `reasoning_effort` is a wish: it is sent where a model thinks unasked and can be told to think
    less. `expected_answer` (canary, long_context) is part of the prompt, `answer_schema`
    (json_schema) is sent with it, `pinned` (embedding) is what the vector is compared with;
    `finding_level` is that of what the kind itself finds.
    """

    prompt: str
    max_tokens: int = Field(default=100, ge=1)
    temperature: float | None = None
    timeouts: Timeouts = Timeouts()
    kind: ProbeKind = ProbeKind.LIVENESS
    reasoning_effort: Literal["low"] | None = None
    expected_answer: str | None = None
    answer_schema: dict[str, object] | None = None
    assertions: tuple[Assertion, ...] = ()
    finding_level: Level = "fail"
    pinned: Fingerprint | None = None
