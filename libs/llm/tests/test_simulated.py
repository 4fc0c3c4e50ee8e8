"""Every dialect and every fault of the simulator, seen through the whole measurer: what it claims
to show is what is decided, and no clock runs ahead of its schedule."""

import asyncio

import pytest
import pytest_asyncio

from arguslm_contracts.measurement import ProbeProfile, Timeouts
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import ProbeKind
from arguslm_llm.discovery import DiscoveryFailed, discover
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.network import Network
from arguslm_simulator import Behaviour, Fault, Scenario, Simulator

KEY = "sk-simulated-1234"
MODEL = "gpt-4.1-mini"  # one that LiteLLM knows to stream the Responses API
TOKENS, THOUGHTS = 12, 4
TTFT_MS, GAP_MS = 15.0, 1.0
TRUTH = Behaviour(
    ttft_ms=TTFT_MS,
    gap_ms=GAP_MS,
    tokens=TOKENS,
    reasoning_tokens=THOUGHTS,
    stall_after_tokens=6,
)
# What each dialect is called in the catalogue, how its base URL ends and its models' names begin.
ENDPOINTS = {
    "openai": ("custom_openai_compatible", "/v1", ""),
    "openai_responses": ("custom_openai_compatible", "/v1", "responses/"),
    "anthropic": ("anthropic", "", ""),
    "gemini": ("google_ai_studio", "/v1beta", ""),
    "cohere": ("cohere", "", ""),
    "ollama": ("ollama", "", ""),
    "bedrock": ("aws_bedrock", "", ""),
}
PATIENT = ProbeProfile(prompt="Say a word.", max_tokens=256)
# A token that never comes costs the test as long as this.
HASTY = PATIENT.model_copy(
    update={"timeouts": Timeouts(headers_s=1, first_token_s=1.5, gap_s=1, total_s=30)}
)
# These are waited for side by side, each with a model of its own.
WAITED_FOR = {
    Fault.HANG_HEADERS: "gpt-4.1",
    Fault.SLOW_HEADERS: "gpt-4.1-nano",
    Fault.SLOW_FIRST_TOKEN: "gpt-4o",
    Fault.STALL: "gpt-4o-mini",
}
SHOWS = {
    Fault.NONE: Outcome.OK,
    Fault.HTTP_500: Outcome.SERVER_ERROR,
    Fault.HTTP_503: Outcome.OVERLOADED,
    Fault.HTTP_429: Outcome.RATE_LIMITED,
    Fault.HTTP_401: Outcome.AUTH,
    Fault.QUOTA: Outcome.QUOTA_EXHAUSTED,
    Fault.EMPTY: Outcome.EMPTY,
    Fault.ERROR_IN_STREAM: Outcome.ERROR_IN_STREAM,
    Fault.STALL: Outcome.STALLED,
    Fault.DISCONNECT: Outcome.DISCONNECTED,
    Fault.HANG_HEADERS: Outcome.TIMEOUT_HEADERS,
    Fault.INVALID_STREAM: Outcome.INVALID_STREAM,
    Fault.TRUNCATED: Outcome.TRUNCATED,
    Fault.EARLY_END: Outcome.DISCONNECTED,
    Fault.BAD_REQUEST: Outcome.BAD_REQUEST,
    Fault.UNSUPPORTED: Outcome.UNSUPPORTED,
    Fault.MODEL_GONE: Outcome.MODEL_GONE,
    Fault.REGION_BLOCKED: Outcome.REGION_BLOCKED,
    Fault.CONTENT_FILTER: Outcome.CONTENT_FILTERED,
    Fault.SLOW_HEADERS: Outcome.TIMEOUT_HEADERS,
    Fault.SLOW_FIRST_TOKEN: Outcome.TIMEOUT_FIRST_TOKEN,
}
# What a vendor never shows is answered with a 501 that says so; Anthropic's "Request not allowed"
# could be a key's fault as well.
INSTEAD = {
    ("anthropic", Fault.REGION_BLOCKED): Outcome.AUTH,
    ("bedrock", Fault.REGION_BLOCKED): Outcome.UNSUPPORTED,
    ("cohere", Fault.REGION_BLOCKED): Outcome.UNSUPPORTED,
    ("ollama", Fault.REGION_BLOCKED): Outcome.UNSUPPORTED,
    ("ollama", Fault.CONTENT_FILTER): Outcome.UNSUPPORTED,
    ("ollama", Fault.QUOTA): Outcome.UNSUPPORTED,
}

