"""What LiteLLM is made to build: the right place, the right key, and nothing sent meanwhile."""

import socket
from urllib.parse import urlsplit

import orjson
import pytest

from arguslm_contracts.measurement import ProbeProfile
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.probes import ProbeKind
from arguslm_llm.cannot_build import CannotBuild
from arguslm_llm.catalogue import provider_types
from arguslm_llm.decoders import Dialect
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.litellm_arguments import NO_KEY
from arguslm_llm.probe_forms import FORMED
from arguslm_llm.request import RequestBuilder

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "planted-key-0a1b2c3d4e5f"
PROBE = ProbeProfile(prompt="hi", max_tokens=9)
CARRIED = [t for t, p in provider_types().items() if p.spec.route == "captured"]
AT_HOME = [t for t in CARRIED if provider_types()[t].spec.default_base_url]
MODELS = {"azure_ai": "some-model", "clarifai": "user.app.model"}
NAMES = [
    "gpt-4.1",
    "gpt-5-mini",
    "o3",
    "llama3:8b",
    "meta-llama/Llama-3-70b",
    "openai/gpt-oss-20b",
    "nobody/has-heard-of:this@v1",
]


@pytest.fixture(scope="session")
def builder(measurer):
    return RequestBuilder(measurer._litellm)


@pytest.fixture
def sealed(monkeypatch):
    """Every connection and look-up from now on is an error that is also remembered."""
    tried: list[str] = []

    def refuse(*args, **_):
        tried.append(repr(args[-1] if len(args) > 1 else args))
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried


def sent_key(built):
    return [name for name, value in built.request.headers if KEY in value]


@pytest.mark.parametrize("type_id", AT_HOME)
async def test_a_key_goes_to_its_own_vendor_and_nothing_is_sent(
    builder, sealed, type_id, monkeypatch
):
    """Also when the environment tempts with other addresses and other people's keys."""
    for prefix in ("OPENAI", type_id.upper(), "ANTHROPIC", "GEMINI", "DEEPSEEK"):
        monkeypatch.setenv(f"{prefix}_API_BASE", "https://attacker.example/v1")
        monkeypatch.setenv(f"{prefix}_BASE_URL", "https://attacker.example/v1")
        monkeypatch.setenv(f"{prefix}_API_KEY", "somebody-elses-key")
    provider = provider_types()[type_id]
    target = Endpoint(
        type_id, credentials={"api_key": KEY}, model=MODELS.get(type_id, "some-model")
    )
    built = await builder.build(target, PROBE)
    home = urlsplit(provider.spec.default_base_url)
    there = urlsplit(built.request.url)
    assert (there.scheme, there.netloc) == (home.scheme, home.netloc)
    assert len(sent_key(built)) == 1
    assert KEY not in built.request.url
    assert "somebody-elses-key" not in str(built.request.headers)
    assert b"litellm" not in built.request.encoded().lower()
    assert sealed == []


@pytest.mark.parametrize("type_id", AT_HOME)
async def test_without_a_key_no_other_key_is_sent(builder, sealed, type_id, monkeypatch):
    for prefix in ("OPENAI", "ANTHROPIC", "GEMINI", type_id.upper()):
        monkeypatch.setenv(f"{prefix}_API_KEY", "somebody-elses-key")
    target = Endpoint(type_id, model=MODELS.get(type_id, "some-model"))
    built = await builder.build(target, PROBE)
    everything = f"{built.request.url} {built.request.headers} {built.request.body!r}"
    assert "somebody-elses-key" not in everything
    assert NO_KEY not in everything
    assert sealed == []


@pytest.mark.parametrize("type_id", AT_HOME)
async def test_a_base_url_is_where_it_goes(builder, sealed, type_id):
    target = Endpoint(
        type_id,
        base_url="http://gateway.test:8443/v1",
        credentials={"api_key": KEY},
        model=MODELS.get(type_id, "some-model"),
    )
    built = await builder.build(target, PROBE)
    assert urlsplit(built.request.url).netloc == "gateway.test:8443"
    assert sealed == []


