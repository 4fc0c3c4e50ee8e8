"""What servers say they serve; a dead or refusing one is never "no models"."""

import json
from datetime import UTC, datetime

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from arguslm_contracts.model_facts import ModelFacts
from arguslm_contracts.outcomes import Outcome
from arguslm_egress.policy import EgressPolicy
from arguslm_llm.discovery import DiscoveryFailed, discover
from arguslm_llm.endpoint import Endpoint
from arguslm_llm.network import Network

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEY = "planted-key-0a1b2c3d"
ANYWHERE = Network()


def page(reply, value, **fields):
    return reply([(0.0, orjson.dumps(value))], content_type="application/json", **fields)


def endpoint(type_id, server, **fields):
    root = f"http://127.0.0.1:{server.port}"
    return Endpoint(type_id, base_url=root, credentials={"api_key": KEY}, **fields)


async def listed(endpoint_):
    """The models of a list that was read to its end."""
    found = await discover(endpoint_, network=ANYWHERE)
    assert found.complete
    return found.models


async def names(endpoint_):
    return [model.name for model in await listed(endpoint_)]


async def test_openai_style(serve, reply):
    models = [{"id": "gpt-4.1", "owned_by": "me"}, {"id": "meta-llama/x:free"}, {"no": "id"}]
    server = await serve(page(reply, {"object": "list", "data": models}))
    found = await listed(endpoint("custom_openai_compatible", server))
    assert [model.name for model in found] == ["gpt-4.1", "meta-llama/x:free"]
    assert found[0].metadata == {"owned_by": "me"}
    [request] = server.received
    assert request.target == "/models"
    assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_a_bare_list(serve, reply):
    server = await serve(page(reply, [{"id": "a"}, {"id": "b"}, {"id": "a"}]))
    assert await names(endpoint("together_ai", server)) == ["a", "b"]


async def test_anthropic_page_by_page(serve, reply):
    server = await serve(
        page(reply, {"data": [{"id": "c1"}], "has_more": True, "last_id": "c1"}),
        page(reply, {"data": [{"id": "c2"}], "has_more": False, "last_id": "c2"}),
    )
    assert await names(endpoint("anthropic", server)) == ["c1", "c2"]
    assert server.received[0].headers["x-api-key"] == KEY
    assert [r.target for r in server.received] == [
        "/v1/models?limit=1000",
        "/v1/models?limit=1000&after_id=c1",
    ]


async def test_gemini_page_by_page_and_only_what_generates(serve, reply):
    def model(name, *methods):
        return {"name": f"models/{name}", "supportedGenerationMethods": list(methods)}

    first = {"models": [model("g1", "generateContent"), model("e1", "embedContent")]}
    server = await serve(
        page(reply, {**first, "nextPageToken": "t/2"}),
        page(reply, {"models": [model("g2", "generateContent", "countTokens")]}),
    )
    assert await names(endpoint("google_ai_studio", server)) == ["g1", "g2"]
    assert server.received[0].headers["x-goog-api-key"] == KEY
    assert server.received[1].target == "/models?pageSize=1000&pageToken=t%2F2"
    assert KEY not in server.received[1].target


async def test_ollama_with_its_details(serve, reply):
    details = {"family": "llama", "parameter_size": "8B", "quantization_level": "Q4_0"}
    models = [{"name": "llama3:8b", "size": 40_000_000_000, "digest": "d", "details": details}]
    server = await serve(page(reply, {"models": models}))
    [model] = await listed(endpoint("ollama", server))
    assert model.name == "llama3:8b"
    assert model.metadata == {"size": 40_000_000_000, "digest": "d", **details}
    assert model.facts == ModelFacts(
        size_bytes=40_000_000_000, parameters="8B", quantization="Q4_0"
    )
    assert server.received[0].target == "/api/tags"


