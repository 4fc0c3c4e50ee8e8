"""Monitoring: the configuration in minutes and in seconds, "run now", history."""

from uuid import uuid4

import pytest
from other_services import add_model, add_provider, check_of, measured
from running_door import API, RunningDoor

from arguslm_contracts.events.registry import MonitoringConfigured, MonitoringRunRequested
from arguslm_contracts.outcomes import Outcome


async def test_seconds_are_exact_and_minutes_are_as_in_0x(any_house: RunningDoor) -> None:
    admin = any_house.admin
    config = (await admin.get(f"{API}/monitoring/config")).json()
    assert (config["interval_s"], config["interval_minutes"], config["enabled"]) == (60, 1, True)
    changed = (await admin.patch(f"{API}/monitoring/config", json={"interval_s": 90})).json()
    assert (changed["interval_s"], changed["interval_minutes"]) == (90, 2)
    changed = (await admin.patch(f"{API}/monitoring/config", json={"interval_minutes": 15})).json()
    assert (changed["interval_s"], changed["interval_minutes"]) == (900, 15)
    assert changed["prompt_pack"] == "health_check"
    changed = (await admin.patch(f"{API}/monitoring/config", json={"enabled": False})).json()
    assert (changed["interval_s"], changed["enabled"]) == (900, False)
    said = [e.event for e in await any_house.events() if isinstance(e.event, MonitoringConfigured)]
    assert [event.revision for event in said] == [1, 2, 3]


async def test_an_unknown_prompt_pack_is_refused_with_the_known_ones(house: RunningDoor) -> None:
    refused = await house.admin.patch(f"{API}/monitoring/config", json={"prompt_pack": "nope"})
    assert refused.status_code == 422
    assert "health_check" in refused.json()["detail"][0]["msg"]
    packs = (await house.admin.get(f"{API}/monitoring/prompt-packs")).json()
    assert len(packs) == 7


async def test_run_now_asks_every_monitored_model_and_can_be_followed(
    any_house: RunningDoor,
) -> None:
    provider_id = await add_provider(any_house)
    watched = [
        await add_model(any_house, provider_id, name, enabled_for_monitoring=True)
        for name in ("a", "b")
    ]
    await add_model(any_house, provider_id, "c")
    run = (await any_house.admin.post(f"{API}/monitoring/run")).json()
    assert (run["status"], run["requested"]) == ("queued", 2)
    (request,) = [
        e.event for e in await any_house.events() if isinstance(e.event, MonitoringRunRequested)
    ]
    assert set(request.model_ids) == set(watched)
    path = f"{API}/monitoring/runs/{run['run_id']}"
    assert (await any_house.admin.get(path)).json()["completed"] == 0
    for model_id in watched:
        await any_house.says(check_of(model_id, run_id=request.run_id))
    followed = (await any_house.admin.get(path)).json()
    assert (followed["status"], followed["completed"]) == ("completed", 2)


async def test_one_model_can_be_asked_now_also_when_it_is_not_monitored(
    house: RunningDoor,
) -> None:
    provider_id = await add_provider(house)
    model_id = await add_model(house, provider_id, "a")
    run = (await house.admin.post(f"{API}/models/{model_id}/check")).json()
    assert run["requested"] == 1
    named = await house.admin.post(f"{API}/monitoring/run", json={"model_ids": [str(model_id)] * 2})
    assert named.json()["requested"] == 1
    assert (await house.admin.post(f"{API}/models/{uuid4()}/check")).status_code == 404
    unknown = await house.admin.post(f"{API}/monitoring/run", json={"model_ids": [str(uuid4())]})
    assert unknown.status_code == 404


async def test_a_run_of_nothing_is_refused(house: RunningDoor) -> None:
    assert (await house.admin.post(f"{API}/monitoring/run")).status_code == 422
    assert (await house.admin.get(f"{API}/monitoring/runs/{uuid4()}")).status_code == 404


async def test_history_in_the_form_of_0x(any_house: RunningDoor) -> None:
    provider_id = await add_provider(any_house)
    model_id = await add_model(any_house, provider_id, "a")
    await any_house.says(check_of(model_id))
    await any_house.says(check_of(model_id, measurement=measured(Outcome.SERVER_ERROR, "boom")))
    history = (await any_house.admin.get(f"{API}/monitoring/uptime")).json()
    assert [item["status"] for item in history["items"]] == ["down", "up"]
    assert history["items"][0]["error"] == "boom"
    assert history["total"] == 2
    down = (await any_house.admin.get(f"{API}/monitoring/uptime?status=down")).json()
    assert down["total"] == 1
    none = await any_house.admin.get(f"{API}/monitoring/uptime?since=2999-01-01T00:00:00")
    assert none.json()["items"] == []


@pytest.mark.parametrize("cursor", ["x", "§", "0"])
async def test_a_cursor_of_nobody_is_refused(house: RunningDoor, cursor: str) -> None:
    refused = await house.admin.get(f"{API}/checks", params={"cursor": cursor})
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["query", "cursor"]


async def test_checks_are_walked_page_by_page(any_house: RunningDoor) -> None:
    provider_id = await add_provider(any_house)
    model_id = await add_model(any_house, provider_id, "a")
    for _ in range(5):
        await any_house.says(check_of(model_id))
    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await any_house.admin.get(f"{API}/checks", params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5
