"""Keys in the environment and servers on this machine."""

import orjson
import pytest

from arguslm_llm.catalogue import split_credentials
from arguslm_llm.offers import (
    LOCAL_SERVERS,
    credentials_for,
    offer_at,
    offers_in_environment,
    offers_on_this_machine,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

SERVERS = {server.provider_type: server for server in LOCAL_SERVERS}
ANSWERS = {
    "ollama": {"version": "0.12.3"},
    "lm_studio": {"object": "list", "data": [{"id": "m", "type": "llm", "state": "loaded"}]},
    "vllm": {"object": "list", "data": [{"id": "m", "owned_by": "vllm"}]},
}


async def test_keys_are_offered_and_never_shown():
    env = {"OPENAI_API_KEY": "sk-planted-1", "GOOGLE_API_KEY": "AIza-planted", "GROQ_API_KEY": " "}
    offers = offers_in_environment(env)
    assert [(o.provider_type, o.found) for o in offers] == [
        ("openai", "environment variable OPENAI_API_KEY"),
        ("google_ai_studio", "environment variable GOOGLE_API_KEY"),
    ]
    assert "planted" not in repr(offers)
    assert credentials_for(offers[0].id, env) == {"api_key": "sk-planted-1"}
    for offer in offers:
        split_credentials(offer.provider_type, credentials_for(offer.id, env))


async def test_an_offer_that_is_gone():
    for offer_id in ("environment:openai", "environment:none", "machine:openai:http://x", "x"):
        with pytest.raises(ValueError, match="nothing found"):
            credentials_for(offer_id, {})


@pytest.mark.parametrize("kind", SERVERS)
async def test_a_local_server_is_known_by_its_answer(serve, reply, kind):
    server = await serve(reply([(0.0, orjson.dumps(ANSWERS[kind]))]))
    offer = await offer_at(SERVERS[kind], server.port, timeout_s=20)
    assert offer.provider_type == kind
    assert offer.found == f"http://127.0.0.1:{server.port}"
    given = credentials_for(offer.id, {})
    assert given == {"base_url": offer.base_url}
    assert split_credentials(kind, given)[0] == offer.base_url


@pytest.mark.parametrize("kind", SERVERS)
async def test_an_open_port_is_not_enough(serve, reply, kind):
    stranger = await serve(reply([(0.0, b'{"hello": "world"}')]))
    assert await offer_at(SERVERS[kind], stranger.port, timeout_s=20) is None
    missing = await serve(reply([(0.0, orjson.dumps(ANSWERS[kind]))], status=404))
    assert await offer_at(SERVERS[kind], missing.port, timeout_s=20) is None
    for other, answer in ANSWERS.items():
        if other != kind:
            imposter = await serve(reply([(0.0, orjson.dumps(answer))]))
            assert await offer_at(SERVERS[kind], imposter.port, timeout_s=20) is None


async def test_silence_is_no_offer_and_costs_little(serve, reply, free_port):
    silent = await serve(reply(head_after_s=5))
    assert await offer_at(SERVERS["ollama"], silent.port, timeout_s=0.05) is None
    assert await offer_at(SERVERS["ollama"], free_port, timeout_s=0.05) is None


async def test_all_usual_ports_are_asked():
    assert isinstance(await offers_on_this_machine(timeout_s=0.2), list)
    assert {s.port for s in LOCAL_SERVERS} == {11434, 1234, 8000}
