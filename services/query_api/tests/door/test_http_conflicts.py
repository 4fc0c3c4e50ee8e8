"""Two people change one thing: the second is told what both of them wanted."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from other_services import add_model, add_provider
from running_door import API, RunningDoor

from arguslm_contracts.events.registry import ModelUpdated
from arguslm_query_api.reads.models import stored_model
from arguslm_query_api.refusals import Overtaken


async def add_rule(house: RunningDoor) -> str:
    body = {"name": "down", "rule_type": "any_model_down"}
    made = await house.admin.post(f"{API}/alerts/rules", json=body)
    assert made.status_code == 201, made.text
    return f"{API}/alerts/rules/{made.json()['id']}"


async def test_two_people_edit_one_rule(any_house: RunningDoor) -> None:
    path = await add_rule(any_house)
    ann, bob = await any_house.as_role("operator"), await any_house.as_role("operator")
    seen = {"If-Match": (await ann.get(path)).headers["ETag"]}
    assert (await ann.patch(path, json={"name": "by Ann"}, headers=seen)).status_code == 200
    wanted = {"name": "by Bob", "severity": "warning"}
    late = await bob.patch(path, json=wanted, headers=seen)
    assert late.status_code == 409
    problem = late.json()
    assert problem["detail"] == "somebody else changed this: its newest revision is 2, not 1"
    assert problem["yours"] == wanted
    assert problem["current"] == (await bob.get(path)).json()
    assert (problem["current"]["name"], problem["current"]["severity"]) == ("by Ann", "critical")
    # Whoever has read the current one may go on from there.
    again = {"If-Match": f'"{problem["current"]["revision"]}"'}
    assert (await bob.patch(path, json=wanted, headers=again)).json()["revision"] == 3
    gone = await ann.delete(path, headers=seen)
    assert (gone.status_code, gone.json()["current"]["name"]) == (409, "by Bob")
    assert "yours" not in gone.json()


async def test_without_a_revision_only_the_fields_that_are_given_change(
    house: RunningDoor,
) -> None:
    """As in 0.x, whose clients know no ETag: nobody's other fields are overwritten."""
    path = await add_rule(house)
    await house.admin.patch(path, json={"severity": "warning"})
    answer = await house.admin.patch(path, json={"name": "other"}, headers={"If-Match": "*"})
    assert (answer.json()["severity"], answer.json()["name"]) == ("warning", "other")


async def test_every_revised_thing_has_its_etag(house: RunningDoor) -> None:
    provider_id = await add_provider(house)
    model_id = await add_model(house, provider_id, "m")
    channel = {"name": "c", "kind": "webhook", "url": "https://hooks.example.com/x"}
    channel_id = (await house.admin.post(f"{API}/alerts/channels", json=channel)).json()["id"]
    account = {"username": "ann", "password": "one-of-ten-letters"}
    account_id = (await house.admin.post(f"{API}/accounts", json=account)).json()["id"]
    changes: list[tuple[str, dict[str, Any]]] = [
        (await add_rule(house), {"name": "x"}),
        (f"{API}/providers/{provider_id}", {"credentials": {"api_key": "planted"}}),
        (f"{API}/models/{model_id}", {"custom_name": "x"}),
        (f"{API}/alerts/channels/{channel_id}", {"url": "https://hooks.example.com/planted"}),
        (f"{API}/accounts/{account_id}", {"password": "planted-password"}),
        (f"{API}/monitoring/config", {"interval_s": 77}),
    ]
    for path, change in changes:
        first = await house.admin.patch(path, json=change)
        assert first.status_code == 200, first.text
        assert first.headers["ETag"] == f'"{first.json()["revision"]}"'
        late = await house.admin.patch(path, json=change, headers={"If-Match": '"999"'})
        assert late.status_code == 409, path
        assert late.json()["current"]["revision"] == first.json()["revision"]
        assert late.json()["yours"].keys() == change.keys()
        assert "planted" not in late.text
        odd = await house.admin.patch(path, json=change, headers={"If-Match": '"x"'})
        assert odd.status_code == 412


async def test_a_lost_race_changes_nothing(house: RunningDoor) -> None:
    model_id = await add_model(house, await add_provider(house), "m")
    async with house.door.database.reading() as connection:
        stored = await stored_model(connection, model_id)
    assert stored is not None
    model, revision, sequence = stored

    def renamed(name: str, to_revision: int) -> ModelUpdated:
        changed = model.model_copy(update={"custom_name": name})
        return ModelUpdated(revision=to_revision, at=model.created_at, model=changed)

    winner = renamed("winner", revision + 1)
    await house.says(winner)
    # The second writer saw the same revision, so its event has the same id.
    for loser in (renamed("loser", revision + 1), renamed("loser", revision + 2)):
        with pytest.raises(Overtaken):
            await house.door.recorder.record(loser, expected_sequence=sequence)
    assert (await house.admin.get(f"{API}/models/{model_id}")).json()["custom_name"] == "winner"
    assert await house.door.recorder.record(winner, expected_sequence=sequence)


async def test_of_many_who_write_at_once_nobody_is_told_a_lie(any_house: RunningDoor) -> None:
    model_id = await add_model(any_house, await add_provider(any_house), "m")
    answers = await asyncio.gather(*(_rename(any_house, model_id, f"n{n}") for n in range(8)))
    done = [answer.json() for answer in answers if answer.status_code == 200]
    lost = [answer.json() for answer in answers if answer.status_code == 409]
    assert len(done) + len(lost) == 8
    assert sorted(one["revision"] for one in done) == list(range(2, len(done) + 2))
    for one in lost:
        assert one["yours"]["custom_name"] != one["current"]["custom_name"]
        assert one["current"]["revision"] > 1
    updates = [e.event for e in await any_house.events() if isinstance(e.event, ModelUpdated)]
    assert len(updates) == len(done)


async def _rename(house: RunningDoor, model_id: UUID, name: str) -> Response:
    return await house.admin.patch(f"{API}/models/{model_id}", json={"custom_name": name})
