"""Models: every name is valid, nothing is doubled, null clears."""

from uuid import uuid4

import pytest
from other_services import add_model, add_provider, check_of, lists, registration
from running_door import API, RunningDoor

from arguslm_contracts.events.registry import ModelRetired
from arguslm_contracts.identity import model_uuid

NAMES = ["gpt-4.1", "llama3:8b", "meta-llama/Llama-3-70b", "ünï côdé/模型 v1#?&%", "a" * 500]


@pytest.mark.parametrize("name", NAMES)
async def test_every_character_is_a_valid_name(house: RunningDoor, name: str) -> None:
    provider_id = await add_provider(house)
    model_id = await add_model(house, provider_id, name)
    assert model_id == model_uuid(provider_id, name)
    model = (await house.admin.get(f"{API}/models/{model_id}")).json()
    assert model["model_id"] == name
    assert model["source"] == "manual"


async def test_switches_given_on_adding_are_kept(house: RunningDoor) -> None:
    provider_id = await add_provider(house)
    model_id = await add_model(
        house,
        provider_id,
        "m",
        custom_name="My model",
        enabled_for_monitoring=True,
        enabled_for_benchmark=False,
        interval_s=30,
        metadata={"family": "test"},
    )
    model = (await house.admin.get(f"{API}/models/{model_id}")).json()
    assert model["custom_name"] == "My model"
    assert model["enabled_for_monitoring"] is True
    assert model["enabled_for_benchmark"] is False
    assert model["interval_s"] == 30
    assert model["model_metadata"] == {"family": "test"}


async def test_null_clears_and_what_is_not_given_stays(any_house: RunningDoor) -> None:
    provider_id = await add_provider(any_house)
    model_id = await add_model(
        any_house, provider_id, "m", custom_name="Mine", interval_s=30, enabled_for_monitoring=True
    )
    path = f"{API}/models/{model_id}"
    changed = (await any_house.admin.patch(path, json={"custom_name": None})).json()
    assert changed["custom_name"] is None
    assert (changed["interval_s"], changed["enabled_for_monitoring"]) == (30, True)
    changed = (await any_house.admin.patch(path, json={"interval_s": None})).json()
    assert (changed["interval_s"], changed["enabled_for_monitoring"]) == (None, True)
    changed = (await any_house.admin.patch(path, json={"enabled_for_monitoring": None})).json()
    assert changed["enabled_for_monitoring"] is True


async def test_a_person_may_say_what_a_model_costs(house: RunningDoor) -> None:
    path = f"{API}/models/{await add_model(house, await add_provider(house), 'm')}"
    price = {"input_usd_per_million_tokens": 2.5, "output_usd_per_million_tokens": 10}
    told = (await house.admin.patch(path, json={"price": price})).json()["price"]
    assert told["source"] == "person"
    assert {name: told[name] for name in price} == price
    assert (await house.admin.patch(path, json={"interval_s": 30})).json()["price"] == told
    assert (await house.admin.patch(path, json={"price": None})).json()["price"] is None
    for nonsense in ({}, price | {"output_usd_per_million_tokens": -1}, price | {"per": "token"}):
        assert (await house.admin.patch(path, json={"price": nonsense})).status_code == 422
    spent = (await house.admin.get(f"{API}/costs", params={"by": "day", "days": 1})).json()
    assert (spent["items"], spent["total"]["usd"]) == ([], None)
    assert (await house.admin.get(f"{API}/costs", params={"days": 0})).status_code == 422


async def test_a_second_one_of_the_same_name_is_refused(house: RunningDoor) -> None:
    provider_id = await add_provider(house)
    await add_model(house, provider_id, "m")
    body = {"provider_account_id": str(provider_id), "model_id": "m"}
    assert (await house.admin.post(f"{API}/models", json=body)).status_code == 409


