"""The control door, the key, and what the simulator tells about itself."""

import hashlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

import pytest

from arguslm_simulator import Behaviour, Scenario, ScenarioError, Simulator

QUICK = Behaviour(ttft_ms=0, gap_ms=0, tokens=2)
KEY = "sk-simulated-1234"


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    models = {"swift": QUICK, "meta-llama/Llama-3-70b": QUICK}
    async with Simulator(Scenario(models)) as simulator:
        yield simulator


@pytest.fixture
async def wire(simulator: Simulator, wire_to: Callable[[Simulator], Any]) -> Any:
    return await wire_to(simulator)


async def test_an_endpoint_fails_and_recovers_over_http(wire: Any) -> None:
    changed = await wire.request("PUT", "/__scenario/swift", {"fault": "http_503"})
    assert changed.status == 200
    assert changed.json()["fault"] == "http_503"
    assert changed.json()["tokens"] == 2, "what was not named stays"
    assert (await wire.chat("swift")).status == 503
    await wire.request("PUT", "/__scenario/swift", {"fault": "none"})
    assert (await wire.chat("swift")).status == 200
    behaviour = (await wire.request("GET", "/__scenario/swift")).json()
    assert behaviour == QUICK.to_json()


async def test_names_with_slashes_are_names(simulator: Simulator, wire: Any) -> None:
    name = "meta-llama/Llama-3-70b"
    for path in (name, quote(name, safe="")):
        answer = await wire.request("PUT", f"/__scenario/{path}", {"tokens": 7})
        assert answer.status == 200
    assert simulator.behaviour(name).tokens == 7
    everything = (await wire.request("GET", "/__scenario")).json()
    assert set(everything) == {"swift", name}


async def test_models_appear_and_vanish(simulator: Simulator, wire: Any) -> None:
    assert (await wire.request("PUT", "/__scenario/newcomer", {"ttft_ms": 0})).status == 200
    assert simulator.behaviour("newcomer").ttft_ms == 0
    assert (await wire.request("DELETE", "/__scenario/newcomer")).status == 200
    assert (await wire.chat("newcomer")).status == 404
    listed = (await wire.request("GET", "/v1/models")).json()["data"]
    assert [model["id"] for model in listed] == list(simulator.models)
    assert (await wire.request("GET", "/__scenario/newcomer")).status == 404


@pytest.mark.parametrize("body", [{"ttft": 1}, {"fault": "boom"}, ["no"], None])
async def test_a_bad_change_is_refused_and_changes_nothing(
    simulator: Simulator, wire: Any, body: Any
) -> None:
    answer = await wire.request("PUT", "/__scenario/swift", body)
    assert answer.status == 400
    assert answer.json()["error"]["message"]
    assert simulator.behaviour("swift") == QUICK


async def test_the_same_from_python(simulator: Simulator, wire: Any) -> None:
    assert simulator.set("swift", fault="http_500").fault == "http_500"
    assert (await wire.chat("swift")).status == 500
    with pytest.raises(KeyError):
        simulator.set("absent", fault="none")
    with pytest.raises(ScenarioError, match="unknown field"):
        simulator.set("swift", speed=1)
    simulator.add("new", QUICK)
    assert (await wire.chat("new")).status == 200
    simulator.remove("new")
    assert "new" not in simulator.models


async def test_a_change_leaves_answers_under_way_alone(simulator: Simulator, wire: Any) -> None:
    simulator.set("swift", ttft_ms=1, gap_ms=5, tokens=10)
    wire.send("POST", "/v1/chat/completions", {"model": "swift", "messages": [{}], "stream": True})
    await wire.head()
    simulator.set("swift", fault="disconnect", tokens=2)
    chunks = 0
    while await wire.chunk():
        chunks += 1
    assert chunks == 1 + 10 + 1


async def test_the_stats_prove_which_key_was_sent(simulator: Simulator, wire: Any) -> None:
    await wire.request("GET", "/v1/models", authorization=f"Bearer {KEY}")
    stats = (await wire.request("GET", "/__stats")).json()
    expected = hashlib.sha256(f"Bearer {KEY}".encode()).hexdigest()
    assert stats["last_authorization_sha256"] == expected
    assert KEY not in str(stats)
    await wire.chat("swift")
    assert simulator.stats().last_authorization_sha256 is None
    assert (await wire.request("GET", "/__stats")).json() == simulator.stats().to_json()


async def test_a_demanded_key_guards_v1(wire_to: Callable[[Simulator], Any]) -> None:
    async with Simulator(Scenario({"swift": QUICK}), api_key=KEY) as simulator:
        wire = await wire_to(simulator)
        for path in ("/v1/models", "/v1/chat/completions"):
            method = "GET" if path.endswith("models") else "POST"
            for header in (None, "Bearer wrong", KEY, f"Bearer {KEY}x", "Bearer \xff"):
                headers = {} if header is None else {"authorization": header}
                answer = await wire.request(method, path, {}, **headers)
                assert answer.status == 401, header
                assert answer.json()["error"]["code"] == "invalid_api_key"
                assert KEY not in answer.body.decode()
        allowed = await wire.request("GET", "/v1/models", authorization=f"Bearer {KEY}")
        assert allowed.status == 200
        assert (await wire.request("GET", "/health")).status == 200
        assert simulator.stats().requests == {}
