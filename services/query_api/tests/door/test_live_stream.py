"""The live stream: what happens is pushed, what was missed is replayed, who is out is cut off."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from other_services import add_model, add_provider, alert_of, check_of, measured
from running_door import ADMIN_KEY, API, RunningDoor
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from arguslm_contracts.events.alerts import AlertAcknowledged
from arguslm_contracts.outcomes import Outcome
from arguslm_query_api import live
from arguslm_query_api.http import live as live_route
from arguslm_query_api.http import sockets
from arguslm_query_api.live_cursor import Cursor

PASSWORD = "correct horse battery"


@asynccontextmanager
async def watching(
    house: RunningDoor,
    cursor: str | None = None,
    *,
    token: str | None = ADMIN_KEY,
    **options: Any,
) -> AsyncIterator[ClientConnection]:
    query = f"?cursor={cursor}" if cursor else ""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    headers |= options.pop("headers", {})
    address = f"{house.url.replace('http', 'ws', 1)}{API}/stream{query}"
    async with connect(address, additional_headers=headers, proxy=None, **options) as socket:
        yield socket


async def say(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(10):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


async def first_of(socket: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        message = await say(socket)
        if message["kind"] == kind:
            return message


async def kinds(socket: ClientConnection, count: int) -> Sequence[str]:
    return [(await say(socket))["kind"] for _ in range(count)]


async def test_checks_alerts_and_changes_are_pushed_as_they_happen(any_house: RunningDoor) -> None:
    provider_id = await add_provider(any_house)
    model_id = await add_model(any_house, provider_id, "m", custom_name="Mine")
    async with watching(any_house) as socket:
        assert (await say(socket))["kind"] == "ping"
        check = check_of(model_id)
        await any_house.says(check)
        pushed = await say(socket)
        assert (pushed["kind"], pushed["data"]["id"]) == ("check", str(check.check_id))
        assert pushed["data"]["model_name"] == "Mine"
        assert pushed["data"]["measurement"]["timing"]["first_token_ms"] == 100.0

        alert = alert_of(model_id, provider_id)
        await any_house.says(alert)
        pushed = await say(socket)
        assert (pushed["kind"], pushed["data"]["state"]) == ("alert", "open")
        await any_house.admin.patch(f"{API}/alerts/{alert.alert_id}/acknowledge")
        assert (await say(socket))["data"]["acknowledged"] is True

        await any_house.admin.patch(f"{API}/models/{model_id}", json={"custom_name": "x"})
        pushed = await say(socket)
        assert pushed["data"] == {"aggregate": "model", "id": str(model_id)}

        body = {"model_ids": [str(model_id)]}
        run_id = (await any_house.admin.post(f"{API}/benchmarks", json=body)).json()["id"]
        pushed = await say(socket)
        assert (pushed["kind"], pushed["data"]) == (
            "benchmark",
            {"id": run_id, "status": "pending"},
        )


async def test_what_is_pushed_can_be_read_at_once(any_house: RunningDoor) -> None:
    model_id = await add_model(any_house, await add_provider(any_house), "m")
    async with watching(any_house) as socket:
        await say(socket)
        for _ in range(20):
            await any_house.publisher.append(check_of(model_id))
            pushed = await first_of(socket, "check")
            found = await any_house.admin.get(f"{API}/checks/{pushed['data']['id']}")
            assert found.status_code == 200


async def test_a_cursor_continues_without_a_gap_and_without_a_repetition(
    any_house: RunningDoor,
) -> None:
    model_id = await add_model(any_house, await add_provider(any_house), "m")
    async with watching(any_house) as socket:
        await say(socket)
        await any_house.says(check_of(model_id))
        cursor = (await first_of(socket, "check"))["cursor"]
    missed = [check_of(model_id) for _ in range(5)]
    for check in missed:
        await any_house.says(check)
    alert = alert_of(model_id, model_id)
    await any_house.says(alert)
    async with watching(any_house, cursor) as socket:
        replayed = await beside_one_ping(socket, 6)
        assert [one["data"]["id"] for one in replayed] == [
            *(str(check.check_id) for check in missed),
            str(alert.alert_id),
        ]
        after = check_of(model_id)
        await any_house.says(after)
        assert (await say(socket))["data"]["id"] == str(after.check_id)
    half = replayed[2]["cursor"]
    async with watching(any_house, half) as socket:
        again = await beside_one_ping(socket, 4)
        assert [one["data"]["id"] for one in again] == [
            str(missed[3].check_id),
            str(missed[4].check_id),
            str(alert.alert_id),
            str(after.check_id),
        ]


async def beside_one_ping(socket: Any, count: int) -> list[dict[str, Any]]:
    """The next messages. The ping stands where what is said again ends: what the tables have shown
    in that very moment comes behind it."""
    messages = [await say(socket) for _ in range(count + 1)]
    told = [one for one in messages if one["kind"] != "ping"]
    assert len(told) == count
    return told


async def test_too_much_missed_is_said_in_one_message(
    house: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_route, "MOST_REPLAYED", 3)
    model_id = await add_model(house, await add_provider(house), "m")
    start = str(house.door.feed.position)
    async with watching(house) as socket:
        await say(socket)
        for _ in range(4):
            await house.says(check_of(model_id))
        assert await kinds(socket, 4) == ["check"] * 4
    async with watching(house, start) as socket:
        first = await say(socket)
        assert (first["kind"], first["data"]["aggregate"]) == ("registry", "all")
        assert (await say(socket))["kind"] == "ping"


@pytest.mark.parametrize("cursor", ["x", "r1-q2", "r-1", "r1--c2"])
async def test_a_cursor_that_is_none_is_refused(house: RunningDoor, cursor: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with watching(house, cursor):
            pass
    assert refused.value.response.status_code == 422


def test_cursors_are_written_and_read() -> None:
    cursor = Cursor({"REGISTRY": 3, "CHECKS": 12})
    assert str(cursor) == "r3-p0-c12-b0-a0"
    assert Cursor.parse(str(cursor))["CHECKS"] == 12
    assert cursor.missed(cursor.after("CHECKS", 20).after("ALERTS", 2)) == 10


async def test_connection_tests_and_who_signs_out_are_nobodys_news(house: RunningDoor) -> None:
    model_id = await add_model(house, await add_provider(house), "m")
    test = check_of(model_id).model_copy(update={"purpose": "connection_test"})
    async with watching(house) as socket:
        await say(socket)
        await house.says(test)
        failed = check_of(model_id, measurement=measured(Outcome.AUTH))
        await house.says(failed)
        assert (await say(socket))["data"]["id"] == str(failed.check_id)


async def test_a_client_may_ask_for_a_sign_of_life(house: RunningDoor) -> None:
    async with watching(house) as socket:
        await say(socket)
        await socket.send("ping")
        async with asyncio.timeout(10):
            assert await socket.recv() == "pong"


async def test_the_line_is_pinged_with_the_cursor(
    house: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_route, "PING_S", 0.05)
    async with watching(house) as socket:
        assert await kinds(socket, 4) == ["ping"] * 4
        assert Cursor.parse((await say(socket))["cursor"])["ACCOUNTS"] > 0


async def test_a_revoked_key_is_cut_off(
    house: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_route, "PING_S", 0.05)
    made = (await house.admin.post(f"{API}/auth/api-keys", json={"name": "n"})).json()
    async with watching(house, token=made["key"]) as socket:
        await say(socket)
        await house.admin.delete(f"{API}/auth/api-keys/{made['id']}")
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await say(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401


async def test_who_falls_behind_is_told_to_come_back(
    house: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_QUEUE", 5)
    model_id = await add_model(house, await add_provider(house), "m")
    async with watching(house) as socket:
        await say(socket)
        # While nothing can be folded events pile up, and then come all at once.
        async with house.door.database.writing():
            for _ in range(50):
                await house.publisher.append(check_of(model_id))
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await say(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013


async def test_who_does_not_read_is_cut_off_and_holds_up_nobody(
    house: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "SEND_WITHIN_S", 0.5)
    model_id = await add_model(house, await add_provider(house), "m")
    big = measured(Outcome.SERVER_ERROR, "x" * 100_000)
    async with (
        watching(house, max_queue=1, compression=None) as idle,
        watching(house) as quick,
    ):
        await say(idle)
        await say(quick)
        for _ in range(200):
            await house.publisher.append(check_of(model_id, measurement=big))
            await first_of(quick, "check")
        received = 0
        with pytest.raises(ConnectionClosed):
            while True:
                await say(idle)
                received += 1
        assert received < 200


async def test_a_browser_comes_in_by_cookie_from_our_own_pages_only(house: RunningDoor) -> None:
    body = {"username": "ana", "password": PASSWORD}
    await house.admin.post(f"{API}/accounts", json=body)
    browser = house.client()
    await browser.post(f"{API}/auth/login", json=body)
    cookie = f"arguslm_session={browser.cookies['arguslm_session']}"
    own = {"Cookie": cookie, "Origin": house.url}
    async with watching(house, token=None, headers=own) as socket:
        assert (await say(socket))["kind"] == "ping"
    for origin in ({"Origin": "http://evil.example.com"}, {}):
        with pytest.raises(InvalidStatus) as refused:
            async with watching(house, token=None, headers={"Cookie": cookie, **origin}):
                pass
        assert refused.value.response.status_code == 403


async def test_a_browser_without_cookies_comes_in_by_subprotocol(house: RunningDoor) -> None:
    protocols = [Subprotocol("arguslm"), Subprotocol(f"bearer.{ADMIN_KEY}")]
    async with watching(house, token=None, subprotocols=protocols) as socket:
        assert socket.subprotocol == "arguslm"
        assert (await say(socket))["kind"] == "ping"
    async with watching(house, token=None, subprotocols=protocols[1:]) as socket:
        assert socket.subprotocol == protocols[1]


async def test_acknowledging_elsewhere_is_seen_here(house: RunningDoor) -> None:
    model_id = await add_model(house, await add_provider(house), "m")
    alert = alert_of(model_id, model_id)
    await house.says(alert)
    async with watching(house) as socket:
        await say(socket)
        await house.says(
            AlertAcknowledged(
                alert_id=alert.alert_id, acknowledged_by="else", acknowledged_at=alert.raised_at
            )
        )
        seen = await first_of(socket, "alert")
        if seen["data"]["acknowledged_by"] is None:  # its raising, told only now
            seen = await first_of(socket, "alert")
        assert seen["data"]["acknowledged_by"] == "else"
