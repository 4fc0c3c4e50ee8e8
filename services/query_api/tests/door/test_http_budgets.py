"""Budgets: set by people, used by checks, booked by benchmarks before they begin."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from other_services import add_model, add_provider, check_of
from running_door import API, RunningDoor

from arguslm_contracts.events.benchmarks import BenchmarkRequested
from arguslm_contracts.measurement import Cost, Price

BUDGETS = f"{API}/budgets"
PRICE = {"input_usd_per_million_tokens": 10, "output_usd_per_million_tokens": 10}
# Ten requests of 1000 tokens of both kinds at most: ten cents.
RUN = {"prompt_pack": "custom", "prompt": "?" * 100, "max_tokens": 700, "num_runs": 9}


async def add_budget(house: RunningDoor, usd_per_day: float, **fields: Any) -> dict[str, Any]:
    body = {"name": "Small", "usd_per_day": usd_per_day} | fields
    answer = await house.admin.post(BUDGETS, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def priced_model(house: RunningDoor, provider_id: UUID) -> UUID:
    model_id = await add_model(house, provider_id, "m")
    answer = await house.admin.patch(f"{API}/models/{model_id}", json={"price": PRICE})
    assert answer.status_code == 200
    return model_id


async def test_a_budget_is_set_changed_and_removed(any_house: RunningDoor) -> None:
    admin, of = any_house.admin, await add_provider(any_house)
    key = await add_budget(any_house, 1.5, provider_id=str(of))
    assert (key["used_usd"], key["left_usd"], key["provider_id"]) == (0, 1.5, str(of))
    path = f"{BUDGETS}/{key['id']}"
    changed = await admin.patch(path, json={"usd_per_day": 2}, headers={"If-Match": '"1"'})
    assert (changed.json()["usd_per_day"], changed.json()["revision"]) == (2, 2)
    late = await admin.patch(path, json={"name": "Mine"}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["current"]["usd_per_day"]) == (409, 2)
    await add_budget(any_house, 9, name="All")
    assert [one["name"] for one in (await admin.get(BUDGETS)).json()["items"]] == ["All", "Small"]
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(path)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"usd_per_day": 0},
        {"usd_per_day": -1},
        {"usd_per_day": 1, "provider_id": str(uuid4())},
        {"usd_per_day": 1, "model_id": str(uuid4())},
        {"usd_per_day": 1, "provider_id": str(uuid4()), "model_id": str(uuid4())},
        {},
    ],
)
async def test_nonsense_is_refused(house: RunningDoor, body: dict[str, Any]) -> None:
    assert (await house.admin.post(BUDGETS, json={"name": "B"} | body)).status_code == 422


async def test_a_benchmark_books_what_it_may_cost_and_no_more_than_is_left(
    any_house: RunningDoor,
) -> None:
    admin, of = any_house.admin, await add_provider(any_house)
    model_id = await priced_model(any_house, of)
    budget = await add_budget(any_house, 0.25, provider_id=str(of))
    run = RUN | {"model_ids": [str(model_id)]}
    key = {"Idempotency-Key": "one"}
    for _ in range(2):
        assert (await admin.post(f"{API}/benchmarks", json=run, headers=key)).status_code == 202
    shown = (await admin.get(f"{BUDGETS}/{budget['id']}")).json()
    assert shown["booked_usd"] == shown["used_usd"] == pytest.approx(0.1)
    assert (await admin.post(f"{API}/benchmarks", json=run)).status_code == 202
    refused = await admin.post(f"{API}/benchmarks", json=run)
    assert refused.status_code == 409
    assert "may cost $0.100000, and $0.050000 are left" in refused.json()["detail"]
    events = [one.event for one in await any_house.events()]
    requested = [one for one in events if isinstance(one, BenchmarkRequested)]
    assert [one.plan.at_most_usd for one in requested] == pytest.approx([0.1, 0.1])


async def test_a_price_is_known_from_the_last_check_and_checks_use_the_budget(
    house: RunningDoor,
) -> None:
    of = await add_provider(house)
    model_id = await add_model(house, of, "m")
    await add_budget(house, 1)
    cost = Cost(usd=0.04, price=Price.model_validate(PRICE))
    done = check_of(model_id)
    measured = done.measurement.model_copy(update={"cost": cost})
    await house.says(done.model_copy(update={"measurement": measured}))
    answer = await house.admin.post(f"{API}/benchmarks", json=RUN | {"model_ids": [str(model_id)]})
    assert answer.status_code == 202
    (shown,) = (await house.admin.get(BUDGETS)).json()["items"]
    assert shown["used_usd"] == pytest.approx(0.14)
    assert shown["booked_usd"] == pytest.approx(0.1)


async def test_a_rule_on_budgets_needs_a_threshold_and_a_budget_that_is(
    house: RunningDoor,
) -> None:
    rules, budget = f"{API}/alerts/rules", await add_budget(house, 1)
    body = {"name": "R", "rule_type": "budget_used", "target_budget_id": budget["id"]}
    made = await house.admin.post(rules, json=body | {"threshold_percent": 80})
    assert made.status_code == 201
    path = f"{rules}/{made.json()['id']}"
    changed = (await house.admin.patch(path, json={"threshold_percent": 90})).json()
    assert (changed["threshold_percent"], changed["target_budget_id"]) == (90, budget["id"])
    for wrong in (
        body,
        body | {"threshold_percent": 81},
        body | {"threshold_percent": 100},
        body | {"threshold_percent": 80, "target_budget_id": str(uuid4())},
        {"name": "R", "rule_type": "any_model_down", "threshold_percent": 80},
    ):
        assert (await house.admin.post(rules, json=wrong)).status_code == 422
    other = {"name": "Down", "rule_type": "any_model_down"}
    down = (await house.admin.post(rules, json=other)).json()["id"]
    refused = await house.admin.patch(f"{rules}/{down}", json={"threshold_percent": 80})
    assert refused.status_code == 422
