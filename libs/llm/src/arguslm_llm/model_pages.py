"""Pages of model lists, dialect by dialect: names, facts, and what asks for the next page."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from arguslm_contracts.events.checks import DiscoveredModel
from arguslm_contracts.model_facts import ModelFacts
from arguslm_llm.decoders.transcript import (
    JsonObject,
    as_count,
    as_list,
    as_object,
    as_text,
    as_whole,
)
from arguslm_llm.http1 import WireRequest
from arguslm_llm.listing import Page

_TOKENS_PER_PRICE = 1_000_000
# xAI tells prices in US cents for 100 million tokens.
_XAI_UNITS = 10_000


def openai_page(request: WireRequest, value: object) -> Page | None:
    """{"data": [{"id": ...}]}, or the bare list that Together answers with. What the many servers
    of this kind tell beside it goes under several names."""
    items = value if isinstance(value, list) else as_object(value).get("data")
    if not isinstance(items, list):
        return None
    served = [item for item in map(as_object, items) if item.get("active") is not False]
    kept = ("created", "owned_by", "context_length", "max_model_len", "type", "deprecation")
    models = [_model(item, "id", kept, _openai_facts(item)) for item in served]
    last = as_text(as_object(items[-1]).get("id")) if items else None
    more = as_object(value).get("has_more") is True and last
    return Page(_named(models), following(request, {"after": last}) if more else None)


def _openai_facts(item: JsonObject) -> ModelFacts:
    pricing, limits = as_object(item.get("pricing")), as_object(item.get("top_provider"))
    by_token = "prompt" in pricing or "completion" in pricing
    scale = _TOKENS_PER_PRICE if by_token else 1
    names = ("prompt", "completion") if by_token else ("input", "output")
    return ModelFacts(
        context_length=_count(
            item, "context_length", "max_model_len", "context_window", "max_context_length"
        ),
        max_output_tokens=_count(item, "max_completion_tokens", "max_output_tokens")
        or _count(limits, "max_completion_tokens"),
        input_usd_per_million_tokens=_price(pricing.get(names[0]), scale),
        output_usd_per_million_tokens=_price(pricing.get(names[1]), scale),
        owner=_text(item, "owned_by", "organization"),
        created_at=_moment(item.get("created")),
    )


def azure_page(_: WireRequest, value: object) -> Page | None:
    """Deployments: what is asked by name is the deployment, whatever model is behind it."""
    items = as_object(value).get("data")
    if not isinstance(items, list):
        return None
    deployed = [item for item in map(as_object, items) if item.get("status") in (None, "succeeded")]
    return Page(
        _named(
            _model(
                item,
                "id",
                ("model", "owner", "created_at"),
                ModelFacts(owner=_text(item, "owner"), created_at=_moment(item.get("created_at"))),
            )
            for item in deployed
        )
    )


def anthropic_page(request: WireRequest, value: object) -> Page | None:
    items = as_object(value).get("data")
    if not isinstance(items, list):
        return None
    models = [
        _model(
            item,
            "id",
            ("display_name", "created_at"),
            ModelFacts(
                context_length=_count(item, "max_input_tokens"),
                max_output_tokens=_count(item, "max_tokens"),
                created_at=_moment(item.get("created_at")),
            ),
        )
        for item in map(as_object, items)
    ]
    last = as_text(as_object(value).get("last_id"))
    more = as_object(value).get("has_more") is True and last
    query = {"limit": 1000, "after_id": last}
    return Page(_named(models), following(request, query) if more else None)


def gemini_page(request: WireRequest, value: object) -> Page | None:
    """Only what can generate content; the name without its "models/"."""
    if not isinstance(value, dict) or not ("models" in value or value == {}):
        return None
    models = [
        _model(
            {**item, "name": str(item.get("name", "")).removeprefix("models/")},
            "name",
            ("displayName", "inputTokenLimit", "outputTokenLimit"),
            ModelFacts(
                context_length=_count(item, "inputTokenLimit"),
                max_output_tokens=_count(item, "outputTokenLimit"),
            ),
        )
        for item in map(as_object, as_list(value.get("models")))
        if "generateContent" in as_list(item.get("supportedGenerationMethods"))
    ]
    token = as_text(value.get("nextPageToken"))
    query = {"pageSize": 1000, "pageToken": token}
    return Page(_named(models), following(request, query) if token else None)


def cohere_page(request: WireRequest, value: object) -> Page | None:
    items = as_object(value).get("models")
    if not isinstance(items, list):
        return None
    models = [
        _model(
            item,
            "name",
            ("context_length",),
            ModelFacts(context_length=_count(item, "context_length")),
        )
        for item in map(as_object, items)
    ]
    token = as_text(as_object(value).get("next_page_token"))
    query = {"endpoint": "chat", "page_size": 1000, "page_token": token}
    return Page(_named(models), following(request, query) if token else None)


def ollama_page(_: WireRequest, value: object) -> Page | None:
    items = as_object(value).get("models")
    if not isinstance(items, list):
        return None
    flat = [{**as_object(item), **as_object(as_object(item).get("details"))} for item in items]
    kept = ("size", "digest", "family", "parameter_size", "quantization_level")
    return Page(
        _named(
            _model(
                item,
                "name",
                kept,
                ModelFacts(
                    size_bytes=as_whole(item.get("size")),
                    parameters=_text(item, "parameter_size"),
                    quantization=_text(item, "quantization_level"),
                    created_at=_moment(item.get("modified_at")),
                ),
            )
            for item in flat
        )
    )


def lm_studio_page(_: WireRequest, value: object) -> Page | None:
    items = as_object(value).get("data")
    if not isinstance(items, list):
        return None
    return Page(
        _named(
            _model(
                item,
                "id",
                ("type", "arch", "state"),
                ModelFacts(
                    context_length=_count(item, "max_context_length"),
                    quantization=_text(item, "quantization"),
                    owner=_text(item, "publisher"),
                ),
            )
            for item in map(as_object, items)
        )
    )


def xai_page(_: WireRequest, value: object) -> Page | None:
    items = as_object(value).get("models")
    if not isinstance(items, list):
        return None
    return Page(
        _named(
            _model(
                item,
                "id",
                ("created", "owned_by", "aliases"),
                ModelFacts(
                    input_usd_per_million_tokens=_price(
                        item.get("prompt_text_token_price"), 1 / _XAI_UNITS
                    ),
                    output_usd_per_million_tokens=_price(
                        item.get("completion_text_token_price"), 1 / _XAI_UNITS
                    ),
                    owner=_text(item, "owned_by"),
                    created_at=_moment(item.get("created")),
                ),
            )
            for item in map(as_object, items)
        )
    )


def following(request: WireRequest, query: Mapping[str, object]) -> WireRequest:
    """The same list at another place in it."""
    return replace(request, url=f"{request.url.partition('?')[0]}?{urlencode(query)}")


def _model(
    item: JsonObject, name: str, kept: tuple[str, ...], facts: ModelFacts
) -> DiscoveredModel | None:
    """None for an entry without a name."""
    found = as_text(item.get(name))
    if not found:
        return None
    told = {field: item[field] for field in kept if item.get(field) is not None}
    return DiscoveredModel(name=found, metadata=told, facts=facts)


def _named(models: Iterable[DiscoveredModel | None]) -> list[DiscoveredModel]:
    return [model for model in models if model is not None]


def _count(item: JsonObject, *names: str) -> int | None:
    """The first of these that is there."""
    return next((n for name in names if (n := as_count(item.get(name))) is not None), None)


def _text(item: JsonObject, *names: str) -> str | None:
    return next((text for name in names if (text := as_text(item.get(name)))), None)


def _price(told: object, scale: float) -> float | None:
    """Numbers and numerals; a negative one means "it depends"."""
    if isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        price = float(told) * scale
    except (ValueError, OverflowError):
        return None
    # Rounded, or 0.0000025 dollars a token would be 2.4999999999999996 a million.
    return round(price, 6) if 0 <= price < float("inf") else None


def _moment(told: object) -> datetime | None:
    """Seconds since 1970, or ISO 8601; servers that do not know say 0."""
    try:
        if isinstance(told, str):
            moment = datetime.fromisoformat(told)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = as_whole(told)
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None
