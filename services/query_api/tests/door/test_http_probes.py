"""Probes: defined by people; nonsense is refused where it stands."""

from typing import Any
from uuid import uuid4

import pytest
from other_services import add_model, add_provider
from running_door import API, RunningDoor

PROBES = f"{API}/probes"
EVERY_MINUTE = {"interval_s": 60}


async def add(house: RunningDoor, **fields: Any) -> dict[str, Any]:
    answer = await house.admin.post(PROBES, json={"name": "P", "kind": "canary"} | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_probe_is_defined_changed_and_removed(any_house: RunningDoor) -> None:
    admin, of = any_house.admin, await add_provider(any_house)
    model_id = await add_model(any_house, of, "m")
    assertions = [
        {"type": "latency", "metric": "total_ms", "at_most_ms": 2000, "level": "warn"},
        {"type": "json_path", "path": "$.city", "equals": "Rome"},
    ]
    schema = {"type": "object", "required": ["city"]}
    one = await add(
        any_house,
        name="Cities",
        kind="json_schema",
        provider_id=str(of),
        cron="*/5 * * * *",
        answer_schema=schema,
        assertions=assertions,
    )
    assert (one["provider_id"], one["cron"], one["interval_s"]) == (str(of), "*/5 * * * *", None)
    assert one["answer_schema"] == schema
    assert [each["type"] for each in one["assertions"]] == ["latency", "json_path"]
    path = f"{PROBES}/{one['id']}"
    changed = await admin.patch(path, json=EVERY_MINUTE, headers={"If-Match": '"1"'})
    assert (changed.json()["interval_s"], changed.json()["cron"]) == (60, None)
    assert changed.json()["assertions"] == one["assertions"]
    cleared = await admin.patch(path, json={"answer_schema": None, "enabled": False})
    assert (cleared.json()["answer_schema"], cleared.json()["enabled"]) == (None, False)
    late = await admin.patch(path, json={"name": "Mine"}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["current"]["revision"]) == (409, 3)
    await add(any_house, name="Answers", model_id=str(model_id), **EVERY_MINUTE)
    listed = (await admin.get(PROBES)).json()["items"]
    assert [each["name"] for each in listed] == ["Answers", "Cities"]
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(path)).status_code == 404


async def test_the_same_key_twice_makes_one_probe(house: RunningDoor) -> None:
    body = {"name": "Once", "kind": "throughput", "interval_s": 3600}
    key = {"Idempotency-Key": "one"}
    first, second = [await house.admin.post(PROBES, json=body, headers=key) for _ in range(2)]
    assert first.json()["id"] == second.json()["id"]
    assert len((await house.admin.get(PROBES)).json()["items"]) == 1


def asserting(**assertion: Any) -> dict[str, Any]:
    return {"assertions": [assertion], **EVERY_MINUTE}


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"kind": "liveness", **EVERY_MINUTE}, "kind", "monitoring"),
        ({"kind": "smell", **EVERY_MINUTE}, "kind", "Input should be"),
        ({}, "interval_s", "one of the two"),
        ({"interval_s": 60, "cron": "* * * * *"}, "interval_s", "one of the two"),
        ({"interval_s": 0}, "interval_s", "greater than or equal to 10"),
        ({"cron": "every day"}, "cron", "five fields"),
        ({"cron": "61 * * * *"}, "cron", "not a cron expression"),
        ({"cron": "0 0 30 2 *"}, "cron", "Bad day-of-month"),
        ({"model_id": str(uuid4()), **EVERY_MINUTE}, "model_id", "no model"),
        ({"provider_id": str(uuid4()), **EVERY_MINUTE}, "provider_id", "no provider"),
        ({"answer_schema": {}, **EVERY_MINUTE}, "answer_schema", "takes no answer_schema"),
        (
            {"kind": "json_schema", "answer_schema": {"type": "nonsense"}, **EVERY_MINUTE},
            "answer_schema",
            "not a JSON schema",
        ),
        ({"context_words": 500, **EVERY_MINUTE}, "context_words", "takes no context_words"),
        ({"kind": "long_context", "prompt": "x", **EVERY_MINUTE}, "prompt", "its own prompt"),
        (asserting(type="regex", pattern="(a"), "assertions.0", "not a regular expression"),
        (asserting(type="json_path", path="$.a["), "assertions.0", "not a JSONPath"),
        (asserting(type="json_schema", json_schema={"type": 1}), "assertions.0", "JSON schema"),
        (asserting(type="latency", at_most_ms=-1), "assertions.0", "greater than 0"),
        (asserting(type="smell"), "assertions.0", "smell"),
    ],
)
async def test_nonsense_is_refused_where_it_stands(
    house: RunningDoor, body: dict[str, Any], field: str, says: str
) -> None:
    answer = await house.admin.post(PROBES, json={"name": "P", "kind": "canary"} | body)
    assert answer.status_code == 422
    (fault,) = answer.json()["detail"]
    assert field in ".".join(map(str, fault["loc"]))
    assert says in fault["msg"]


async def test_what_an_edit_would_break_is_refused_too(house: RunningDoor) -> None:
    one = await add(house, **EVERY_MINUTE)
    path = f"{PROBES}/{one['id']}"
    for body in (
        {"interval_s": 60, "cron": "* * * * *"},
        {"cron": "* * * *"},
        {"answer_schema": {}},
        {"assertions": [{"type": "regex", "pattern": "["}]},
    ):
        assert (await house.admin.patch(path, json=body)).status_code == 422
    assert (await house.admin.get(path)).json() == one


async def test_a_viewer_reads_and_defines_nothing(house: RunningDoor) -> None:
    viewer = await house.as_role("viewer")
    assert (await viewer.get(PROBES)).status_code == 200
    body = {"name": "P", "kind": "canary", **EVERY_MINUTE}
    assert (await viewer.post(PROBES, json=body)).status_code == 403


async def test_a_rule_on_probes_is_of_one_or_of_any(house: RunningDoor) -> None:
    one = await add(house, **EVERY_MINUTE)
    rules = f"{API}/alerts/rules"
    body = {"name": "Wrong", "rule_type": "probe_failed"}
    made = await house.admin.post(rules, json=body | {"target_probe_id": one["id"]})
    assert (made.status_code, made.json()["target_probe_id"]) == (201, one["id"])
    assert (await house.admin.post(rules, json=body)).status_code == 201
    for nonsense in (
        {"target_probe_id": str(uuid4())},
        {"failures_to_raise": 11},
        {"rule_type": "any_model_down", "target_probe_id": one["id"]},
    ):
        assert (await house.admin.post(rules, json=body | nonsense)).status_code == 422
    path = f"{rules}/{made.json()['id']}"
    assert (await house.admin.patch(path, json={"successes_to_resolve": 11})).status_code == 422