async def test_azure_lists_what_is_deployed(serve, reply):
    deployments = [
        {"id": "chat", "model": "gpt-4.1", "status": "succeeded", "owner": "organization-owner"},
        {"id": "not-yet", "model": "o3", "status": "running"},
    ]
    server = await serve(page(reply, {"data": deployments, "object": "list"}))
    target = endpoint("azure_openai", server, settings={"api_version": "2030-01-01"})
    [model] = await listed(target)
    assert (model.name, model.metadata["model"]) == ("chat", "gpt-4.1")
    assert server.received[0].target == "/openai/deployments?api-version=2023-03-15-preview"
    assert server.received[0].headers["api-key"] == KEY
    unknown = await serve(page(reply, {"error": {"message": "Resource not found"}}, status=404))
    assert "add them by name" in (await failure(endpoint("azure_openai", unknown))).message


async def test_cohere_page_by_page(serve, reply):
    server = await serve(
        page(reply, {"models": [{"name": "command"}], "next_page_token": "t/2"}),
        page(reply, {"models": [{"name": "aya"}], "next_page_token": ""}),
    )
    assert await names(endpoint("cohere", server)) == ["command", "aya"]
    assert [r.target for r in server.received] == [
        "/v1/models?endpoint=chat&page_size=1000",
        "/v1/models?endpoint=chat&page_size=1000&page_token=t%2F2",
    ]


async def test_openai_style_page_by_page(serve, reply):
    server = await serve(
        page(reply, {"data": [{"id": "a"}, {"id": "b/1"}], "has_more": True}),
        page(reply, {"data": [{"id": "c"}], "has_more": False}),
    )
    assert await names(endpoint("openai", server)) == ["a", "b/1", "c"]
    assert server.received[1].target == "/models?after=b%2F1"


CREATED = datetime(2025, 9, 1, tzinfo=UTC)
SECONDS = int(CREATED.timestamp())
TOLD = {
    "openrouter": (
        {
            "id": "anthropic/claude-sonnet-4.5",
            "created": SECONDS,
            "context_length": 200_000,
            "pricing": {"prompt": "0.0000025", "completion": "0.000015", "request": "0"},
            "top_provider": {"context_length": 200_000, "max_completion_tokens": 64_000},
        },
        ModelFacts(
            context_length=200_000,
            max_output_tokens=64_000,
            input_usd_per_million_tokens=2.5,
            output_usd_per_million_tokens=15,
            created_at=CREATED,
        ),
    ),
    "together_ai": (
        {
            "id": "meta-llama/Llama-3.3-70B-Instruct-Turbo",
            "type": "chat",
            "created": 0,
            "organization": "Meta",
            "context_length": 131_072,
            "pricing": {"hourly": 0, "input": 0.88, "output": 0.88, "base": 0},
        },
        ModelFacts(
            context_length=131_072,
            input_usd_per_million_tokens=0.88,
            output_usd_per_million_tokens=0.88,
            owner="Meta",
        ),
    ),
    "groq": (
        {
            "id": "llama-3.3-70b-versatile",
            "created": SECONDS,
            "owned_by": "Meta",
            "active": True,
            "context_window": 131_072,
            "max_completion_tokens": 32_768,
        },
        ModelFacts(
            context_length=131_072, max_output_tokens=32_768, owner="Meta", created_at=CREATED
        ),
    ),
    "mistral": (
        {"id": "mistral-large", "owned_by": "mistralai", "max_context_length": 131_072},
        ModelFacts(context_length=131_072, owner="mistralai"),
    ),
    "fireworks_ai": (
        {"id": "accounts/fireworks/models/x", "owned_by": "fireworks", "context_length": 4096},
        ModelFacts(context_length=4096, owner="fireworks"),
    ),
    "deepseek": (
        {"id": "deepseek-chat", "object": "model", "owned_by": "deepseek"},
        ModelFacts(owner="deepseek"),
    ),
    "vllm": (
        {"id": "mine", "owned_by": "vllm", "created": SECONDS, "max_model_len": 8192},
        ModelFacts(context_length=8192, owner="vllm", created_at=CREATED),
    ),
    "lm_studio": (
        {
            "id": "qwen3-8b",
            "type": "llm",
            "publisher": "qwen",
            "quantization": "Q4_K_M",
            "max_context_length": 32_768,
        },
        ModelFacts(context_length=32_768, quantization="Q4_K_M", owner="qwen"),
    ),
    "anthropic": (
        {
            "id": "claude-opus-4-1",
            "created_at": "2025-09-01T00:00:00Z",
            "max_input_tokens": 200_000,
            "max_tokens": 32_000,
        },
        ModelFacts(context_length=200_000, max_output_tokens=32_000, created_at=CREATED),
    ),
    "custom_openai_compatible": (
        {"id": "odd", "created": 1e15, "pricing": {"prompt": "-1", "completion": "dear"}},
        ModelFacts(),
    ),
}


