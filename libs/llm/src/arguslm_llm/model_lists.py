"""How each kind of API lists its models: the first request, and how to read a page of the answer.

What Amazon and Google want signed is in `cloud_model_lists.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from arguslm_llm.catalogue import ProviderType
from arguslm_llm.cloud_model_lists import bedrock_listing, vertex_listing
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.http1 import WireRequest
from arguslm_llm.listing import PERHAPS_THE_URL, Listing, NoListing, PageReader
from arguslm_llm.model_pages import (
    anthropic_page,
    azure_page,
    cohere_page,
    gemini_page,
    lm_studio_page,
    ollama_page,
    openai_page,
    xai_page,
)

_ANTHROPIC_VERSION = "2023-06-01"
# The last version of Azure's API that lists deployments to somebody who has a key and no more.
_AZURE_DEPLOYMENTS_VERSION = "2023-03-15-preview"


def listing_of(endpoint: Endpoint, provider: ProviderType) -> Listing:
    """How to list this endpoint's models.

    Raises:
        NoListing: the API offers no list, or something to ask for it is missing.
    """
    family = provider.litellm.partition("/")[0]
    if family == "bedrock":
        return bedrock_listing(endpoint)
    if family.startswith("vertex_ai"):
        return vertex_listing(endpoint)
    base = endpoint.base_url or provider.spec.default_base_url
    if base is None:
        raise NoListing(f"{provider.spec.label} offers no list of models: add them by name")
    api = _APIS.get(family, _OPENAI_STYLE)
    return _listing(api, base.rstrip("/"), endpoint.credentials.get("api_key"))


@dataclass(frozen=True, slots=True)
class _Api:
    """`url` makes the list's address of the base URL, `headers` the login of the key; the rest is
    as in Listing."""

    url: Callable[[str], str]
    headers: Callable[[str | None], dict[str, str]]
    read: PageReader
    advice: str = PERHAPS_THE_URL
    otherwise: "_Api | None" = None


def _listing(api: _Api, base: str, key: str | None) -> Listing:
    headers = {"accept": "application/json", **api.headers(key)}
    return Listing(
        WireRequest("GET", api.url(base), tuple(headers.items())),
        api.read,
        api.advice,
        _listing(api.otherwise, base, key) if api.otherwise else None,
    )


def _bearer(key: str | None) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def _named(header: str) -> Callable[[str | None], dict[str, str]]:
    return lambda key: {header: key} if key else {}


def _anthropic_headers(key: str | None) -> dict[str, str]:
    return {"anthropic-version": _ANTHROPIC_VERSION, **_named("x-api-key")(key)}


def _azure_url(base: str) -> str:
    resource = base.removesuffix("/v1").removesuffix("/openai")
    return f"{resource}/openai/deployments?{urlencode({'api-version': _AZURE_DEPLOYMENTS_VERSION})}"


_OPENAI_STYLE = _Api(lambda base: f"{base}/models", _bearer, openai_page)
_AZURE = _Api(
    _azure_url,
    _named("api-key"),
    azure_page,
    advice="where this resource lists no deployments to a key, add them by name",
)
_COHERE = _Api(lambda base: f"{base}/v1/models?endpoint=chat&page_size=1000", _bearer, cohere_page)

# By LiteLLM's name of the family; every other one lists as OpenAI does.
_APIS: dict[str, _Api] = {
    "ollama_chat": _Api(lambda base: f"{base.removesuffix('/v1')}/api/tags", _bearer, ollama_page),
    # Its own list tells sizes of contexts; versions before 0.3.6 have only OpenAI's.
    "lm_studio": _Api(
        lambda base: f"{base.removesuffix('/v1')}/api/v0/models",
        _bearer,
        lm_studio_page,
        otherwise=_OPENAI_STYLE,
    ),
    "anthropic": _Api(
        lambda base: f"{base.removesuffix('/v1')}/v1/models?limit=1000",
        _anthropic_headers,
        anthropic_page,
    ),
    "gemini": _Api(
        lambda base: f"{base}/models?pageSize=1000", _named("x-goog-api-key"), gemini_page
    ),
    "azure": _AZURE,
    "azure_text": _AZURE,
    "cohere": _COHERE,
    "cohere_chat": _COHERE,
    # Its own list tells prices.
    "xai": _Api(lambda base: f"{base}/language-models", _bearer, xai_page, otherwise=_OPENAI_STYLE),
    # Its beta address is for asking; the list is told at the usual one.
    "deepseek": _Api(lambda base: f"{base.removesuffix('/beta')}/models", _bearer, openai_page),
}
