"""Where a client speaks to, as whom, and how its session lives on."""

import stat
from pathlib import Path
from typing import Any

import pytest
from stand_in_api import StandIn, problem

from arguslm import ArgusLMClient, AsyncArgusLMClient, errors
from arguslm.saved_login import Login, forget_login, load_login, login_path, save_login
from arguslm.session import DEFAULT_BASE_URL, Session, find_session

ME = {"username": "ada", "role": "admin", "kind": "account"}


def tokens(number: int) -> dict[str, Any]:
    return {
        "access_token": f"access-{number}",
        "refresh_token": f"refresh-{number}",
        "expires_in_s": 900,
        "username": "ada",
        "role": "admin",
    }


def environment(home: Path, **values: str) -> dict[str, str]:
    return {"ARGUSLM_HOME": str(home), **values}


def test_arguments_then_environment_then_login(tmp_path: Path) -> None:
    empty = environment(tmp_path)
    assert find_session(environ=empty).base_url == DEFAULT_BASE_URL
    save_login(login_path(empty), Login("http://saved", "saved-token"))
    assert _found(empty) == ("http://saved", "saved-token")
    full = empty | {"ARGUSLM_BASE_URL": "http://environ/", "ARGUSLM_API_KEY": "environ-token"}
    assert _found(full) == ("http://environ", "environ-token")
    assert _found(full, "http://given", "given-token") == ("http://given", "given-token")


def _found(environ: dict[str, str], *given: str) -> tuple[str, str | None]:
    session = find_session(*given, environ=environ)
    return session.base_url, session.token


def test_a_saved_token_goes_only_to_its_own_server(tmp_path: Path) -> None:
    environ = environment(tmp_path)
    save_login(login_path(environ), Login("http://saved", "saved-token"))
    assert _found(environ, "http://elsewhere") == ("http://elsewhere", None)
    assert _found(environ | {"ARGUSLM_BASE_URL": "http://elsewhere"})[1] is None


@pytest.mark.parametrize(
    "url", ["localhost:8088", "ftp://x", "http://", "nonsense", "http://x:y", "http://x:0"]
)
def test_an_address_must_be_one(url: str) -> None:
    with pytest.raises(errors.ArgusLMError, match="http://host:port"):
        find_session(url, environ={})


def test_the_login_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "credentials.json"
    save_login(file, Login("http://x", "secret-token"))
    save_login(file, Login("http://y", "secret-token"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["credentials.json"]
    assert load_login(file) == Login("http://y", "secret-token")
    assert "secret-token" not in repr(load_login(file))
    assert forget_login(file)
    assert load_login(file) is None
    assert not forget_login(file)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"url": "http://x"}'])
def test_a_broken_login_is_no_login(tmp_path: Path, content: str) -> None:
    (tmp_path / "credentials.json").write_text(content)
    assert load_login(tmp_path / "credentials.json") is None


def test_signing_in_and_out(server: StandIn) -> None:
    server.answer("POST", "/api/v1/auth/login", tokens(1))
    server.answer("GET", "/api/v1/auth/me", ME)
    server.answer("POST", "/api/v1/auth/logout", 204)
    with ArgusLMClient(base_url=server.url) as client:
        client.login("ada", "a good password")
        assert client.whoami().role == "admin"
        client.logout()
    login, whoami, logout = server.seen
    assert login.body == {"username": "ada", "password": "a good password"}
    assert "authorization" not in login.headers
    assert whoami.headers["authorization"] == "Bearer access-1"
    assert logout.body == {"refresh_token": "refresh-1"}


async def test_signing_in_with_a_link_asynchronously(server: StandIn) -> None:
    server.answer("POST", "/api/v1/auth/login", tokens(1))
    server.answer("GET", "/api/v1/auth/me", ME)
    server.answer("POST", "/api/v1/auth/logout", 204)
    async with AsyncArgusLMClient(base_url=server.url) as client:
        await client.login(login_token="once")
        await client.whoami()
        await client.logout()
    assert server.seen[0].body == {"login_token": "once"}
    assert server.seen[1].headers["authorization"] == "Bearer access-1"


def test_an_expired_session_is_renewed_once_and_saved(server: StandIn, tmp_path: Path) -> None:
    server.answer("GET", "/api/v1/auth/me", 401, ME)
    server.answer("POST", "/api/v1/auth/refresh", tokens(2))
    file, login = tmp_path / "c.json", Login(server.url, "access-1", "refresh-1", "ada")
    save_login(file, login)
    with ArgusLMClient(session=Session(server.url, saved=(file, login))) as client:
        client.whoami()
    assert [one.path.rsplit("/")[-1] for one in server.seen] == ["me", "refresh", "me"]
    assert server.seen[1].body == {"refresh_token": "refresh-1"}
    assert server.seen[2].headers["authorization"] == "Bearer access-2"
    assert load_login(file) == Login(server.url, "access-2", "refresh-2", "ada")


async def test_renewed_by_the_async_client_for_many_at_once(
    server: StandIn, tmp_path: Path
) -> None:
    import asyncio

    server.answer("GET", "/api/v1/auth/me", 401, 401, 401, ME)
    server.answer("POST", "/api/v1/auth/refresh", tokens(2))
    file, login = tmp_path / "c.json", Login(server.url, "access-1", "refresh-1", "ada")
    async with AsyncArgusLMClient(session=Session(server.url, saved=(file, login))) as client:
        await asyncio.gather(*(client.whoami() for _ in range(3)))
    assert len(server.requests("/api/v1/auth/refresh")) == 1


def test_tokens_renewed_by_another_process_are_taken(server: StandIn, tmp_path: Path) -> None:
    server.answer("GET", "/api/v1/auth/me", 401, ME)
    file, login = tmp_path / "c.json", Login(server.url, "access-1", "refresh-1", "ada")
    save_login(file, Login(server.url, "access-9", "refresh-9", "ada"))
    with ArgusLMClient(session=Session(server.url, saved=(file, login))) as client:
        client.whoami()
    assert server.requests("/api/v1/auth/refresh") == []
    assert server.seen[1].headers["authorization"] == "Bearer access-9"


def test_a_revoked_session_stays_refused(server: StandIn, tmp_path: Path) -> None:
    server.answer("GET", "/api/v1/auth/me", problem(401, "your session has ended"))
    server.answer("POST", "/api/v1/auth/refresh", 401)
    login = Login(server.url, "access-1", "refresh-1", "ada")
    session = Session(server.url, saved=(tmp_path / "c.json", login))
    with (
        ArgusLMClient(session=session) as client,
        pytest.raises(errors.Unauthorized, match="your session has ended"),
    ):
        client.whoami()
    assert len(server.seen) == 2


def test_an_api_key_is_not_renewed(server: StandIn) -> None:
    server.answer("GET", "/api/v1/auth/me", 401)
    with (
        ArgusLMClient(base_url=server.url, api_key="revoked") as client,
        pytest.raises(errors.Unauthorized),
    ):
        client.whoami()
    assert len(server.seen) == 1
