"""What a list of models is made of: a request, and a reader that may name the next one."""

from collections.abc import Callable
from dataclasses import dataclass

from arguslm_contracts.events.checks import DiscoveredModel
from arguslm_llm.http1 import WireRequest

PERHAPS_THE_URL = "is the base URL right? That of an OpenAI-compatible server mostly ends in /v1"


class NoListing(Exception):
    """This endpoint cannot be asked for its models; the text says why."""


@dataclass(frozen=True, slots=True)
class Page:
    """`next` asks for what follows; None: this was the last page."""

    models: list[DiscoveredModel]
    next: WireRequest | None = None


PageReader = Callable[[WireRequest, object], Page | None]
"""From a request and the JSON value of its answer to a page; None: that is no list of models."""


@dataclass(frozen=True, slots=True)
class Listing:
    """`otherwise` is how to ask a server that does not know `first`; `advice` is what to tell a
    person where nothing is known there."""

    first: WireRequest
    read: PageReader
    advice: str = PERHAPS_THE_URL
    otherwise: "Listing | None" = None
