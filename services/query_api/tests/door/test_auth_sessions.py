"""Sessions: three ways in, one way round, and every way out stops at once."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import jwt
import pytest
from pydantic import SecretStr
from running_door import ADMIN_KEY, API, RunningDoor, running_door
from signing_in import PASSWORD, add_account, log_in

from arguslm_contracts.events.accounts import ApiKey, ApiKeyCreated
from arguslm_query_api.auth import login_links, sessions, tokens
from arguslm_query_api.auth.keys import hash_key
from arguslm_query_api.auth.login_links import LoginLinks
from arguslm_query_api.auth.principal import Holder
from arguslm_query_api.auth.rate_limit import RateLimit
from arguslm_query_api.auth.tokens import open_signer
from arguslm_query_api.refusals import TooMany
from arguslm_query_api.settings import Settings
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests


async def status_with(house: RunningDoor, token: str) -> int:
    return (await house.client(token).get(f"{API}/auth/me")).status_code


async def test_a_password_opens_a_session(any_house: RunningDoor) -> None:
    await add_account(any_house)
    signed = (await log_in(any_house.client())).json()
    assert (signed["username"], signed["role"], signed["token_type"]) == (
        "ana",
        "operator",
        "bearer",
    )
    me = (await any_house.client(signed["access_token"]).get(f"{API}/auth/me")).json()
    assert me == {"username": "ana", "role": "operator", "kind": "account"}


async def test_wrong_and_unknown_look_the_same_and_take_the_same_time(house: RunningDoor) -> None:
    await add_account(house)
    took: dict[str, list[float]] = {"ana": [], "nobody": []}
    answers = set()
    for username in ("ana", "nobody") * 3:
        started = time.perf_counter()
        answer = await log_in(house.client(), username=username, password="wrong password")
        took[username].append(time.perf_counter() - started)
        assert answer.status_code == 401
        answers.add(answer.json()["detail"])
    assert len(answers) == 1
    assert min(took["nobody"]) > min(took["ana"]) / 3


async def test_a_login_link_works_once(house: RunningDoor) -> None:
    link = (await house.admin.post(f"{API}/auth/login-links")).json()
    address, _, token = link["url"].partition("#token=")
    assert address.endswith("/login")
    first = await house.client().post(f"{API}/auth/login", json={"login_token": token})
    assert first.status_code == 200, first.text
    me = (await house.client(first.json()["access_token"]).get(f"{API}/auth/me")).json()
    assert me == {"username": "admin", "role": "admin", "kind": "login-link"}
    second = await house.client().post(f"{API}/auth/login", json={"login_token": token})
    assert second.status_code == 401


def test_an_old_login_link_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    links = LoginLinks()
    holder = Holder("api-key", uuid4(), 1)
    assert links.redeem(links.create(holder)) == holder
    monkeypatch.setattr(login_links, "LIFETIME", timedelta(seconds=-1))
    assert links.redeem(links.create(holder)) is None


async def test_a_session_of_a_link_ends_with_the_key_that_made_it(house: RunningDoor) -> None:
    made = await house.admin.post(f"{API}/auth/api-keys", json={"name": "n", "role": "admin"})
    helper = house.client(made.json()["key"])
    link = (await helper.post(f"{API}/auth/login-links")).json()["url"]
    token = link.partition("#token=")[2]
    signed = (await house.client().post(f"{API}/auth/login", json={"login_token": token})).json()
    assert await status_with(house, signed["access_token"]) == 200
    await house.admin.delete(f"{API}/auth/api-keys/{made.json()['id']}")
    assert await status_with(house, signed["access_token"]) == 401
    refreshed = await house.client().post(
        f"{API}/auth/refresh", json={"refresh_token": signed["refresh_token"]}
    )
    assert refreshed.status_code == 401
    assert (await helper.get(f"{API}/auth/me")).status_code == 401


async def test_logging_out_ends_both_tokens_at_once_also_after_a_restart(
    bus: BusForTests, storage: StorageSettings
) -> None:
    async with running_door(bus, storage) as house:
        await add_account(house)
        signed = (await log_in(house.client())).json()
        other = (await log_in(house.client())).json()
        client = house.client(signed["access_token"])
        assert (await client.post(f"{API}/auth/logout")).status_code == 204
        assert await status_with(house, signed["access_token"]) == 401
        refresh = {"refresh_token": signed["refresh_token"]}
        assert (await client.post(f"{API}/auth/refresh", json=refresh)).status_code == 401
        assert await status_with(house, other["access_token"]) == 200
    async with running_door(bus, storage) as again:
        assert await status_with(again, signed["access_token"]) == 401
        assert await status_with(again, other["access_token"]) == 200


@pytest.mark.parametrize(
    "change", [{"enabled": False}, {"role": "viewer"}, {"password": "another long one"}]
)
async def test_a_changed_account_has_to_sign_in_again(
    house: RunningDoor, change: dict[str, object]
) -> None:
    account_id = await add_account(house)
    signed = (await log_in(house.client())).json()
    changed = await house.admin.patch(f"{API}/accounts/{account_id}", json=change)
    assert changed.status_code == 200, changed.text
    assert await status_with(house, signed["access_token"]) == 401
    again = await log_in(house.client(), password=change.get("password", PASSWORD))
    assert again.status_code == (401 if change.get("enabled") is False else 200)


async def test_a_removed_account_is_out(house: RunningDoor) -> None:
    account_id = await add_account(house)
    signed = (await log_in(house.client())).json()
    assert (await house.admin.delete(f"{API}/accounts/{account_id}")).status_code == 204
    assert await status_with(house, signed["access_token"]) == 401
    assert (await log_in(house.client())).status_code == 401
    assert (await house.admin.get(f"{API}/accounts")).json()["items"] == []


async def test_names_are_taken_once(house: RunningDoor) -> None:
    await add_account(house)
    body = {"username": "ana", "password": PASSWORD}
    assert (await house.admin.post(f"{API}/accounts", json=body)).status_code == 409
    short = await house.admin.post(f"{API}/accounts", json={**body, "password": "planted"})
    assert short.status_code == 422
    assert "planted" not in short.text


async def test_a_refresh_token_gives_the_next_pair_and_reuse_ends_the_session(
    house: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_account(house)
    signed = (await log_in(house.client())).json()
    client = house.client()
    refresh = {"refresh_token": signed["refresh_token"]}
    second = (await client.post(f"{API}/auth/refresh", json=refresh)).json()
    assert second["refresh_token"] != signed["refresh_token"]
    assert await status_with(house, second["access_token"]) == 200
    # Two tabs may refresh at once; later it is somebody else.
    assert (await client.post(f"{API}/auth/refresh", json=refresh)).status_code == 200
    monkeypatch.setattr(sessions, "_GRACE", timedelta(0))
    assert (await client.post(f"{API}/auth/refresh", json=refresh)).status_code == 401
    assert await status_with(house, second["access_token"]) == 401


async def test_tokens_are_for_one_use_and_of_one_key(house: RunningDoor) -> None:
    await add_account(house)
    signed = (await log_in(house.client())).json()
    assert await status_with(house, signed["refresh_token"]) == 401
    wrong = {"refresh_token": signed["access_token"]}
    assert (await house.client().post(f"{API}/auth/refresh", json=wrong)).status_code == 401
    claims = jwt.decode(signed["access_token"], options={"verify_signature": False})
    forged = jwt.encode({**claims, "role": "admin"}, "x" * 64, algorithm="HS256")
    assert await status_with(house, forged) == 401
    unsigned = jwt.encode(claims, "", algorithm="none")
    assert await status_with(house, unsigned) == 401


async def test_an_expired_token_is_no_token(
    house: RunningDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_account(house)
    monkeypatch.setattr(tokens, "ACCESS_LIFETIME", timedelta(seconds=-1))
    signed = (await log_in(house.client())).json()
    expired = await house.client(signed["access_token"]).get(f"{API}/auth/me")
    assert expired.status_code == 401
    assert "expired" in expired.json()["detail"]


async def test_sign_in_attempts_are_limited(house: RunningDoor) -> None:
    stranger = house.client()
    body = {"login_token": "guess"}
    statuses = [
        (await stranger.post(f"{API}/auth/login", json=body)).status_code for _ in range(11)
    ]
    assert statuses == [401] * 10 + [429]
    limited = await stranger.post(f"{API}/auth/login", json=body)
    assert 1 <= int(limited.headers["Retry-After"]) <= 60
    assert (await house.admin.get(f"{API}/auth/me")).status_code == 200


def test_the_limit_is_a_sliding_window_for_each_client() -> None:
    now = [0.0]
    limit = RateLimit(2, 60.0, clock=lambda: now[0])
    limit.take("a")
    now[0] = 30
    limit.take("a")
    limit.take("b")
    with pytest.raises(TooMany):
        limit.take("a")
    now[0] = 61
    limit.take("a")


async def test_a_key_that_has_expired_is_no_key(house: RunningDoor) -> None:
    past = {"name": "old", "expires_at": "2020-01-01T00:00:00Z"}
    assert (await house.admin.post(f"{API}/auth/api-keys", json=past)).status_code == 422
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    made = await house.admin.post(f"{API}/auth/api-keys", json={"name": "s", "expires_at": soon})
    assert made.json()["key"].startswith("argus_")
    assert await status_with(house, made.json()["key"]) == 200
    old = ApiKey(
        key_id=uuid4(),
        name="old",
        role="admin",
        key_hash=hash_key("argus_old"),
        hint="_old",
        created_at=datetime.now(UTC),
        expires_at=datetime.now(UTC) - timedelta(seconds=1),
    )
    await house.says(ApiKeyCreated(revision=1, at=datetime.now(UTC), api_key=old))
    assert await status_with(house, "argus_old") == 401


async def test_a_revoked_admin_key_stays_revoked_after_a_restart(
    bus: BusForTests, storage: StorageSettings
) -> None:
    async with running_door(bus, storage) as house:
        made = await house.admin.post(f"{API}/auth/api-keys", json={"name": "n", "role": "admin"})
        other = house.client(made.json()["key"])
        keys = (await other.get(f"{API}/auth/api-keys")).json()["items"]
        (first,) = [key for key in keys if key["name"] == "admin"]
        assert (await other.delete(f"{API}/auth/api-keys/{first['id']}")).status_code == 204
        assert await status_with(house, ADMIN_KEY) == 401
    async with running_door(bus, storage) as again:
        assert await status_with(again, ADMIN_KEY) == 401


async def test_a_changed_admin_key_revokes_the_one_it_replaces_and_no_other(
    bus: BusForTests, storage: StorageSettings
) -> None:
    async with running_door(bus, storage) as house:
        made = await house.key_of("admin")
        link = (await house.admin.post(f"{API}/auth/login-links")).json()["url"]
        signed = await house.client().post(
            f"{API}/auth/login", json={"login_token": link.partition("#token=")[2]}
        )
        session = signed.json()["access_token"]
        assert await status_with(house, session) == 200
    second = SecretStr("the-second-admin-key-0123456789")
    async with running_door(bus, storage, admin_key=second) as changed:
        assert await status_with(changed, ADMIN_KEY) == 401
        assert await status_with(changed, session) == 401
        assert await status_with(changed, second.get_secret_value()) == 200
        assert await status_with(changed, made) == 200
    async with running_door(bus, storage, admin_key=None) as unset:
        assert await status_with(unset, second.get_secret_value()) == 200


def test_the_signing_key_is_made_once_and_private(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    pair = open_signer(settings).pair("account", Holder("account", uuid4(), 1), uuid4())
    assert open_signer(settings).read(pair[0], "access").holder.revision == 1
    file = tmp_path / "keys" / "jwt.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]
