"""How each kind of API lists its models: the first request, and how to read a page of the answer.

A page reader gets the address without its query and the JSON value, and gives None where that is
no list of models.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from arguslm_contracts.events.checks import DiscoveredModel
from arguslm_llm.aws_signature import signed
from arguslm_llm.catalogue import ProviderType
from arguslm_llm.decoders.transcript import JsonObject, as_list, as_object, as_text
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.http1 import WireRequest
from arguslm_llm.litellm_arguments import AZURE_API_VERSION

_ANTHROPIC_VERSION = "2023-06-01"


class NoListing(Exception):
    """This endpoint cannot be asked for its models; the text says why."""


@dataclass(frozen=True, slots=True)
class Page:
    models: list[DiscoveredModel]
    next_url: str | None = None


PageReader = Callable[[str, object], Page | None]


@dataclass(frozen=True, slots=True)
class Listing:
    first: WireRequest
    read: PageReader


def listing_of(endpoint: Endpoint, provider: ProviderType) -> Listing:
    """How to list this endpoint's models.

    Raises:
        NoListing: the API offers no list, or something to ask for it is missing.
    """
    family = provider.litellm.partition("/")[0]
    if family == "bedrock":
        return _bedrock(endpoint)
    base = endpoint.base_url or provider.spec.default_base_url
    if base is None:
        raise NoListing(f"{provider.spec.label} offers no list of models: add them by name")
    url_of, headers_of, read = _APIS.get(family, _OPENAI_STYLE)
    headers = {"accept": "application/json", **headers_of(endpoint.credentials.get("api_key"))}
    url = url_of(base.rstrip("/"), endpoint.settings)
    return Listing(WireRequest("GET", url, tuple(headers.items())), read)


def _bearer(key: str | None) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def _named(header: str) -> Callable[[str | None], dict[str, str]]:
    return lambda key: {header: key} if key else {}


def _anthropic_headers(key: str | None) -> dict[str, str]:
    return {"anthropic-version": _ANTHROPIC_VERSION, **_named("x-api-key")(key)}


def _azure_url(base: str, settings: dict[str, str]) -> str:
    version = settings.get("api_version", AZURE_API_VERSION)
    return f"{base}/openai/models?{urlencode({'api-version': version})}"


def _bedrock(endpoint: Endpoint) -> Listing:
    region = endpoint.settings.get("region")
    key_id = endpoint.credentials.get("aws_access_key_id")
    secret = endpoint.credentials.get("aws_secret_access_key")
    if not region or not key_id or not secret:
        raise NoListing("listing needs region, aws_access_key_id and aws_secret_access_key")
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    url = f"https://bedrock.{region}.{domain}/foundation-models?byOutputModality=TEXT"
    request = signed(
        WireRequest("GET", url, (("accept", "application/json"),)),
        key_id=key_id,
        secret=secret,
        session_token=endpoint.credentials.get("aws_session_token"),
        region=region,
        service="bedrock",
    )
    return Listing(request, _bedrock_page)


def _openai_page(url: str, value: object) -> Page | None:
    """{"data": [{"id": ...}]}, or the bare list that Together answers with."""
    items = value if isinstance(value, list) else as_object(value).get("data")
    if not isinstance(items, list):
        return None
    page = Page(_models(items, "id", ("created", "owned_by", "context_length", "max_model_len")))
    last = page.models[-1].name if page.models else None
    if as_object(value).get("has_more") is True and last:
        return Page(page.models, f"{url}?{urlencode({'after': last})}")
    return page


def _anthropic_page(url: str, value: object) -> Page | None:
    items = as_object(value).get("data")
    if not isinstance(items, list):
        return None
    models = _models(items, "id", ("display_name", "created_at"))
    last = as_text(as_object(value).get("last_id"))
    more = as_object(value).get("has_more") is True and last
    return Page(models, f"{url}?limit=1000&after_id={quote(last or '')}" if more else None)


def _gemini_page(url: str, value: object) -> Page | None:
    """Only what can generate content; the name without its "models/"."""
    if not isinstance(value, dict) or not ("models" in value or value == {}):
        return None
    able = [
        {**item, "name": str(item.get("name", "")).removeprefix("models/")}
        for item in map(as_object, as_list(value.get("models")))
        if "generateContent" in as_list(item.get("supportedGenerationMethods"))
    ]
    fields = ("displayName", "inputTokenLimit", "outputTokenLimit")
    token = as_text(value.get("nextPageToken"))
    next_url = f"{url}?{urlencode({'pageSize': 1000, 'pageToken': token})}" if token else None
    return Page(_models(able, "name", fields), next_url)


def _cohere_page(url: str, value: object) -> Page | None:
    items = as_object(value).get("models")
    if not isinstance(items, list):
        return None
    token = as_text(as_object(value).get("next_page_token"))
    query = urlencode({"endpoint": "chat", "page_size": 1000, "page_token": token or ""})
    return Page(_models(items, "name", ("context_length",)), f"{url}?{query}" if token else None)


def _ollama_page(_: str, value: object) -> Page | None:
    items = as_object(value).get("models")
    if not isinstance(items, list):
        return None
    flat = [{**as_object(item), **as_object(as_object(item).get("details"))} for item in items]
    fields = ("size", "digest", "family", "parameter_size", "quantization_level")
    return Page(_models(flat, "name", fields))


def _bedrock_page(_: str, value: object) -> Page | None:
    items = as_object(value).get("modelSummaries")
    if not isinstance(items, list):
        return None
    return Page(_models(items, "modelId", ("modelName", "providerName", "modelLifecycle")))


def _models(items: Sequence[object], name: str, fields: tuple[str, ...]) -> list[DiscoveredModel]:
    """The named ones, with those fields that are there."""
    models: list[DiscoveredModel] = []
    for item in map(as_object, items):
        found = as_text(item.get(name))
        if found:
            models.append(DiscoveredModel(name=found, metadata=_metadata(item, fields)))
    return models


def _metadata(item: JsonObject, fields: tuple[str, ...]) -> dict[str, object]:
    return {field: item[field] for field in fields if item.get(field) is not None}


_Api = tuple[
    Callable[[str, dict[str, str]], str], Callable[[str | None], dict[str, str]], PageReader
]

_OPENAI_STYLE: _Api = (lambda base, _: f"{base}/models", _bearer, _openai_page)

# By LiteLLM's name of the family; every other one lists as OpenAI does.
_APIS: dict[str, _Api] = {
    "ollama_chat": (
        lambda base, _: f"{base.removesuffix('/v1')}/api/tags",
        _bearer,
        _ollama_page,
    ),
    "anthropic": (
        lambda base, _: f"{base.removesuffix('/v1')}/v1/models?limit=1000",
        _anthropic_headers,
        _anthropic_page,
    ),
    "gemini": (
        lambda base, _: f"{base}/models?pageSize=1000",
        _named("x-goog-api-key"),
        _gemini_page,
    ),
    "azure": (_azure_url, _named("api-key"), _openai_page),
    "azure_text": (_azure_url, _named("api-key"), _openai_page),
    "cohere": (
        lambda base, _: f"{base}/v1/models?endpoint=chat&page_size=1000",
        _bearer,
        _cohere_page,
    ),
    "cohere_chat": (
        lambda base, _: f"{base}/v1/models?endpoint=chat&page_size=1000",
        _bearer,
        _cohere_page,
    ),
}