async def test_a_removed_model_can_be_added_again(any_house: RunningDoor) -> None:
    provider_id = await add_provider(any_house)
    model_id = await add_model(any_house, provider_id, "m")
    assert (await any_house.admin.delete(f"{API}/models/{model_id}")).status_code == 204
    assert (await any_house.admin.get(f"{API}/models/{model_id}")).status_code == 404
    assert await add_model(any_house, provider_id, "m") == model_id
    assert (await any_house.admin.get(f"{API}/models/{model_id}")).json()["revision"] == 3


async def test_an_unknown_provider_is_said_so(house: RunningDoor) -> None:
    body = {"provider_account_id": str(uuid4()), "model_id": "m"}
    refused = await house.admin.post(f"{API}/models", json=body)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "provider_account_id"]


async def test_pages_and_filters(house: RunningDoor) -> None:
    provider_id = await add_provider(house)
    other_id = await add_provider(house, display_name="Other")
    for name in ("alpha", "beta", "gamma"):
        await add_model(house, provider_id, name, enabled_for_monitoring=name != "beta")
    await add_model(house, other_id, "delta")
    page = (await house.admin.get(f"{API}/models?limit=2")).json()
    assert (len(page["items"]), page["total"], page["has_more"]) == (2, 4, True)
    found = (await house.admin.get(f"{API}/models?search=AMM")).json()
    assert [model["model_id"] for model in found["items"]] == ["gamma"]
    mine = (await house.admin.get(f"{API}/models?provider_id={other_id}")).json()
    assert [model["model_id"] for model in mine["items"]] == ["delta"]
    watched = (await house.admin.get(f"{API}/models?enabled_for_monitoring=true")).json()
    assert watched["total"] == 2


async def test_to_watch_a_retired_model_is_to_vouch_for_it(any_house: RunningDoor) -> None:
    provider_id = await add_provider(any_house)
    listed = lists(provider_id, "swift")
    added = registration(listed, "swift")
    gone = added.model.model_copy(update={"monitored": True, "retired_at": listed.completed_at})
    await any_house.says(added)
    retired = ModelRetired(revision=2, at=listed.completed_at, model=gone)
    await any_house.says(retired)
    path = f"{API}/models/{gone.model_id}"
    (shown,) = (await any_house.admin.get(f"{API}/models?retired=true")).json()["items"]
    assert (shown["enabled_for_monitoring"], shown["retired_at"] is None) == (True, False)
    assert (await any_house.admin.get(f"{API}/overview")).json()["items"] == []
    renamed = (await any_house.admin.patch(path, json={"custom_name": "S"})).json()
    assert renamed["retired_at"] is not None
    watched = (await any_house.admin.patch(path, json={"enabled_for_monitoring": True})).json()
    assert (watched["retired_at"], watched["source"], watched["revision"]) == (None, "manual", 4)
    assert len((await any_house.admin.get(f"{API}/overview")).json()["items"]) == 1


async def test_series_and_overview_show_what_was_checked(any_house: RunningDoor) -> None:
    provider_id = await add_provider(any_house)
    model_id = await add_model(any_house, provider_id, "m", enabled_for_monitoring=True)
    check = check_of(model_id)
    await any_house.says(check)
    series = (await any_house.admin.get(f"{API}/models/{model_id}/series?buckets=50")).json()
    assert sum(bucket["checks"] for bucket in series["buckets"]) == 1
    overview = (await any_house.admin.get(f"{API}/overview?range=1h")).json()
    (card,) = overview["items"]
    assert card["state"] == "up"
    assert card["last_ttft_ms"] == 100.0
    shown = (await any_house.admin.get(f"{API}/checks/{check.check_id}")).json()
    assert shown["measurement"]["timing"]["first_token_ms"] == 100.0
    wrong = await any_house.admin.get(
        f"{API}/models/{model_id}/series?start=2026-11-02T00:00:00Z&end=2026-11-01T00:00:00Z"
    )
    assert wrong.status_code == 422
    assert wrong.json()["detail"][0]["loc"] == ["query", "start"]
