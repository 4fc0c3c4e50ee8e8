"""Prices of the models people use against LiteLLM's own calculator, and what has none."""

import orjson
import pytest

from arguslm_contracts.measurement import Price, ProbeProfile, Timeouts
from arguslm_llm.decoders import Dialect, decode
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.prices import PriceMap

pytestmark = pytest.mark.asyncio(loop_scope="session")

GIVEN = Price(
    input_usd_per_million_tokens=2,
    output_usd_per_million_tokens=8,
    cached_input_usd_per_million_tokens=0.5,
)
# Our type, LiteLLM's vendor, and what LiteLLM's map puts before the vendor's own model names.
VENDORS = [
    ("openai", "openai", ""),
    ("anthropic", "anthropic", ""),
    ("google_ai_studio", "gemini", "gemini/"),
    ("google_vertex", "vertex_ai-language-models", ""),
    ("aws_bedrock", "bedrock_converse", ""),
    ("azure_openai", "azure", "azure/"),
    ("deepseek", "deepseek", "deepseek/"),
    ("mistral", "mistral", "mistral/"),
    ("xai", "xai", "xai/"),
    ("cohere", "cohere_chat", ""),
    ("text-completion-openai", "text-completion-openai", ""),
]


def answer(reply, usage):
    body = {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}], "usage": usage}
    return reply([(0.0, orjson.dumps(body))], content_type="application/json")


def own_server(server, **fields):
    fields = {"model": "llama3", "base_url": server.base_url, "price": GIVEN} | fields
    return Endpoint("custom_openai_compatible", **fields)


@pytest.mark.parametrize(("provider_type", "vendor", "prefix"), VENDORS)
async def test_a_vendors_models_cost_what_litellm_says(measurer, provider_type, vendor, prefix):
    litellm, compared = measurer._litellm.litellm, 0
    for key, entry in litellm.model_cost.items():
        model = key.removeprefix(prefix)
        own = entry.get("litellm_provider") == vendor and prefix + model == key
        price = measurer.price_of(Endpoint(provider_type, model=model)) if own else None
        if price is None:
            continue
        if "off_peak_pricing" in entry:  # theirs depends on the hour
            continue
        family = vendor.split("-language")[0].removesuffix("_converse")
        per_thousand = litellm.cost_per_token(model, 1000, 1000, custom_llm_provider=family)
        ours = (price.input_usd_per_million_tokens, price.output_usd_per_million_tokens)
        assert ours == pytest.approx([usd * 1000 for usd in per_thousand]), key
        compared += 1
    assert compared > 0


@pytest.mark.parametrize(
    "endpoint",
    [
        Endpoint("openai", base_url="http://localhost:9/v1", model="gpt-4.1"),
        Endpoint("custom_openai_compatible", base_url="http://localhost:9/v1", model="gpt-4.1"),
        Endpoint("ollama", model="llama3"),
        Endpoint("vllm", model="gpt-4.1"),
        Endpoint("aws_bedrock", base_url="http://localhost:9", model="amazon.nova-lite-v1:0"),
        Endpoint("openai", model="claude-sonnet-4-5"),
        Endpoint("azure_openai", base_url="https://a.openai.azure.com", model="our-deployment"),
        Endpoint("no such type", model="gpt-4.1"),
        Endpoint("openai"),
    ],
    ids=lambda one: f"{one.provider_type} {one.model}",
)
async def test_what_nobody_has_a_price_for_has_none(measurer, endpoint):
    assert measurer.price_of(endpoint) is None


@pytest.mark.parametrize(
    ("endpoint", "usd"),
    [
        (Endpoint("openai", model="text-embedding-3-small"), (0.02, 0)),
        (Endpoint("aws_bedrock", model="amazon.titan-embed-text-v2:0"), (0.02, 0)),
        (
            Endpoint(
                "aws_bedrock",
                base_url="https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com",
                model="amazon.nova-lite-v1:0",
            ),
            (0.06, 0.24),
        ),
    ],
)
async def test_vectors_and_a_vendors_private_door_cost_what_they_cost(measurer, endpoint, usd):
    price = measurer.price_of(endpoint)
    assert (price.input_usd_per_million_tokens, price.output_usd_per_million_tokens) == usd