pytestmark = pytest.mark.asyncio(loop_scope="session")


def endpoint(dialect: str, simulator: Simulator, *, model: str = MODEL, key: str = KEY) -> Endpoint:
    kind, path, prefix = ENDPOINTS[dialect]
    credentials, settings = {"api_key": key}, {}
    if dialect == "bedrock":
        credentials = {"aws_access_key_id": key, "aws_secret_access_key": "never-checked"}
        settings = {"region": "us-east-1"}
    return Endpoint(kind, f"{simulator.url}{path}", settings, credentials, prefix + model)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def simulator():
    async with Simulator(Scenario({MODEL: TRUTH}), KEY) as running:
        yield running


@pytest.fixture(params=ENDPOINTS)
def dialect(request) -> str:
    return request.param


async def test_every_fault_is_seen_as_what_it_is(dialect, simulator, measurer) -> None:

    async def seen(fault: Fault, model: str, profile: ProbeProfile) -> None:
        # Headers that come at once tell a slow first token from slow headers.
        headers_ms = 0 if fault is Fault.SLOW_FIRST_TOKEN else None
        simulator.add(model, TRUTH.changed({"fault": fault, "headers_ms": headers_ms}))
        target = endpoint(dialect, simulator, model=model)
        measured = await measurer.measure(target, profile)
        expected = INSTEAD.get((dialect, fault), SHOWS[fault])
        assert measured.outcome is expected, (fault, measured.evidence)

    for fault in SHOWS.keys() - WAITED_FOR.keys():
        await seen(fault, MODEL, PATIENT)
    await asyncio.gather(*(seen(fault, model, HASTY) for fault, model in WAITED_FOR.items()))
    assert SHOWS.keys() == set(Fault) - {Fault.ANY}


async def test_no_clock_is_ahead_of_the_schedule(dialect, simulator, measurer) -> None:
    simulator.add(MODEL, TRUTH)
    measured = await measurer.measure(endpoint(dialect, simulator), PATIENT)
    timing, usage = measured.timing, measured.usage
    assert measured.outcome is Outcome.OK
    assert timing.streamed
    assert timing.first_token_ms >= TTFT_MS
    assert timing.first_answer_token_ms >= TTFT_MS + THOUGHTS * GAP_MS
    assert timing.last_token_ms >= TTFT_MS + (THOUGHTS + TOKENS - 1) * GAP_MS
    assert usage.output_tokens == THOUGHTS + TOKENS
    assert usage.source == "reported"
    assert measured.evidence.answer_preview.split()[0] == "omega", "the word of token 4"
    assert measured.evidence.provider_request_id


async def test_a_wrong_key_is_refused_in_the_vendors_words(dialect, simulator, measurer) -> None:
    simulator.add(MODEL, TRUTH)
    before = simulator.stats().requests
    measured = await measurer.measure(endpoint(dialect, simulator, key="sk-wrong"), PATIENT)
    assert measured.outcome is Outcome.AUTH
    assert simulator.stats().requests == before


LISTS = ("openai", "anthropic", "gemini", "cohere", "ollama", "bedrock")


async def test_models_are_listed_page_by_page() -> None:
    names = [f"m{number}" for number in range(2_100)]
    async with Simulator(Scenario(dict.fromkeys(names, TRUTH)), KEY) as simulator:
        for dialect in LISTS:
            found = await discover(endpoint(dialect, simulator), network=Network())
            assert [model.name for model in found.models] == names, dialect
            with pytest.raises(DiscoveryFailed) as caught:
                await discover(endpoint(dialect, simulator, key="no"), network=Network())
            assert caught.value.outcome is Outcome.AUTH, dialect


