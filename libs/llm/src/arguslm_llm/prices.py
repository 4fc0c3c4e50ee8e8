"""What a token costs at an endpoint: as it was told to us, else as LiteLLM's price map has it.

A price of the map is a vendor's: it holds at that vendor's own address and nowhere else. Where a
vendor has cheaper hours, it is the price outside of them.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

from arguslm_contracts.measurement import Cost, Measurement, Price
from arguslm_llm.catalogue import (
    ProviderType,
    crosses_home,
    is_within,
    litellm_model_name,
    provider_types,
)
from arguslm_llm.endpoint import Endpoint

# The modes of the map whose models are asked; a vector costs its input alone.
_EMBEDS = "embedding"
_ASKED = ("chat", "completion", "responses", _EMBEDS)
_TIER = re.compile(r"input_cost_per_token(_above_(\d+)k_tokens)")


class PriceMap:
    """`entries` are LiteLLM's: model name -> prices in US dollars per token, and much else."""

    def __init__(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        self._entries = entries

    def price_of(self, endpoint: Endpoint, input_tokens: int = 0) -> Price | None:
        """The price of a request with so many input tokens, for some cost more from a length on;
        None where nobody knows one.

        An entry that asks nothing for anything says of a free tier or of no price that it is 0,
        and is no price.
        """
        if endpoint.price is not None:
            return endpoint.price
        entry = self._entry(endpoint)
        if entry is None:
            return None
        tier = _tier(entry, input_tokens)
        input_price = _per_million(entry, f"input_cost_per_token{tier}")
        output_price = _per_million(entry, f"output_cost_per_token{tier}")
        if output_price is None and entry.get("mode") == _EMBEDS:
            output_price = 0.0
        if input_price is None or output_price is None or input_price + output_price == 0:
            return None
        return Price(
            input_usd_per_million_tokens=input_price,
            output_usd_per_million_tokens=output_price,
            cached_input_usd_per_million_tokens=_per_million(
                entry, f"cache_read_input_token_cost{tier}"
            ),
            reasoning_usd_per_million_tokens=_per_million(
                entry, f"output_cost_per_reasoning_token{tier}"
            ),
            source=_source(),
        )

    def _entry(self, endpoint: Endpoint) -> Mapping[str, Any] | None:
        provider = provider_types().get(endpoint.provider_type)
        if provider is None or not _at_its_vendors(endpoint, provider):
            return None
        vendor = _vendor(provider.litellm)
        for name in _names(endpoint, vendor):
            entry = self._entries.get(name, {})
            sells = _vendor(entry.get("litellm_provider") or "") == vendor
            if sells and entry.get("mode") in _ASKED:
                return entry
        return None


def cost_of(measurement: Measurement, price: Price | None) -> Cost:
    """What a request that was measured cost at this price."""
    if price is None:
        return Cost(unpriced="no_price")
    usd = price.of(measurement.usage)
    if usd is None and _not_billed(measurement):
        usd = 0.0
    return Cost(usd=usd, unpriced="no_usage" if usd is None else None, price=price)


def _not_billed(measurement: Measurement) -> bool:
    """It never reached the provider, or was refused; one that broke off may be on the bill."""
    status = measurement.evidence.http_status
    unsent = measurement.timing.total_ms is None and status is None
    return unsent or (status is not None and status >= 300)


def _at_its_vendors(endpoint: Endpoint, provider: ProviderType) -> bool:
    """OpenAI's protocol at an address that somebody gave is anybody's server."""
    if provider.base_url == "required":
        return provider.litellm != "openai"
    if endpoint.base_url and is_within(endpoint.base_url, provider.hosts):
        return True
    return not crosses_home(endpoint.provider_type, endpoint.base_url, None)


def _names(endpoint: Endpoint, vendor: str) -> Iterator[str]:
    """The names under which the map may have a model, the most telling first."""
    model, region = endpoint.model or "", endpoint.settings.get("region")
    if region is not None:
        yield f"{vendor}/{region}/{model}"
    yield litellm_model_name(endpoint.provider_type, model)
    yield f"{vendor}/{model}"
    yield model


def _vendor(litellm_provider: str) -> str:
    """Whose it is, of names such as `bedrock_converse`, `vertex_ai-language-models`."""
    name = litellm_provider.removeprefix("text-completion-").partition("/")[0].partition("-")[0]
    for kind in ("_chat", "_text", "_beta", "_converse"):
        name = name.removesuffix(kind)
    return name


def _tier(entry: Mapping[str, Any], input_tokens: int) -> str:
    """The ending of the names of the prices that hold for so long an input."""
    tiers = [(int(found[2]) * 1000, found[1]) for name in entry if (found := _TIER.fullmatch(name))]
    return max(((at, tier) for at, tier in tiers if input_tokens > at), default=(0, ""))[1]


def _per_million(entry: Mapping[str, Any], name: str) -> float | None:
    usd_per_token = entry.get(name)
    return round(usd_per_token * 1e6, 9) if isinstance(usd_per_token, int | float) else None


@cache
def _source() -> str:
    return f"litellm {version('litellm')}"
