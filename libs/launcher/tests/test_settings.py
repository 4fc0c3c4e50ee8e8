"""A wrong setting is told in one line before anything starts; `config` shows what is in force."""

import json
from pathlib import Path

import pytest

from arguslm_bus.disk import bytes_a_day
from arguslm_contracts.streams import CHECKS
from arguslm_launcher.cli import main
from arguslm_launcher.data_dir import DataDir, HouseNote
from arguslm_launcher.nats_server import kept_passwords
from arguslm_launcher.settings_check import one_location
from arguslm_launcher.settings_in_force import HIDDEN, SettingInForce, settings_in_force

SECRET = "argus_planted-0123456789abcdef"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ARGUSLM_ADMIN_KEY", "ARGUSLM_LOCATIONS", "ARGUSLM_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("ARGUSLM_DATABASE_URL", "mysql://u:p@h/d", "'mysql' is not supported"),
        ("ARGUSLM_DATABASE_URL", "nonsense", "Could not parse"),
        ("ARGUSLM_DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/d", "is PostgreSQL running"),
        ("ARGUSLM_LOG_LEVEL", "loud", "'debug'"),
        ("ARGUSLM_ENCRYPTION_KEY", "abc", "not a Fernet key"),
        ("ARGUSLM_ENCRYPTION_KEY_FILE", "/no/such/file", "/no/such/file"),
        ("ARGUSLM_LOCATION", "a.b", "lower-case letters"),
        ("ARGUSLM_LOCATIONS", "local,eu", "ARGUSLM_LOCATION"),
        ("ARGUSLM_ADMIN_KEY", "short", "16"),
        ("ARGUSLM_RETENTION_CHECKS_DAYS", "1", "at least 2, or 0 for ever"),
        ("ARGUSLM_RETENTION_BENCHMARKS_DAYS", "-3", "at least 1, or 0 for ever"),
        ("ARGUSLM_PORT", "x", "--port"),
    ],
)
def test_a_wrong_setting_is_told_before_anything_starts(
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str,
    value: str,
    says: str,
) -> None:
    monkeypatch.setenv(variable, value)
    arguments = ["up", "--no-dashboard", "--data-dir", str(tmp_path / "house")]
    if variable != "ARGUSLM_PORT":
        arguments += ["--port", "0"]
    assert main(arguments) in (1, 2)
    said = capfd.readouterr()
    assert said.out == ""
    assert says in said.err
    assert "secret" not in said.err
    assert said.err.count(variable) <= 1
    if variable != "ARGUSLM_PORT":
        assert said.err.count("\n") == 1
    assert not (tmp_path / "house" / "nats").exists()


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(Path(".arguslm"))
    for name in ("ARGUSLM_DATABASE_URL", "ARGUSLM_LOG_LEVEL", "ARGUSLM_LOCATIONS"):
        monkeypatch.setenv(name, "")
    assert rows(Path(".arguslm")) == before


def test_the_scheduler_asks_from_where_the_prober_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert one_location() == "local"
    monkeypatch.setenv("ARGUSLM_LOCATION", "eu-west")
    assert one_location() == "eu-west"
    monkeypatch.setenv("ARGUSLM_LOCATIONS", "eu-west")
    assert one_location() == "eu-west"


def rows(data_dir: Path) -> dict[tuple[str, str], SettingInForce]:
    return {(row.service, row.variable): row for row in settings_in_force(data_dir)}