async def test_doors_that_do_not_open(measurer, simulator) -> None:
    """A port that refuses, and TLS that is spoken to nobody."""
    for url, outcome in (
        (simulator.refused_url, Outcome.REFUSED),
        (simulator.url.replace("http:", "https:"), Outcome.TLS),
    ):
        target = Endpoint("vllm", base_url=f"{url}/v1", model=MODEL)
        assert (await measurer.measure(target, PATIENT)).outcome is outcome


# Models of which LiteLLM knows how a schema is asked for: by a field of its own, or by a tool.
FORMED = [
    ("openai", MODEL),
    ("openai", "unheard-of"),
    ("openai_responses", MODEL),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-3-5-haiku-latest"),
    ("gemini", "gemini-2.5-flash"),
    ("cohere", "command-a-03-2025"),
    ("ollama", MODEL),
    ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("bedrock", "amazon.nova-lite-v1:0"),
]
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "rivers": {"type": "integer"}},
    "required": ["city", "rivers"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("kind", [ProbeKind.CANARY, ProbeKind.JSON_SCHEMA, ProbeKind.TOOL_CALL])
@pytest.mark.parametrize("obliges", [True, False])
@pytest.mark.parametrize(("dialect", "model"), FORMED)
async def test_a_kind_of_probe_is_asked_for_in_the_vendors_words(
    dialect, model, obliges, kind, simulator, measurer
) -> None:
    simulator.add(model, Behaviour(ttft_ms=0, gap_ms=0, tokens=40, obliges=obliges))
    profile = ProbeProfile(
        prompt="Say QX-17.",
        max_tokens=256,
        kind=kind,
        expected_answer="QX-17",
        answer_schema=CITY,
    )
    measured = await measurer.measure(endpoint(dialect, simulator, model=model), profile)
    assert measured.outcome is Outcome.OK, measured.evidence
    assert bool(measured.findings) is not obliges, measured.findings
    assert measured.evidence.answer_preview or kind is ProbeKind.TOOL_CALL


@pytest.mark.parametrize(("dialect", "model"), FORMED)
async def test_a_json_mode_that_a_vendor_has_not_is_not_asked_for(
    dialect, model, simulator, measurer
) -> None:
    simulator.add(model, Behaviour(ttft_ms=0, gap_ms=0, tokens=40, obliges=True))
    asked = simulator.stats().requests.get(model, 0)
    profile = ProbeProfile(prompt="Say it.", max_tokens=256, kind=ProbeKind.JSON_MODE)
    measured = await measurer.measure(endpoint(dialect, simulator, model=model), profile)
    has_none = dialect in ("anthropic", "bedrock")
    assert measured.outcome is (Outcome.UNSUPPORTED if has_none else Outcome.OK)
    assert not measured.findings
    assert simulator.stats().requests.get(model, 0) - asked == (0 if has_none else 1)


@pytest.mark.parametrize(
    ("dialect", "model"),
    [
        ("openai", "text-embedding-3-small"),
        ("gemini", "gemini-embedding-001"),
        ("cohere", "embed-v4.0"),
        ("ollama", "nomic-embed-text"),
        ("bedrock", "amazon.titan-embed-text-v2:0"),
        ("bedrock", "cohere.embed-v4:0"),
    ],
)
async def test_a_vector_is_asked_for_in_the_vendors_words(
    dialect, model, simulator, measurer
) -> None:
    simulator.add(model, Behaviour(ttft_ms=0, dimensions=8))
    target = endpoint(dialect, simulator, model=model)
    profile = ProbeProfile(prompt="The harbour.", kind=ProbeKind.EMBEDDING)
    measured = await measurer.measure(target, profile)
    assert measured.outcome is Outcome.OK, measured.evidence
    assert measured.embedding.seen.dimension == 8
    wrong = endpoint(dialect, simulator, model=model, key="sk-wrong")
    assert (await measurer.measure(wrong, profile)).outcome is Outcome.AUTH