async def test_nothing_for_nothing_is_no_price_and_long_inputs_cost_more():
    entries = {
        "gpt-free": {"mode": "chat", "litellm_provider": "openai"}
        | {"input_cost_per_token": 0, "output_cost_per_token": 0.0},
        "gpt-long": {"mode": "chat", "litellm_provider": "openai"}
        | {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}
        | {"input_cost_per_token_above_200k_tokens": 3e-6}
        | {"output_cost_per_token_above_200k_tokens": 4e-6},
    }
    prices = PriceMap(entries)
    assert prices.price_of(Endpoint("openai", model="gpt-free")) is None
    for input_tokens, usd in ((200_000, (1, 2)), (200_001, (3, 4))):
        price = prices.price_of(Endpoint("openai", model="gpt-long"), input_tokens)
        assert (price.input_usd_per_million_tokens, price.output_usd_per_million_tokens) == usd


async def test_a_measurement_says_what_it_cost(measurer, serve, reply):
    server = await serve(
        answer(
            reply,
            {
                "prompt_tokens": 1000,
                "completion_tokens": 100,
                "prompt_tokens_details": {"cached_tokens": 400},
            },
        ),
        reply([(0.0, b'{"error": {"message": "slow down"}}')], status=429),
        answer(reply, None),
    )
    endpoint, profile = own_server(server), ProbeProfile(prompt="hi")
    cost = (await measurer.measure(endpoint, profile)).cost
    assert cost.usd == pytest.approx((600 * 2 + 400 * 0.5 + 100 * 8) / 1e6)
    assert (cost.unpriced, cost.price) == (None, GIVEN)
    assert (await measurer.measure(endpoint, profile)).cost.usd == 0
    untold = (await measurer.measure(endpoint, profile)).cost
    assert (untold.usd, untold.unpriced) == (None, "no_usage")
    nobody_knows = (await measurer.measure(own_server(server, price=None), profile)).cost
    assert (nobody_knows.usd, nobody_knows.unpriced) == (None, "no_price")


async def test_what_broke_off_may_be_on_the_bill_and_what_never_left_is_not(measurer, serve, reply):
    server = await serve(reply([], head_after_s=5))
    hurried = ProbeProfile(prompt="hi", timeouts=Timeouts(headers_s=0.05))
    cost = (await measurer.measure(own_server(server), hurried)).cost
    assert (cost.usd, cost.unpriced) == (None, "no_usage")
    closed = own_server(server, base_url="http://127.0.0.1:9/v1")
    assert (await measurer.measure(closed, hurried)).cost.usd == 0
    assert (await measurer.measure(own_server(server, model=""), hurried)).cost is None


async def test_a_probe_costs_at_most_its_bytes_and_its_token_budget():
    most = GIVEN.at_most(ProbeProfile(prompt="Grüß dich", max_tokens=100))
    assert most == pytest.approx(((11 + 200) * 2 + 100 * 8) / 1e6)


@pytest.mark.parametrize(
    ("usage", "output", "cached"),
    [
        # xAI counts reasoning beside the completion, everybody else within it.
        ({"completion_tokens": 5, "total_tokens": 25}, 15, None),
        ({"completion_tokens": 15, "total_tokens": 25}, 15, None),
        ({"completion_tokens": 5, "total_tokens": 15}, 5, None),
        ({"completion_tokens": 5, "prompt_cache_hit_tokens": 3}, 5, 3),
        ({"completion_tokens": 5, "cached_tokens": 4}, 5, 4),
    ],
)
async def test_every_vendors_counts_mean_the_same(usage, output, cached):
    told = {"prompt_tokens": 10, "completion_tokens_details": {"reasoning_tokens": 10}} | usage
    seen = decode(Dialect.OPENAI, [(1, orjson.dumps({"choices": [], "usage": told}))]).usage
    assert (seen.output_tokens, seen.cached_tokens) == (output, cached)
