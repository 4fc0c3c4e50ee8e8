"""Signing in, exit codes, and what is passed on to the launcher."""

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import cli_answers as says
import pytest
from cli_runner import Run
from stand_in_api import StandIn, problem

from arguslm.saved_login import Login, load_login, login_path, save_login

V1 = "/api/v1"
KEY = "alm_planted-admin-key"


@pytest.fixture
def saved() -> Callable[[], Login | None]:
    return lambda: load_login(login_path())


Saved = Callable[[], Login | None]


def test_signing_in_with_a_key(server: StandIn, run: Run, saved: Saved) -> None:
    server.answer("GET", f"{V1}/auth/me", says.ME)
    done = run("login", "--url", server.url, "--key", stdin=f"{KEY}\n")
    assert done.code == 0, done.err
    assert KEY not in done.out + done.err
    assert saved() == Login(server.url, KEY, None, "ada")
    assert stat.S_IMODE(login_path().stat().st_mode) == 0o600
    assert "admin" in run("whoami").out
    assert server.seen[-1].headers["authorization"] == f"Bearer {KEY}"


def test_a_wrong_key_is_not_saved(server: StandIn, run: Run, saved: Saved) -> None:
    server.answer("GET", f"{V1}/auth/me", 401)
    assert run("login", "--url", server.url, "--key", stdin="wrong\n").code == 3
    assert saved() is None


def test_signing_in_as_a_person_and_out_again(server: StandIn, run: Run, saved: Saved) -> None:
    server.answer("POST", f"{V1}/auth/login", says.session())
    server.answer("POST", f"{V1}/auth/logout", 204)
    assert run("login", "--url", server.url, "-u", "ada", stdin="a password\n").code == 0
    assert server.seen[0].body == {"username": "ada", "password": "a password"}
    assert saved() == Login(server.url, "access-1", "refresh-1", "ada")
    assert run("logout").code == 0
    assert server.seen[-1].body == {"refresh_token": "refresh-1"}
    assert server.seen[-1].headers["authorization"] == "Bearer access-1"
    assert saved() is None
    assert run("logout").out == "not signed in\n"


def test_signing_out_works_without_the_server(run: Run, saved: Saved, refusing_url: str) -> None:
    save_login(login_path(), Login(refusing_url, "a", "r", "ada"))
    done = run("logout")
    assert done.code == 0
    assert "was not told" in done.err
    assert saved() is None


@pytest.mark.parametrize(
    "form",
    ["{url}/login?token={token}", "{url}/login#token={token}", "{url}/#/in?login_token={token}"],
)
def test_signing_in_with_a_link(server: StandIn, run: Run, saved: Saved, form: str) -> None:
    server.answer("POST", f"{V1}/auth/login", says.session())
    assert run("login", form.format(url=server.url, token="once")).code == 0
    assert server.seen[0].body == {"login_token": "once"}
    known = saved()
    assert known is not None
    assert known.url == server.url


def test_a_link_without_a_token_is_none(run: Run) -> None:
    assert run("login", "http://127.0.0.1:1/").code == 2


@pytest.mark.parametrize("how", ["option", "environment", "here"])
def test_signing_in_on_the_same_machine(
    server: StandIn,
    run: Run,
    saved: Saved,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    directory = tmp_path / ".arguslm"
    (directory / "keys").mkdir(parents=True)
    (directory / "house.json").write_text(json.dumps({"url": server.url}))
    (directory / "keys" / "admin.key").write_text(f"{KEY}\n")
    server.answer("GET", f"{V1}/auth/me", says.ME)
    if how == "environment":
        monkeypatch.setenv("ARGUSLM_DATA_DIR", str(directory))
    elif how == "here":
        monkeypatch.chdir(tmp_path)
    options = ("--data-dir", str(directory)) if how == "option" else ()
    assert run("login", *options).code == 0
    assert saved() == Login(server.url, KEY, None, "ada")


def test_no_house_there(run: Run, tmp_path: Path) -> None:
    done = run("login", "--data-dir", str(tmp_path))
    assert done.code == 1
    assert "arguslm up" in done.err


def test_ways_to_sign_in_exclude_each_other(run: Run, tmp_path: Path) -> None:
    assert run("login", "--key", "-u", "ada").code == 2
    assert run("login", stdin="").code == 2


def test_exit_codes(server: StandIn, run: Run, refusing_url: str) -> None:
    at = ("--url", server.url)
    assert run("providers", "list", "--bogus").code == 2
    assert run("nonsense").code == 2
    server.answer("GET", f"{V1}/providers", 403)
    assert run("providers", "list", *at).code == 1
    server.answer("GET", f"{V1}/providers", problem(401, "who are you"))
    refused = run("providers", "list", *at, "--token", "t")
    assert refused.code == 3
    assert refused.err == ("arguslm: who are you (request req-7); sign in with: arguslm login\n")
    away = run("providers", "list", "--url", refusing_url)
    assert away.code == 3
    refusal = f"arguslm: cannot connect to {refusing_url}: the connection was refused; "
    assert away.err.startswith(refusal)
    assert "arguslm up" in away.err
    assert run("providers", "list", "--url", "nonsense").code == 1


def test_a_token_that_no_header_carries_is_told_and_not_shown(server: StandIn, run: Run) -> None:
    server.answer("GET", f"{V1}/auth/me", says.ME)
    for wrong in ("planted\nkey", "plänted"):
        refused = run("whoami", "--url", server.url, "--token", wrong)
        assert refused.code == 1
        assert "copied whole" in refused.err
        assert wrong not in refused.err
    assert run("whoami", "--url", server.url, "--token", f" {KEY}\n").code == 0
    assert server.seen[-1].headers["authorization"] == f"Bearer {KEY}"


def test_nothing_asked_shows_help(run: Run) -> None:
    assert "Usage" in run().out + run("providers").out
    for command in ("login", "bench", "checks", "alerts"):
        assert command in run("--help").out


@pytest.fixture
def launcher(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A launcher that only notes what it was asked."""
    asked: list[list[str]] = []
    module = ModuleType("arguslm_launcher.cli")

    def main(arguments: list[str]) -> int:
        asked.append(arguments)
        return 7

    module.main = main  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "arguslm_launcher.cli", module)
    return asked


@pytest.mark.parametrize(
    "arguments",
    [
        ["up"],
        ["up", "--port", "0", "--demo", "--json"],
        ["up", "--help"],
        ["up", "-h"],
        ["rebuild", "query-api"],
        ["verify", "--data-dir", "/x", "alerting"],
        ["config", "--url"],
    ],
)
def test_the_houses_own_commands_are_passed_on_as_they_are(
    run: Run, launcher: list[list[str]], arguments: list[str]
) -> None:
    assert run(*arguments).code == 7
    assert launcher == [arguments]


def test_without_the_launcher_it_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "arguslm_launcher.cli", raising=False)
    monkeypatch.setattr("sys.meta_path", [_NoLauncher(), *sys.meta_path])
    done = run("up")
    assert done.code == 1
    assert done.err == "arguslm: 'arguslm up' needs the server: pip install 'arguslm[server]'\n"


class _NoLauncher:
    """An interpreter where the launcher is not installed."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name.startswith("arguslm_launcher"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.mark.parametrize(
    "start", [["-m", "arguslm"], [str(Path(sys.executable).parent / "arguslm")]]
)
def test_the_installed_command(start: list[str]) -> None:
    command = [sys.executable, *start] if start[0] == "-m" else start
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("arguslm 1.")


def test_one_line_also_from_a_real_process(refusing_url: str) -> None:
    command = [sys.executable, "-m", "arguslm", "status", "--url", refusing_url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