@pytest.mark.parametrize("type_id", AT_HOME)
async def test_a_form_is_asked_for_or_refused_and_never_left_out(builder, sealed, type_id):
    """Of a model that LiteLLM has not heard of."""
    target = Endpoint(
        type_id, credentials={"api_key": KEY}, model=MODELS.get(type_id, "some-model")
    )
    plain = await builder.build(target, PROBE)
    refusals = set()
    for kind in FORMED:
        profile = PROBE.model_copy(update={"kind": kind, "answer_schema": {"type": "object"}})
        try:
            built = await builder.build(target, profile)
        except CannotBuild as refusal:
            refusals.add(refusal.outcome)
            continue
        assert (built.request.url, built.dialect) == (plain.request.url, plain.dialect)
        assert orjson.loads(built.request.body) != orjson.loads(plain.request.body), kind
    assert refusals <= {Outcome.UNSUPPORTED}
    assert sealed == []


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (ProbeKind.JSON_MODE, "response_format"),
        (ProbeKind.JSON_SCHEMA, "response_format"),
        (ProbeKind.TOOL_CALL, "tools"),
    ],
)
@pytest.mark.parametrize("type_id", ["perplexity", "sambanova", "featherless_ai", "poe", "v0"])
async def test_what_litellm_has_not_heard_of_is_asked_for_in_openais_words(
    builder, sealed, type_id, kind, field
):
    target = Endpoint(type_id, credentials={"api_key": KEY}, model="some-model")
    profile = PROBE.model_copy(update={"kind": kind, "answer_schema": {"type": "object"}})
    built = await builder.build(target, profile)
    assert field in orjson.loads(built.request.body)


@pytest.mark.parametrize("type_id", ["openai", "custom_openai_compatible", "vllm", "openrouter"])
@pytest.mark.parametrize("name", NAMES)
async def test_every_model_name_reaches_the_provider_as_it_is(builder, sealed, type_id, name):
    target = Endpoint(
        type_id, base_url="http://gateway.test/v1", credentials={"api_key": KEY}, model=name
    )
    built = await builder.build(target, PROBE)
    assert built.dialect is Dialect.OPENAI
    assert orjson.loads(built.request.body)["model"] == name


@pytest.mark.parametrize(
    ("type_id", "dialect"),
    [
        ("openai", Dialect.OPENAI),
        ("anthropic", Dialect.ANTHROPIC),
        ("google_ai_studio", Dialect.GEMINI),
        ("ollama", Dialect.OLLAMA),
        ("cohere", Dialect.COHERE),
        ("groq", Dialect.OPENAI),
    ],
)
async def test_the_dialect_follows_from_the_address(builder, sealed, type_id, dialect):
    built = await builder.build(Endpoint(type_id, credentials={"api_key": KEY}, model="m"), PROBE)
    assert built.dialect is dialect


async def test_openai_models_that_only_speak_responses_are_asked_so(builder, sealed):
    target = Endpoint("openai", credentials={"api_key": KEY}, model="o1-pro")
    built = await builder.build(target, PROBE)
    assert built.dialect is Dialect.OPENAI_RESPONSES


async def test_azure_asks_the_deployment(builder, sealed):
    target = Endpoint(
        "azure_openai",
        base_url="https://mine.openai.azure.com",
        credentials={"api_key": KEY},
        settings={"api_version": "2025-01-01"},
        model="my-deployment",
    )
    built = await builder.build(target, PROBE)
    assert built.request.url == (
        "https://mine.openai.azure.com/openai/deployments/my-deployment/chat/completions"
        "?api-version=2025-01-01"
    )
    assert sent_key(built) == ["api-key"]


