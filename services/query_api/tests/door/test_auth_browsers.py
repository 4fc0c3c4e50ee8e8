"""Browsers: a session in cookies that no script reads and no other site's page can use."""

from pathlib import Path

import pytest
from running_door import API, RunningDoor, running_door
from signing_in import PASSWORD, add_account, log_in

from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests


async def test_browsers_get_cookies_no_script_can_read(house: RunningDoor) -> None:
    await add_account(house)
    browser = house.client()
    signed = await log_in(browser)
    cookies = signed.headers.get_list("set-cookie")
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Secure" not in cookie
    assert (await browser.get(f"{API}/auth/me")).json()["username"] == "ana"
    own = {"Origin": house.url}
    refreshed = await browser.post(f"{API}/auth/refresh", json={}, headers=own)
    assert refreshed.status_code == 200
    assert (await browser.post(f"{API}/auth/logout", headers=own)).status_code == 204
    assert (await browser.get(f"{API}/auth/me")).status_code == 401


async def test_cookies_are_for_https_only_where_people_use_https(
    bus: BusForTests, tmp_path: Path
) -> None:
    storage = StorageSettings(data_dir=tmp_path / "data")
    async with running_door(bus, storage, public_url="https://argus.example.com") as house:
        await add_account(house)
        signed = await log_in(house.client())
        assert all("Secure" in cookie for cookie in signed.headers.get_list("set-cookie"))
        browser = house.client()
        browser.cookies.set("arguslm_session", signed.json()["access_token"])
        for origin, status in [
            ("https://evil.example.com", 403),
            ("https://argus.example.com", 204),
        ]:
            answer = await browser.post(f"{API}/auth/logout", headers={"Origin": origin})
            assert answer.status_code == status


@pytest.mark.parametrize("origin", ["http://evil.example.com", "null", None])
async def test_another_sites_page_cannot_use_the_session(
    house: RunningDoor, origin: str | None
) -> None:
    await add_account(house)
    browser = house.client()
    await log_in(browser)
    headers = {"Origin": origin} if origin else {}
    for path in (f"{API}/monitoring/run", f"{API}/auth/logout", f"{API}/auth/refresh"):
        assert (await browser.post(path, json={}, headers=headers)).status_code == 403, path
    assert (await browser.get(f"{API}/auth/me", headers=headers)).status_code == 200
    elsewhere = await house.client().post(
        f"{API}/auth/login",
        json={"username": "ana", "password": PASSWORD},
        headers={"Origin": "http://evil.example.com"},
    )
    assert elsewhere.status_code == 403
