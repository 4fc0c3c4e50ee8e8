"""Alerts, the rules that raise them and the channels that carry them."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from other_services import add_model, add_provider, alert_of, now
from running_door import API, RunningDoor

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.alerts import (
    AlertAcknowledged,
    NotificationDelivered,
    NotificationFailed,
    NotificationTestRequested,
)
from arguslm_contracts.events.registry import ChannelCreated, ChannelUpdated
from arguslm_storage.vault import Vault

WEBHOOK = "https://hooks.example.com/services/T0-planted-secret"


async def add_channel(house: RunningDoor, **given: object) -> UUID:
    body = {"name": "ops", "kind": "webhook", "url": WEBHOOK, **given}
    made = await house.admin.post(f"{API}/alerts/channels", json=body)
    assert made.status_code == 201, made.text
    return UUID(made.json()["id"])


async def test_a_rule_is_created_changed_by_one_field_and_removed(any_house: RunningDoor) -> None:
    model_id = await add_model(any_house, await add_provider(any_house), "a")
    channel_id = await add_channel(any_house)
    body = {
        "name": "a is down",
        "rule_type": "specific_model_down",
        "target_model_id": str(model_id),
        "channel_ids": [str(channel_id)],
    }
    made = await any_house.admin.post(f"{API}/alerts/rules", json=body)
    assert made.status_code == 201, made.text
    rule = made.json()
    assert (rule["failures_to_raise"], rule["notify_webhook"]) == (2, True)
    path = f"{API}/alerts/rules/{rule['id']}"
    changed = (await any_house.admin.patch(path, json={"enabled": False})).json()
    assert {**rule, "enabled": False, "revision": 2} == changed
    cleared = (await any_house.admin.patch(path, json={"channel_ids": []})).json()
    assert cleared["channel_ids"] == []
    assert (await any_house.admin.delete(path)).status_code == 204
    assert (await any_house.admin.get(f"{API}/alerts/rules")).json() == []
    assert (await any_house.admin.delete(path)).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rule_type": "specific_model_down"}, "target_model_id"),
        ({"rule_type": "specific_model_down", "target_model_id": str(uuid4())}, "target_model_id"),
        ({"rule_type": "model_unavailable_everywhere"}, "target_model_name"),
        ({"rule_type": "any_model_down", "target_model_id": str(uuid4())}, "target_model_id"),
        ({"rule_type": "any_model_down", "target_model_name": "x"}, "target_model_name"),
        ({"rule_type": "performance_degradation"}, "rule_type"),
        ({"rule_type": "any_model_down", "channel_ids": [str(uuid4())]}, "channel_ids"),
        ({"rule_type": "any_model_down", "failures_to_raise": 0}, "failures_to_raise"),
        ({"rule_type": "any_model_down", "webhook_url": "https://x"}, "webhook_url"),
    ],
)
async def test_a_rule_that_could_never_work_is_refused(
    house: RunningDoor, body: dict[str, object], field: str
) -> None:
    refused = await house.admin.post(f"{API}/alerts/rules", json={"name": "r", **body})
    assert refused.status_code == 422, refused.text
    assert refused.json()["detail"][0]["loc"][-1] == field


async def test_a_channels_address_is_sealed_and_never_shown(any_house: RunningDoor) -> None:
    channel_id = await add_channel(any_house)
    shown = (await any_house.admin.get(f"{API}/alerts/channels")).json()["items"]
    assert shown[0]["url_hint"] == "https://hooks.example.com"
    path = f"{API}/alerts/channels/{channel_id}"
    renamed = await any_house.admin.patch(path, json={"name": "night"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "night")
    events = [e.event for e in await any_house.events()]
    created = [event for event in events if isinstance(event, ChannelCreated)]
    updated = [event for event in events if isinstance(event, ChannelUpdated)]
    assert created[0].channel.url == updated[0].channel.url
    assert "planted" not in created[0].model_dump_json()
    assert any_house.door.vault.open(created[0].channel.url) == {"url": WEBHOOK}
    moved = await any_house.admin.patch(path, json={"url": "http://127.0.0.1:9/hook"})
    assert moved.json()["url_hint"] == "http://127.0.0.1"
    assert (await any_house.admin.delete(path)).status_code == 204
    assert (await any_house.admin.get(f"{API}/alerts/channels")).json()["items"] == []


async def test_an_address_sealed_with_a_lost_key_can_be_entered_again(house: RunningDoor) -> None:
    channel_id = await add_channel(house)
    (created,) = [e.event for e in await house.events() if isinstance(e.event, ChannelCreated)]
    lost = Vault([Fernet.generate_key().decode()]).seal({"url": WEBHOOK})
    channel = created.channel.model_copy(update={"url": lost})
    await house.says(ChannelUpdated(revision=2, at=now(), channel=channel, changed=("url",)))
    (shown,) = (await house.admin.get(f"{API}/alerts/channels")).json()["items"]
    assert shown["url_hint"] == "sealed with a lost key: enter it again"
    path = f"{API}/alerts/channels/{channel_id}"
    entered = await house.admin.patch(path, json={"url": WEBHOOK})
    assert (entered.status_code, entered.json()["url_hint"]) == (200, "https://hooks.example.com")


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("webhook", "ftp://example.com/planted"),
        ("webhook", "hooks.example.com/planted"),
        ("webhook", "http://169.254.169.254/planted"),
        ("webhook", "https:///planted"),
        ("apprise", "dbus://planted"),
        ("apprise", "file:///planted"),
        ("apprise", "exec://planted"),
        ("apprise", "syslog://planted"),
        ("apprise", "json://169.254.169.254/planted"),
        ("apprise", "planted"),
    ],
)
async def test_addresses_that_lead_nowhere_good_are_refused(
    house: RunningDoor, kind: str, url: str
) -> None:
    body = {"name": "c", "kind": kind, "url": url}
    refused = await house.admin.post(f"{API}/alerts/channels", json=body)
    assert refused.status_code == 422, refused.text
    assert refused.json()["detail"][0]["loc"] == ["body", "url"]
    assert "planted" not in refused.text


@pytest.mark.parametrize(
    ("url", "says"),
    [("tgrm://1:a/2", "did you mean tgram://"), ("carrier-pigeon://x", "no service")],
)
async def test_a_service_that_apprise_does_not_have_is_refused_with_what_it_may_have_meant(
    house: RunningDoor, url: str, says: str
) -> None:
    body = {"name": "c", "kind": "apprise", "url": url}
    refused = await house.admin.post(f"{API}/alerts/channels", json=body)
    assert refused.status_code == 422, refused.text
    assert says in refused.json()["detail"][0]["msg"]


async def test_apprise_addresses_are_taken_as_they_are(house: RunningDoor) -> None:
    channel_id = await add_channel(house, kind="apprise", url="tgram://123:abc/456")
    shown = (await house.admin.get(f"{API}/alerts/channels/{channel_id}")).json()
    assert shown["url_hint"].startswith("tgram://")
    assert "abc" not in shown["url_hint"]


@pytest.mark.parametrize("works", [True, False])
async def test_testing_a_channel_waits_for_what_became_of_it(
    house: RunningDoor, *, works: bool
) -> None:
    channel_id = await add_channel(house)

    async def notifier(recorded: Recorded) -> None:
        event = recorded.event
        if not isinstance(event, NotificationTestRequested):
            return
        fields: dict[str, Any] = {
            "alert_id": event.test_id,
            "transition": "test",
            "channel_id": event.channel_id,
            "channel_name": "ops",
            "attempts": 1,
            "at": now(),
        }
        if works:
            await house.publisher.append(NotificationDelivered(**fields))
        else:
            await house.publisher.append(NotificationFailed(**fields, error="HTTP 404"))

    async with house.answering(notifier):
        tested = await house.admin.post(f"{API}/alerts/channels/{channel_id}/test")
    assert tested.json()["success"] is works
    assert ("HTTP 404" in tested.json()["message"]) is not works


async def test_alerts_are_listed_counted_and_acknowledged_once(any_house: RunningDoor) -> None:
    rule_id = uuid4()
    alert = alert_of(uuid4(), rule_id)
    await any_house.says(alert)
    await any_house.says(alert_of(uuid4(), uuid4()))
    admin = any_house.admin
    assert (await admin.get(f"{API}/alerts/unread-count")).json() == {"count": 2}
    recent = (await admin.get(f"{API}/alerts/recent?limit=1")).json()
    assert (len(recent["items"]), recent["total_unread"]) == (1, 2)
    of_rule = (await admin.get(f"{API}/alerts?rule_id={rule_id}")).json()
    assert [one["id"] for one in of_rule["items"]] == [str(alert.alert_id)]
    assert of_rule["unacknowledged_count"] == 2
    path = f"{API}/alerts/{alert.alert_id}/acknowledge"
    for _ in range(2):
        acknowledged = (await admin.patch(path)).json()
        assert (acknowledged["acknowledged"], acknowledged["acknowledged_by"]) == (True, "admin")
    said = [e for e in await any_house.events() if isinstance(e.event, AlertAcknowledged)]
    assert len(said) == 1
    assert (await admin.get(f"{API}/alerts/unread-count")).json() == {"count": 1}
    assert (await admin.patch(f"{API}/alerts/{uuid4()}/acknowledge")).status_code == 404