@pytest.mark.parametrize("type_id", TOLD)
async def test_what_a_list_tells_of_a_model(serve, reply, type_id):
    told, facts = TOLD[type_id]
    server = await serve(page(reply, {"object": "list", "data": [told]}))
    [model] = await listed(endpoint(type_id, server))
    assert (model.name, model.facts) == (told["id"], facts)


async def test_xai_tells_prices(serve, reply):
    told = {"id": "grok-4", "owned_by": "xai", "prompt_text_token_price": 30_000}
    server = await serve(page(reply, {"models": [told | {"completion_text_token_price": 150_000}]}))
    [model] = await listed(endpoint("xai", server))
    assert server.received[0].target == "/language-models"
    assert model.facts == ModelFacts(
        input_usd_per_million_tokens=3, output_usd_per_million_tokens=15, owner="xai"
    )


@pytest.mark.parametrize("status", [404, 200])
async def test_a_server_without_its_own_list_is_asked_for_the_usual_one(serve, reply, status):
    unknown = {"error": "Unexpected endpoint or method. (GET /api/v0/models)"}
    server = await serve(page(reply, unknown, status=status), page(reply, {"data": [{"id": "m"}]}))
    assert await names(endpoint("lm_studio", server)) == ["m"]
    assert [r.target for r in server.received] == ["/api/v0/models", "/models"]


async def test_deepseek_lists_beside_its_beta_address(serve, reply):
    server = await serve(page(reply, {"data": []}))
    await listed(Endpoint("deepseek", base_url=f"http://127.0.0.1:{server.port}/beta"))
    assert server.received[0].target == "/models"


AWS = {"aws_access_key_id": "AKPLANTED", "aws_secret_access_key": "planted-secret"}


async def test_bedrock_lists_models_and_inference_profiles_and_signs_each_page(serve, reply):
    def profile(name, model, status="ACTIVE"):
        arn = f"arn:aws:bedrock:us-east-1::foundation-model/{model}"
        return {"inferenceProfileId": name, "status": status, "models": [{"modelArn": arn}]}

    nova = {"modelId": "amazon.nova-lite-v1:0", "providerName": "Amazon"}
    claude = {"modelId": "anthropic.claude-v9:0", "inferenceTypesSupported": ["INFERENCE_PROFILE"]}
    us_claude = profile("us.anthropic.claude-v9:0", claude["modelId"])
    server = await serve(
        page(reply, {"modelSummaries": [nova, claude]}),
        page(
            reply,
            {
                "inferenceProfileSummaries": [us_claude, profile("us.embed", "cohere.embed-v4:0")],
                "nextToken": "t/2",
            },
        ),
        page(reply, {"inferenceProfileSummaries": [profile("eu.nova", nova["modelId"])]}),
    )
    target = Endpoint(
        "aws_bedrock",
        base_url=f"http://127.0.0.1:{server.port}",
        settings={"region": "us-east-1"},
        credentials=AWS | {"aws_session_token": "session"},
    )
    models = await listed(target)
    assert [m.name for m in models] == [
        "amazon.nova-lite-v1:0",
        "us.anthropic.claude-v9:0",
        "eu.nova",
    ]
    assert models[0].facts.owner == "Amazon"
    assert [r.target for r in server.received] == [
        "/foundation-models?byOutputModality=TEXT",
        "/inference-profiles?maxResults=1000",
        "/inference-profiles?maxResults=1000&nextToken=t%2F2",
    ]
    signatures = {r.headers["authorization"] for r in server.received}
    assert len(signatures) == 3
    for signature in signatures:
        assert signature.startswith("AWS4-HMAC-SHA256 Credential=AKPLANTED/")
        assert "/us-east-1/bedrock/aws4_request" in signature
    assert all(r.headers["x-amz-security-token"] == "session" for r in server.received)


