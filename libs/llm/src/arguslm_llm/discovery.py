"""Which models an endpoint says it serves. A server that is dead or refuses is an error that says
so; "no models" is only ever the server's own word."""

import time
from collections.abc import Sequence
from http import HTTPStatus

from arguslm_contracts.events.checks import DiscoveredModel
from arguslm_contracts.measurement import Evidence, Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_llm.catalogue import provider_type
from arguslm_llm.decoders.errors import error_body, error_in
from arguslm_llm.decoders.framing import is_web_page
from arguslm_llm.decoders.transcript import json_of
from arguslm_llm.egress import EgressPolicy
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.exchange import NS_PER_S, Exchange, Progress, Read
from arguslm_llm.http1 import WireRequest
from arguslm_llm.model_lists import Listing, NoListing, Page, listing_of
from arguslm_llm.outcomes import decide
from arguslm_llm.redaction import Redactor
from arguslm_llm.wire import Wire

_MAX_PAGES = 50
_MESSAGE_LIMIT = 500
_PERHAPS_THE_URL = "; is the base URL right? That of an OpenAI-compatible server mostly ends in /v1"


class DiscoveryFailed(Exception):
    """The endpoint did not tell what it serves; `outcome` says how, `message` in words."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


async def discover(
    endpoint: Endpoint, *, egress: EgressPolicy, timeout_s: float = 15
) -> list[DiscoveredModel]:
    """Every model the endpoint lists, each once, in its own order.

    Raises:
        DiscoveryFailed: it cannot be reached, refuses, answers with something else, or its type
            offers no list.
    """
    redactor = Redactor(endpoint.credentials.values())
    listing = _listing(endpoint)
    wire = Wire(egress=egress)
    ends_ns = time.monotonic_ns() + int(timeout_s * NS_PER_S)
    found: dict[str, DiscoveredModel] = {}
    request = listing.first
    try:
        for _ in range(_MAX_PAGES):
            left_s = max((ends_ns - time.monotonic_ns()) / NS_PER_S, 0.001)
            exchange = await wire.exchange(request, _timeouts(left_s), _no_progress)
            page = _read(endpoint, exchange, listing, request, redactor)
            found.update({m.name: m for m in page.models if m.name not in found})
            if page.next_url is None:
                break
            request = WireRequest("GET", page.next_url, request.headers)
    finally:
        await wire.close()
    return list(found.values())


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


def _read(
    endpoint: Endpoint,
    exchange: Exchange,
    listing: Listing,
    request: WireRequest,
    redactor: Redactor,
) -> Page:
    body = b"".join(data for _, data in exchange.reads)
    value = json_of(body)
    refused = exchange.status is not None and exchange.status >= 300
    error = error_body(body, exchange.headers) if refused else error_in(value)
    page = None
    if exchange.status == 200 and exchange.failure is None and error is None:
        page = listing.read(request.url.partition("?")[0], value)
    if page is not None:
        return page
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
    message = _words(exchange, outcome, said)
    raise DiscoveryFailed(outcome, redactor.clean(message, limit=_MESSAGE_LIMIT))


def _words(exchange: Exchange, outcome: Outcome, said: str | None) -> str:
    if outcome is Outcome.INVALID_STREAM and not said:
        if is_web_page(exchange.reads):
            return f"the answer is a web page{_PERHAPS_THE_URL}"
        return "the answer is no list of models"
    status = f"HTTP {exchange.status}: " if exchange.status else ""
    hint = _PERHAPS_THE_URL if exchange.status == HTTPStatus.NOT_FOUND else ""
    return f"{status}{said or outcome.value.replace('_', ' ')}{hint}"
