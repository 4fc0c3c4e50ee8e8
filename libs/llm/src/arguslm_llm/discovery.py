"""Which models an endpoint says it serves. A server that is dead or refuses is an error that says
so; "no models" is only ever the server's own word."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from arguslm_contracts.events.checks import DiscoveredModel
from arguslm_contracts.measurement import Evidence, Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_llm.catalogue import provider_type
from arguslm_llm.decoders.errors import error_body, error_in
from arguslm_llm.decoders.framing import is_web_page
from arguslm_llm.decoders.transcript import ProviderError, json_of
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.exchange import NS_PER_S, Exchange, Progress, Read
from arguslm_llm.http1 import WireRequest
from arguslm_llm.listing import Listing, NoListing
from arguslm_llm.model_lists import listing_of
from arguslm_llm.network import Network
from arguslm_llm.outcomes import decide
from arguslm_llm.redaction import Redactor
from arguslm_llm.wire import Wire

_MAX_PAGES = 50
# Of all that is kept of its models. It has to fit into one message of the bus, which takes 8 MB.
_LONGEST_LIST_BYTES = 4 * 1024 * 1024
_MESSAGE_LIMIT = 500
# A server that does not know an address says 404, or tells of an error with a 200 (LM Studio).
_NOT_KNOWN_THERE = (HTTPStatus.OK, HTTPStatus.NOT_FOUND)


class DiscoveryFailed(Exception):
    """The endpoint did not tell what it serves; `outcome` says how, `message` in words."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


@dataclass(frozen=True, slots=True)
class FoundModels:
    """Each model once, in the endpoint's own order. `complete`: the list was read to its end."""

    models: list[DiscoveredModel]
    complete: bool


async def discover(endpoint: Endpoint, *, network: Network, timeout_s: float = 15) -> FoundModels:
    """Every model the endpoint lists, as far as so many pages go.

    Raises:
        DiscoveryFailed: it cannot be reached, refuses, answers with something else or with too
            much, or its type offers no list.
    """
    redactor = Redactor(endpoint.credentials.values())
    listing = _listing(endpoint)
    wire = Wire(network)
    ends_ns = time.monotonic_ns() + int(timeout_s * NS_PER_S)
    found: dict[str, DiscoveredModel] = {}
    request: WireRequest | None = listing.first
    asked: set[str] = set()
    told_bytes = 0
    try:
        # A list that leads back to where it came from has no end either.
        while request is not None and len(asked) < _MAX_PAGES and request.url not in asked:
            asked.add(request.url)
            left_s = max((ends_ns - time.monotonic_ns()) / NS_PER_S, 0.001)
            exchange = await wire.exchange(request, _timeouts(left_s), _no_progress)
            answer = _Answer.of(exchange)
            page = listing.read(request, answer.value) if answer.is_good else None
            if page is not None:
                new = {m.name: m for m in page.models if m.name not in found}
                found.update(new)
                told_bytes += sum(len(m.model_dump_json()) for m in new.values())
                if told_bytes > _LONGEST_LIST_BYTES:
                    raise DiscoveryFailed(Outcome.INVALID_STREAM, _too_long(len(found)))
                request = page.next
            elif listing.otherwise is not None and exchange.status in _NOT_KNOWN_THERE:
                listing = listing.otherwise
                request = listing.first
            else:
                raise _failure(endpoint, exchange, answer, listing.advice, redactor)
    finally:
        await wire.close()
    return FoundModels(list(found.values()), complete=request is None)


def _too_long(models: int) -> str:
    return f"the list is too long to be kept: {models:,} models, and there may be more"


def _listing(endpoint: Endpoint) -> Listing:
    try:
        return listing_of(endpoint, provider_type(endpoint.provider_type))
    except ValueError as error:
        raise DiscoveryFailed(Outcome.BAD_REQUEST, str(error)) from error
    except NoListing as error:
        raise DiscoveryFailed(Outcome.UNSUPPORTED, str(error)) from error


def _timeouts(left_s: float) -> Timeouts:
    """One deadline for all phases; a list has no tokens, so theirs never comes first."""
    never_s = 2 * left_s
    return Timeouts(
        connect_s=left_s, headers_s=left_s, first_token_s=never_s, gap_s=never_s, total_s=left_s
    )


def _no_progress(_: Sequence[Read]) -> Progress:
    return Progress(None, False)


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer's JSON value, and the error in it."""

    value: object
    error: ProviderError | None
    is_good: bool

    @classmethod
    def of(cls, exchange: Exchange) -> "_Answer":
        body = b"".join(data for _, data in exchange.reads)
        value = json_of(body)
        refused = exchange.status is not None and exchange.status >= 300
        error = error_body(body, exchange.headers) if refused else error_in(value)
        good = exchange.status == 200 and exchange.failure is None and error is None
        return cls(value, error, good)


def _failure(
    endpoint: Endpoint, exchange: Exchange, answer: _Answer, advice: str, redactor: Redactor
) -> DiscoveryFailed:
    error = answer.error
    evidence = Evidence(
        http_status=exchange.status,
        wire_failure=exchange.failure,
        error_type=error.type if error else None,
        error_code=error.code if error else None,
        message=error.message[:_MESSAGE_LIMIT] if error and error.message else None,
        defect="error" if error else "unreadable",
    )
    outcome = decide(endpoint.provider_type, evidence)
    said = (error.message if error else None) or exchange.message
    message = _words(exchange, outcome, said, advice)
    return DiscoveryFailed(outcome, redactor.clean(message, limit=_MESSAGE_LIMIT))


def _words(exchange: Exchange, outcome: Outcome, said: str | None, advice: str) -> str:
    if outcome is Outcome.INVALID_STREAM and not said:
        if is_web_page(exchange.reads):
            return f"the answer is a web page; {advice}"
        return "the answer is no list of models"
    status = f"HTTP {exchange.status}: " if exchange.status else ""
    hint = f"; {advice}" if exchange.status == HTTPStatus.NOT_FOUND else ""
    return f"{status}{said or outcome.value.replace('_', ' ')}{hint}"