async def test_bedrock_lists_with_a_key_of_its_own(serve, reply):
    server = await serve(
        page(reply, {"modelSummaries": [{"modelId": "m"}]}),
        page(reply, {"inferenceProfileSummaries": []}),
    )
    target = Endpoint(
        "aws_bedrock",
        base_url=f"http://127.0.0.1:{server.port}",
        settings={"region": "us-east-1"},
        credentials={"bedrock_api_key": "ABSK"},
    )
    assert [m.name for m in await listed(target)] == ["m"]
    assert [r.headers["authorization"] for r in server.received] == ["Bearer ABSK"] * 2


async def test_a_right_that_is_missing_at_bedrock_is_named(serve, reply):
    message = "User is not authorized to perform: bedrock:ListInferenceProfiles"
    server = await serve(
        page(reply, {"modelSummaries": [{"modelId": "m"}]}),
        page(reply, {"message": message}, status=403),
    )
    target = Endpoint(
        "aws_bedrock",
        base_url=f"http://127.0.0.1:{server.port}",
        settings={"region": "us-east-1"},
        credentials=AWS,
    )
    assert "ListInferenceProfiles" in (await failure(target)).message


@pytest.fixture(scope="module")
def service_account():
    """A key pair made for these tests."""
    private = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return {
        "type": "service_account",
        "client_email": "argus@example.test",
        "private_key": private.private_bytes(serialization.Encoding.PEM, *form).decode(),
    }


def vertex(server, key):
    root = f"http://127.0.0.1:{server.port}"
    return Endpoint(
        "google_vertex",
        base_url=root,
        settings={"region": "global", "project_id": "mine"},
        credentials={"api_key": json.dumps({**key, "token_uri": f"{root}/token"})},
    )


async def test_vertex_gets_a_token_and_lists_page_by_page(serve, reply, service_account):
    def models(*names):
        return {"publisherModels": [{"name": f"publishers/google/models/{n}"} for n in names]}

    server = await serve(
        page(reply, {"access_token": "ya29.planted", "expires_in": 3599, "token_type": "Bearer"}),
        page(reply, {**models("gemini-3-pro", "imagen-4"), "nextPageToken": "t/2"}),
        page(reply, models("gemini-embedding-001", "gemini-3-flash")),
    )
    assert await names(vertex(server, service_account)) == ["gemini-3-pro", "gemini-3-flash"]
    token, first, second = server.received
    assert (token.method, token.target) == ("POST", "/token")
    assert b"assertion=" in token.body
    assert first.target == "/v1beta1/publishers/google/models?pageSize=300"
    assert second.target.endswith("?pageSize=300&pageToken=t%2F2")
    for request in (first, second):
        assert request.headers["authorization"] == "Bearer ya29.planted"
        assert request.headers["x-goog-user-project"] == "mine"


