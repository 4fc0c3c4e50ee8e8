"""What servers say they serve; a dead or refusing one is never "no models"."""

import orjson
import pytest

from arguslm_contracts.outcomes import Outcome
from arguslm_llm.discovery import DiscoveryFailed, discover
from arguslm_llm.egress import EgressPolicy
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


async def names(endpoint_):
    return [model.name for model in await discover(endpoint_, network=ANYWHERE)]


async def test_openai_style(serve, reply):
    models = [{"id": "gpt-4.1", "owned_by": "me"}, {"id": "meta-llama/x:free"}, {"no": "id"}]
    server = await serve(page(reply, {"object": "list", "data": models}))
    found = await discover(endpoint("custom_openai_compatible", server), network=ANYWHERE)
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
    models = [{"name": "llama3:8b", "size": 5, "digest": "d", "details": details}]
    server = await serve(page(reply, {"models": models}))
    [model] = await discover(endpoint("ollama", server), network=ANYWHERE)
    assert model.name == "llama3:8b"
    assert model.metadata == {"size": 5, "digest": "d", **details}
    assert server.received[0].target == "/api/tags"


async def test_azure_and_cohere(serve, reply):
    azure = await serve(page(reply, {"data": [{"id": "d1"}]}))
    target = endpoint("azure_openai", azure, settings={"api_version": "2030-01-01"})
    assert await names(target) == ["d1"]
    assert azure.received[0].target == "/openai/models?api-version=2030-01-01"
    assert azure.received[0].headers["api-key"] == KEY
    cohere = await serve(page(reply, {"models": [{"name": "command"}]}))
    assert await names(endpoint("cohere", cohere)) == ["command"]


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
    vertex = Endpoint("google_vertex", settings={"region": "global", "project_id": "p"})
    assert (await failure(vertex)).outcome is Outcome.UNSUPPORTED
    assert (await failure(Endpoint("no_such_type"))).outcome is Outcome.BAD_REQUEST
    assert (await failure(Endpoint("aws_bedrock"))).outcome is Outcome.UNSUPPORTED
