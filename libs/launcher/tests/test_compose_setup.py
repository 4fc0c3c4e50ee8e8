"""Compose's setup: each service gets its own secrets, kept for ever, and they open the real bus."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from arguslm_bus.connection import connect
from arguslm_bus.lookup import last_event
from arguslm_bus.settings import BusSettings
from arguslm_contracts.events.accounts import ApiKeyCreated
from arguslm_contracts.permissions import OPERATOR, SERVICES
from arguslm_contracts.streams import ACCOUNTS, STREAMS
from arguslm_launcher.compose_setup import declare_topology, write_secrets
from arguslm_launcher.nats_server import server_binary
from arguslm_query_api.auth.keys import hash_key
from arguslm_testkit.house import until

ADMIN_KEY = "argus_test-key-of-the-first-admin"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    write_secrets(tmp_path / "house", ADMIN_KEY)
    return tmp_path / "house"


def everything(house: Path) -> dict[str, str]:
    return {str(p.relative_to(house)): p.read_text() for p in house.rglob("*") if p.is_file()}


def test_a_service_gets_its_secrets_and_no_others(house: Path) -> None:
    files = {
        user.name: {p.name for p in (house / user.name / "keys").iterdir()} for user in SERVICES
    }
    assert files == {
        "scheduler": {"nats.password", "database.password"},
        "prober": {"nats.password", "fernet.key"},
        "benchmark-runner": {"nats.password", "fernet.key"},
        "alerting": {"nats.password", "database.password", "fernet.key"},
        "query-api": {"nats.password", "database.password", "fernet.key"},
    }
    passwords = {(house / name / "keys" / "nats.password").read_text() for name in files}
    assert len(passwords) == len(files)
    Fernet((house / "prober" / "keys" / "fernet.key").read_text().strip())


def test_every_secret_is_private(house: Path) -> None:
    files = [path for path in house.rglob("*") if path.is_file()]
    assert files
    for path in (*files, *house.glob("*/keys")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_second_run_changes_nothing(house: Path) -> None:
    before = everything(house)
    write_secrets(house, None)
    assert everything(house) == before


def test_a_user_of_a_later_release_gets_a_password(house: Path) -> None:
    file = house / "operator" / "keys" / "passwords.json"
    kept = json.loads(file.read_text())
    del kept["prober"]
    file.write_text(json.dumps(kept))
    write_secrets(house, None)
    again = json.loads(file.read_text())
    assert again["prober"]
    assert {**again, "prober": None} == {**kept, "prober": None}


@asynccontextmanager
async def bus_of(house: Path, tmp_path: Path) -> AsyncIterator[str]:
    """The real server on the written configuration; only its places are of this test."""
    config = json.loads((house / "nats" / "nats.conf").read_text())
    assert config["listen"] == "0.0.0.0:4222"
    ports = tmp_path / "ports"
    ports.mkdir()
    config |= {
        "listen": "127.0.0.1:-1",
        "http": "127.0.0.1:-1",
        "ports_file_dir": str(ports),
        "jetstream": {**config["jetstream"], "store_dir": str(tmp_path / "store")},
    }
    file = tmp_path / "nats.conf"
    file.write_text(json.dumps(config))
    process = await asyncio.create_subprocess_exec(
        str(server_binary()), "-c", str(file), "-l", "/dev/null"
    )

    async def listens() -> bool:
        return any(path.stat().st_size for path in ports.glob("*.ports"))

    try:
        await until(listens, "the server to tell its port", timeout_s=15)
        yield json.loads(next(ports.glob("*.ports")).read_text())["nats"][0]
    finally:
        process.terminate()
        await process.wait()


def settings(house: Path, service: str, url: str) -> BusSettings:
    return BusSettings(nats_url=url, nats_password_file=house / service / "keys" / "nats.password")


async def test_streams_and_admin_key_stand_before_the_services_start(
    house: Path, tmp_path: Path
) -> None:
    async with bus_of(house, tmp_path) as url:
        for _ in range(2):
            await declare_topology(settings(house, "operator", url), house / "operator")
        client = await connect(settings(house, "operator", url), OPERATOR)
        for stream in STREAMS:
            await client.jetstream().stream_info(stream.name)
        registered = await last_event(client, ACCOUNTS.name, "api-key.created.>")
        assert (await client.jetstream().stream_info(ACCOUNTS.name)).state.messages == 1
        await client.close()
        assert registered is not None
        assert isinstance(registered.event, ApiKeyCreated)
        assert registered.event.api_key.key_hash == hash_key(ADMIN_KEY)
        for user in SERVICES:
            service = await connect(settings(house, user.name, url), user.name)
            assert service.is_connected
            await service.close()