async def test_a_key_that_google_refuses(serve, reply, service_account):
    body = {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
    server = await serve(page(reply, body, status=400))
    assert "invalid_grant" in (await failure(vertex(server, service_account))).message
    broken = {**service_account, "private_key": "no key"}
    assert (await failure(vertex(server, broken))).outcome is Outcome.UNSUPPORTED


async def test_a_list_without_end_is_left_and_not_called_complete(serve, reply):
    more = {"has_more": True, "data": [{"id": "again"}]}
    circle = await serve(page(reply, more))
    found = await discover(endpoint("openai", circle), network=ANYWHERE)
    assert ([m.name for m in found.models], found.complete) == (["again"], False)
    assert len(circle.received) == 2
    endless = await serve(
        *(page(reply, {"has_more": True, "data": [{"id": f"m{n}"}]}) for n in range(99))
    )
    found = await discover(endpoint("openai", endless), network=ANYWHERE)
    assert (len(found.models), found.complete) == (50, False)


async def test_a_page_that_fails_fails_the_whole_list(serve, reply):
    server = await serve(
        page(reply, {"has_more": True, "data": [{"id": "a"}]}),
        page(reply, {"error": {"message": "slow down"}}, status=429),
    )
    assert (await failure(endpoint("openai", server))).outcome is Outcome.RATE_LIMITED


async def test_a_server_with_no_models_says_so_itself(serve, reply):
    server = await serve(page(reply, {"object": "list", "data": []}))
    assert await names(endpoint("lm_studio", server)) == []


async def failure(endpoint_, **options):
    with pytest.raises(DiscoveryFailed) as failed:
        await discover(endpoint_, network=options.pop("network", ANYWHERE), **options)
    return failed.value


async def test_a_refusing_server(serve, reply):
    body = {"error": {"message": f"Incorrect API key provided: {KEY}"}}
    server = await serve(page(reply, body, status=401))
    failed = await failure(endpoint("openai", server))
    assert failed.outcome is Outcome.AUTH
    assert "401" in failed.message
    assert KEY not in failed.message


@pytest.mark.parametrize("value", [{"hello": "world"}, "text", {"data": "none"}, {"data": None}])
async def test_an_answer_that_is_no_list(serve, reply, value):
    server = await serve(page(reply, value))
    failed = await failure(endpoint("custom_openai_compatible", server))
    assert failed.outcome is Outcome.INVALID_STREAM
    assert failed.message == "the answer is no list of models"


async def test_a_web_page(serve, reply):
    server = await serve(reply([(0.0, b"<html>Welcome</html>")], content_type="text/html"))
    failed = await failure(endpoint("vllm", server))
    assert failed.outcome is Outcome.INVALID_STREAM
    assert failed.message.startswith("the answer is a web page; is the base URL right?")


async def test_a_base_url_that_is_not_whole(serve, reply):
    server = await serve(page(reply, {"error": {"message": "no such page"}}, status=404))
    failed = await failure(endpoint("custom_openai_compatible", server))
    assert failed.message.startswith("HTTP 404: no such page; is the base URL right?")


async def test_a_dead_server(free_port):
    target = Endpoint("ollama", base_url=f"http://127.0.0.1:{free_port}")
    assert (await failure(target)).outcome is Outcome.REFUSED


async def test_a_silent_server(serve, reply):
    server = await serve(page(reply, {"data": []}, head_after_s=5))
    assert (await failure(endpoint("groq", server), timeout_s=0.1)).outcome is (
        Outcome.TIMEOUT_HEADERS
    )
    dripping = await serve(reply([(0.0, b'{"data":')], ending="hang"))
    assert (await failure(endpoint("groq", dripping), timeout_s=0.1)).outcome is (
        Outcome.TIMEOUT_TOTAL
    )


async def test_the_policy_holds(serve, reply):
    server = await serve(page(reply, {"data": []}))
    strict = Network(EgressPolicy(allow_private=False))
    failed = await failure(endpoint("openai", server), network=strict)
    assert failed.outcome is Outcome.BLOCKED_BY_POLICY
    assert server.connections == 0


async def test_types_that_offer_no_list():
    keyless = Endpoint("google_vertex", settings={"region": "global", "project_id": "p"})
    assert (await failure(keyless)).outcome is Outcome.UNSUPPORTED
    assert (await failure(Endpoint("replicate"))).outcome is Outcome.UNSUPPORTED
    assert (await failure(Endpoint("no_such_type"))).outcome is Outcome.BAD_REQUEST
    assert (await failure(Endpoint("aws_bedrock"))).outcome is Outcome.UNSUPPORTED


async def test_a_list_that_no_message_can_carry_is_refused(serve, reply):
    server = await serve(page(reply, {"data": [{"id": f"m{n}" * 20} for n in range(40_000)]}))
    with pytest.raises(DiscoveryFailed, match="too long to be kept: 40,000 models"):
        await listed(endpoint("openai", server))
