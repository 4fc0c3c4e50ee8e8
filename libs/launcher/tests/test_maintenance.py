"""rebuild, verify and audit where there is nothing to work on, or somebody else works: one line."""

import asyncio
import socket
from pathlib import Path

import pytest

from arguslm_launcher.cli import main
from arguslm_launcher.data_dir import DataDir, HouseNote
from arguslm_launcher.nats_server import NatsServer
from arguslm_testkit.bus import running_bus

COMMANDS = (("verify", "query-api"), ("rebuild", "scheduler"), ("audit",))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARGUSLM_DATABASE_URL", raising=False)


def told(capfd: pytest.CaptureFixture[str], data_dir: Path, *command: str) -> str:
    assert main([*command, "--data-dir", str(data_dir)]) == 1
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err
    return said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_no_house_there(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    assert "no house in" in told(capfd, tmp_path, *command)
    DataDir(tmp_path).write_note(HouseNote(url="http://127.0.0.1:1", nats_url="nats://127.0.0.1:1"))
    assert "no house in" in told(capfd, tmp_path, *command)
    assert not (tmp_path / "nats").exists()


def test_a_service_without_tables(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "choose one of query-api" in told(capfd, tmp_path, "verify", "prober")


@pytest.mark.parametrize("url", ["mysql://u:planted@h/d", "postgresql://u:planted@127.0.0.1:1/d"])
def test_a_database_that_cannot_be_used(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    monkeypatch.setenv("ARGUSLM_DATABASE_URL", url)
    said = told(capfd, tmp_path, "verify", "query-api")
    assert "ARGUSLM_DATABASE_URL" in said
    assert "planted" not in said


async def test_a_house_that_never_came_up(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Its bus is woken, and has no streams; with streams, there are no tables."""
    server = NatsServer(tmp_path / "nats")
    await server.start()
    await server.stop()
    (tmp_path / "nats" / "jetstream").mkdir(exist_ok=True)
    DataDir(tmp_path).write_note(HouseNote(url="", nats_url="nats://127.0.0.1:1"))
    assert "start the house once" in await asyncio.to_thread(told, capfd, tmp_path, "audit")
    async with running_bus(tmp_path / "nats"):
        pass
    said = await asyncio.to_thread(told, capfd, tmp_path, "verify", "query-api")
    assert "query-api has no tables yet: start the house once" in said


async def test_a_house_that_is_just_starting(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, free_port: int
) -> None:
    """It holds its directory, but its note still tells of the last time."""
    async with running_bus(tmp_path / "nats"):
        url = f"nats://127.0.0.1:{free_port}"
        DataDir(tmp_path).write_note(HouseNote(url="", nats_url=url))
        for command in COMMANDS:
            said = await asyncio.to_thread(told, capfd, tmp_path, *command)
            assert "try again in a moment" in said


async def test_an_event_that_we_cannot_read_is_named(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    async with running_bus(tmp_path / "nats") as bus:
        DataDir(tmp_path).write_note(HouseNote(url="", nats_url=bus.server.url))
        jetstream = (await bus.client()).jetstream()
        header = {"ce-type": "arguslm.check.completed.v99", "ce-time": "2026-11-23T00:00:00Z"}
        await jetstream.publish("check.completed.local.x", b"{}", headers=header)
        said = await asyncio.to_thread(told, capfd, tmp_path, "audit")
        assert "CHECKS 1 (check.completed.local.x): unknown event type" in said


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
