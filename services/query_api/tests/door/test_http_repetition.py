"""The same POST twice under one key: the same answer, and nothing happens twice."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from httpx import Response
from other_services import (
    add_model,
    add_provider,
    discoverer,
    prober,
)
from running_door import API, RunningDoor, running_door

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.alerts import NotificationDelivered, NotificationTestRequested
from arguslm_contracts.events.benchmarks import BenchmarkCompleted
from arguslm_contracts.events.registry import ProviderRegistered, RuleCreated
from arguslm_query_api.commands import recorder
from arguslm_query_api.http.application import describe_only
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests

KEYED = {"Idempotency-Key": "once"}
RULE = {"name": "down", "rule_type": "any_model_down"}
CHANNEL = {"name": "c", "kind": "webhook", "url": "https://hooks.example.com/x"}

# They make no event: what they hand out is a session, and a lost one is asked for again.
SESSIONS = {"login", "refresh", "logout", "create_login_link"}


def test_every_post_takes_a_key() -> None:
    keyless = {
        operation["operationId"]
        for methods in describe_only().openapi()["paths"].values()
        for method, operation in methods.items()
        if method == "post"
        and not any(one["name"] == "idempotency-key" for one in operation.get("parameters", []))
    }
    assert keyless == SESSIONS


async def twice(house: RunningDoor, path: str, body: Any = None) -> tuple[Response, Response]:
    """The two answers, which are equal; it said no more the second time."""
    first = await house.admin.post(path, json=body, headers=KEYED)
    before = await house.events()
    second = await house.admin.post(path, json=body, headers=KEYED)
    assert first.is_success, first.text
    assert (second.status_code, second.json()) == (first.status_code, first.json()), path
    assert await house.events() == before, path
    return first, second


async def test_what_is_made_twice_is_made_once(any_house: RunningDoor) -> None:
    house = any_house
    provider_id = await add_provider(house)
    model_id = await add_model(house, provider_id, "m", enabled_for_monitoring=True)
    bodies: dict[str, Any] = {
        "/providers": {"provider_type": "ollama", "display_name": "x", "discover": False},
        "/models": {"provider_account_id": str(provider_id), "model_id": "n"},
        "/alerts/rules": RULE,
        "/alerts/channels": CHANNEL,
        "/accounts": {"username": "ann", "password": "one-of-ten-letters"},
        "/monitoring/run": {"model_ids": [str(model_id)]},
        "/benchmarks": {"model_ids": [str(model_id)], "name": "one"},
    }
    names = {
        "/providers": "display_name",
        "/models": "custom_name",
        "/accounts": "password",
        "/monitoring/run": None,
    }
    for path, body in bodies.items():
        await twice(house, f"{API}{path}", body)
        name = names.get(path, "name")
        other = {**body, name: "something else"} if name else {"model_ids": None}
        reused = await house.admin.post(f"{API}{path}", json=other, headers=KEYED)
        assert reused.status_code == 422, path
        assert reused.json()["detail"][0]["loc"] == ["header", "Idempotency-Key"]
    await twice(house, f"{API}/models/{model_id}/check")


async def test_a_key_is_its_callers_own(house: RunningDoor) -> None:
    mine = await house.admin.post(f"{API}/alerts/rules", json=RULE, headers=KEYED)
    other = await house.as_role("operator")
    theirs = await other.post(f"{API}/alerts/rules", json=RULE, headers=KEYED)
    assert mine.json()["id"] != theirs.json()["id"]
    no_key = [await house.admin.post(f"{API}/alerts/rules", json=RULE) for _ in range(2)]
    assert no_key[0].json()["id"] != no_key[1].json()["id"]
    for key in ("", "x" * 256):
        headers = {"Idempotency-Key": key}
        refused = await house.admin.post(f"{API}/alerts/rules", json=RULE, headers=headers)
        assert refused.status_code == 422
    spaced = '{"rule_type" : "any_model_down", "name": "down"}'
    headers = {**KEYED, "Content-Type": "application/json"}
    same = await house.admin.post(f"{API}/alerts/rules", content=spaced, headers=headers)
    assert same.json() == mine.json()


async def test_what_was_changed_since_is_not_made_again(house: RunningDoor) -> None:
    made = await house.admin.post(f"{API}/alerts/rules", json=RULE, headers=KEYED)
    path = f"{API}/alerts/rules/{made.json()['id']}"
    await house.admin.patch(path, json={"name": "renamed"})
    again = await house.admin.post(f"{API}/alerts/rules", json=RULE, headers=KEYED)
    assert (again.status_code, again.json()["name"]) == (201, "renamed")
    await house.admin.delete(path)
    gone = await house.admin.post(f"{API}/alerts/rules", json=RULE, headers=KEYED)
    assert gone.status_code == 404
    assert (await house.admin.get(f"{API}/alerts/rules")).json() == []


async def test_an_api_key_is_shown_once(house: RunningDoor) -> None:
    answers = [
        await house.admin.post(f"{API}/auth/api-keys", json={"name": "n"}, headers=KEYED)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 409]
    assert answers[0].json()["id"] in answers[1].json()["detail"]


async def test_a_key_outlives_restarts_and_lost_tables(
    bus: BusForTests, storage: StorageSettings, tmp_path: Path
) -> None:
    async with running_door(bus, storage) as house:
        first = await house.admin.post(f"{API}/alerts/rules", json=RULE, headers=KEYED)
    async with running_door(bus, storage) as restarted:
        again = await restarted.admin.post(f"{API}/alerts/rules", json=RULE, headers=KEYED)
        assert again.json() == first.json()
    keys = tmp_path / "elsewhere" / "keys"
    keys.mkdir(parents=True)
    (keys / "fernet.key").write_bytes((storage.data_dir / "keys" / "fernet.key").read_bytes())
    elsewhere = StorageSettings(data_dir=tmp_path / "elsewhere")
    async with running_door(bus, elsewhere) as rebuilt:
        again = await rebuilt.admin.post(f"{API}/alerts/rules", json=RULE, headers=KEYED)
        assert again.json() == first.json()
        other = {**RULE, "name": "else"}
        reused = await rebuilt.admin.post(f"{API}/alerts/rules", json=other, headers=KEYED)
        assert reused.status_code == 422
        assert len([e for e in await rebuilt.events() if isinstance(e.event, RuleCreated)]) == 1


async def test_a_key_whose_request_nobody_can_open_is_not_taken_for_the_same(
    bus: BusForTests, storage: StorageSettings, tmp_path: Path
) -> None:
    async with running_door(bus, storage) as house:
        await house.admin.post(f"{API}/alerts/rules", json=RULE, headers=KEYED)
    # A house whose encryption key was lost, and made anew.
    async with running_door(bus, StorageSettings(data_dir=tmp_path / "without-keys")) as house:
        again = await house.admin.post(f"{API}/alerts/rules", json=RULE, headers=KEYED)
        assert again.status_code == 422
        assert again.json()["detail"][0]["loc"] == ["header", "Idempotency-Key"]


async def test_two_replicas_given_one_key_at_once(
    bus: BusForTests, storage: StorageSettings
) -> None:
    async with running_door(bus, storage) as one, running_door(bus, storage) as two:
        answers = await asyncio.gather(
            *(
                replica.admin.post(f"{API}/alerts/rules", json=RULE, headers=KEYED)
                for replica in (one, two) * 4
            )
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert len([e for e in await one.events() if isinstance(e.event, RuleCreated)]) == 1
        bodies = [{**RULE, "name": f"n{n}"} for n in range(4)]
        headers = {"Idempotency-Key": "many"}
        raced = await asyncio.gather(
            *(
                replica.admin.post(f"{API}/alerts/rules", json=body, headers=headers)
                for replica, body in zip((one, two) * 2, bodies, strict=True)
            )
        )
        assert sorted(answer.status_code for answer in raced) == [201, 422, 422, 422]


async def test_what_is_asked_of_the_world_is_asked_once(any_house: RunningDoor) -> None:
    house = any_house
    channel = (await house.admin.post(f"{API}/alerts/channels", json=CHANNEL)).json()["id"]

    async def notifier(recorded: Recorded) -> None:
        if isinstance(recorded.event, NotificationTestRequested):
            delivered = NotificationDelivered(
                alert_id=recorded.event.test_id,
                transition="test",
                channel_id=recorded.event.channel_id,
                channel_name="c",
                attempts=1,
                at=recorded.time,
            )
            await house.publisher.append(delivered)

    async with house.answering(notifier):
        first, _ = await twice(house, f"{API}/alerts/channels/{channel}/test")
    assert first.json()["success"] is True
    provider_id = await add_provider(house)
    body = {"provider_type": "ollama", "display_name": "x"}
    async with house.answering(prober(house)):
        await twice(house, f"{API}/providers/{provider_id}/test")
        await twice(house, f"{API}/providers/test-connection", body)
    async with house.answering(discoverer(house, ["a", "b"])):
        first, _ = await twice(house, f"{API}/providers/{provider_id}/refresh-models")
    assert first.json()["models_added"] == 2


async def test_a_cancellation_heard_twice_is_one(house: RunningDoor) -> None:
    model_id = await add_model(house, await add_provider(house), "m")
    body = {"model_ids": [str(model_id)]}
    run_id = (await house.admin.post(f"{API}/benchmarks", json=body)).json()["id"]
    path = f"{API}/benchmarks/{run_id}/cancel"
    cancelled, _ = await twice(house, path)
    at = cancelled.json()["created_at"]
    await house.says(BenchmarkCompleted(run_id=run_id, status="cancelled", completed_at=at))
    late = await house.admin.post(path, headers=KEYED)
    assert (late.status_code, late.json()["status"]) == (200, "cancelled")


@contextmanager
def found_in_the_environment() -> Iterator[None]:
    with patch.dict(os.environ, {"OPENAI_API_KEY": "sk-found"}):
        yield


async def test_an_offer_is_accepted_once(house: RunningDoor) -> None:
    with found_in_the_environment():
        await twice(house, f"{API}/providers/offers/environment:openai")
    said = [e for e in await house.events() if isinstance(e.event, ProviderRegistered)]
    assert len(said) == 1


async def test_a_body_cannot_be_guessed_from_the_stream(house: RunningDoor) -> None:
    """A digest in clear would let whoever reads the stream try passwords."""
    body = {"username": "ann", "password": "one-of-ten-letters"}
    for key in ("a", "b"):
        headers = {"Idempotency-Key": key}
        await house.admin.post(f"{API}/accounts", json={**body, "username": key}, headers=headers)
    requests = [e.request for e in await house.events() if e.request is not None]
    assert len(requests) == 2
    assert all(request.seal.startswith("gAAAA") for request in requests)


async def test_tables_that_lag_are_202_with_a_place_to_look(
    any_house: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = (await any_house.admin.post(f"{API}/alerts/rules", json=RULE)).json()
    monkeypatch.setattr(recorder, "_SHOWN_WITHIN_S", 0.2)
    async with any_house.projector_stopped():
        answers = [
            await any_house.admin.post(f"{API}/alerts/rules", json=RULE, headers=KEYED)
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [202, 202]
        places = {answer.headers["Location"] for answer in answers}
        changed = await any_house.admin.patch(
            f"{API}/alerts/rules/{rule['id']}", json={"name": "changed"}
        )
        assert changed.status_code == 202
        assert changed.headers["Location"] == f"{API}/alerts/rules/{rule['id']}"
        (place,) = places
        assert (await any_house.admin.get(place)).status_code == 404
    last = [e for e in await any_house.events() if isinstance(e.event, RuleCreated)]
    assert len(last) == 2
    assert await any_house.door.projector.wait_for("REGISTRY", last[-1].sequence + 1, 60)
    assert (await any_house.admin.get(place)).json()["name"] == "down"
    assert (await any_house.admin.get(changed.headers["Location"])).json()["name"] == "changed"