def test_config_says_where_each_value_comes_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = DataDir(tmp_path / "house")
    data.claim()
    data.make_keys()
    password = tmp_path / "password"
    password.write_text("x")
    monkeypatch.setenv("ARGUSLM_ADMIN_KEY", SECRET)
    monkeypatch.setenv("ARGUSLM_LOG_LEVEL", "debug")
    monkeypatch.setenv("ARGUSLM_NATS_PASSWORD_FILE", str(password))
    found = rows(data.path)

    def shown(service: str, name: str) -> tuple[str, str]:
        row = found[service, f"ARGUSLM_{name}"]
        return row.value, row.source

    assert shown("prober", "LOG_LEVEL") == ("debug", "environment")
    assert shown("prober", "PROBE_CONCURRENCY") == ("256", "default")
    assert shown("prober", "DATA_DIR") == (str(data.path), "--data-dir")
    assert shown("query-api", "ADMIN_KEY") == (HIDDEN, "environment")
    fernet = data.path / "keys" / "fernet.key"
    assert shown("alerting", "ENCRYPTION_KEY") == (HIDDEN, f"file {fernet}")
    assert shown("query-api", "JWT_KEY") == ("", "default")
    assert shown("scheduler", "NATS_PASSWORD") == (HIDDEN, f"file {password}")
    assert shown("scheduler", "NATS_URL")[1] == "default; `arguslm up` sets it"


def test_config_for_people_cuts_nothing_and_shows_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGUSLM_ADMIN_KEY", SECRET)
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["config"]) == 0
    out = capsys.readouterr().out
    for row in settings_in_force(Path(".arguslm")):
        assert row.variable in out
    assert "…" not in out
    assert SECRET not in out
    assert main(["config", "--json"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert SECRET not in out
    assert {row["service"] for row in json.loads(out)} >= {"query-api", "prober"}


def test_config_tells_a_subscriber_its_way_to_the_bus_and_no_other_users(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = DataDir(tmp_path / "house")
    ask = ["config", "--subscriber", "--data-dir", str(data.path)]
    assert main(ask) == 1
    assert "start one with `arguslm up`" in " ".join(capsys.readouterr().err.split())
    data.claim()
    (data.path / "nats" / "jetstream").mkdir(parents=True)
    data.write_note(HouseNote(url="http://127.0.0.1:1", nats_url="nats://127.0.0.1:4567"))
    passwords = kept_passwords(data.path / "nats" / "passwords.json")
    assert main(ask) == 0
    assert capsys.readouterr().out.splitlines() == [
        "ARGUSLM_NATS_URL=nats://127.0.0.1:4567",
        "ARGUSLM_NATS_USER=subscriber",
        f"ARGUSLM_NATS_PASSWORD={passwords['subscriber']}",
    ]
    assert main([*ask, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "url": "nats://127.0.0.1:4567",
        "user": "subscriber",
        "password": passwords["subscriber"],
    }


def test_config_says_what_a_retention_costs_on_disk(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def costs() -> str:
        assert main(["config", "--json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        (row,) = (
            row
            for row in rows
            if row["service"] == "streams" and row["variable"] == "ARGUSLM_RETENTION_CHECKS_DAYS"
        )
        return str(row["costs"])

    daily = bytes_a_day(CHECKS, models=100, interval_s=60)
    assert daily is not None
    assert f"{daily / 1e6:,.1f} MB a day per 100 models asked each 60 s" in costs()
    assert f"{daily * 90 / 1e9:,.1f} GB in all" in costs()
    monkeypatch.setenv("ARGUSLM_RETENTION_CHECKS_DAYS", "7")
    assert f"{daily * 7 / 1e9:,.1f} GB in all" in costs()
    monkeypatch.setenv("ARGUSLM_RETENTION_CHECKS_DAYS", "0")
    assert "in all" not in costs()
    assert main(["config"]) == 0
    assert "ARGUSLM_RETENTION_CHECKS_DAYS=0: " in capsys.readouterr().out


@pytest.mark.parametrize("command", ["up", "rebuild", "verify", "audit", "config"])
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_explains_itself(
    capsys: pytest.CaptureFixture[str], command: str, flag: str
) -> None:
    assert main([command, flag]) == 0
    assert f"arguslm {command}" in capsys.readouterr().out


def test_wrong_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["up", "--frobnicate"], ["up", "extra"], ["rebuild"]):
        assert main(arguments) == 2
        assert "Usage: arguslm" in capsys.readouterr().err