@pytest.mark.parametrize(
    ("base_url", "given", "asked"),
    [
        (
            "https://mine.services.ai.azure.com",
            {},
            "/models/chat/completions?api-version=2024-05-01-preview",
        ),
        (
            "https://mine.services.ai.azure.com",
            {"api_version": "2025-09-01"},
            "/models/chat/completions?api-version=2025-09-01",
        ),
        ("https://llama.eastus.models.ai.azure.com/v1", {}, "/v1/chat/completions"),
    ],
)
async def test_foundry_takes_a_version_and_a_model_of_its_own_none(
    builder, sealed, base_url, given, asked
):
    target = Endpoint("azure_ai", base_url, given, {"api_key": KEY}, "llama")
    built = await builder.build(target, PROBE)
    assert built.request.url.partition("azure.com")[2] == asked


async def test_bedrock_is_signed_for_its_region_and_not_kept(builder, sealed):
    target = Endpoint(
        "aws_bedrock",
        settings={"region": "eu-central-1"},
        credentials={"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": KEY},
        model="anthropic.claude-x:1",
    )
    built = await builder.build(target, PROBE)
    headers = {name.lower(): value for name, value in built.request.headers}
    assert built.dialect is Dialect.BEDROCK
    assert urlsplit(built.request.url).hostname == "bedrock-runtime.eu-central-1.amazonaws.com"
    assert "AKIAEXAMPLE/" in headers["authorization"]
    assert "/eu-central-1/bedrock/aws4_request" in headers["authorization"]
    assert sent_key(built) == []
    assert await builder.build(target, PROBE) is not built


@pytest.mark.parametrize(
    ("credentials", "sent"),
    [
        ({"bedrock_api_key": KEY}, f"Bearer {KEY}"),
        ({"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": KEY}, "AKIAEXAMPLE/"),
        ({}, "no authorization"),
    ],
)
async def test_bedrock_is_never_asked_with_the_keys_of_the_machine(
    builder, sealed, monkeypatch, credentials, sent
):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "token-of-the-machine")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id-of-the-machine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-machine")
    target = Endpoint(
        "aws_bedrock",
        settings={"region": "eu-central-1"},
        credentials=credentials,
        model="anthropic.claude-x:1",
    )
    built = await builder.build(target, PROBE)
    headers = {name.lower(): value for name, value in built.request.headers}
    assert sent in headers.get("authorization", "no authorization")
    assert "of-the-machine" not in str(headers)


async def test_organization_and_project_are_sent_when_given_and_only_then(
    builder, sealed, monkeypatch
):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-machine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-the-machine")
    credentials = {"api_key": KEY}
    plain = await builder.build(Endpoint("openai", credentials=credentials, model="m1"), PROBE)
    assert "of-the-machine" not in str(plain.request.headers)
    given = Endpoint(
        "openai",
        credentials=credentials,
        settings={"organization_id": "org-1", "project_id": "proj-1"},
        model="m1",
    )
    headers = {n.lower(): v for n, v in (await builder.build(given, PROBE)).request.headers}
    assert headers["openai-organization"] == "org-1"
    assert headers["openai-project"] == "proj-1"


async def test_the_same_question_is_built_once(builder, sealed):
    target = Endpoint("openai", credentials={"api_key": KEY}, model="kept")
    first = await builder.build(target, PROBE)
    assert await builder.build(target, PROBE) is first
    other_key = Endpoint("openai", credentials={"api_key": "another-key-123"}, model="kept")
    assert await builder.build(other_key, PROBE) is not first


async def test_a_type_without_an_address_needs_one(builder, sealed):
    target = Endpoint("custom_openai_compatible", credentials={"api_key": KEY}, model="m")
    with pytest.raises(CannotBuild) as refusal:
        await builder.build(target, PROBE)
    assert refusal.value.outcome is Outcome.BAD_REQUEST


async def test_a_proxy_in_the_environment_is_no_way_around(builder, sealed, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    target = Endpoint("xai", credentials={"api_key": "fresh-" + KEY}, model="m")
    built = await builder.build(target, PROBE)
    assert urlsplit(built.request.url).hostname == "api.x.ai"
    assert sealed == []
