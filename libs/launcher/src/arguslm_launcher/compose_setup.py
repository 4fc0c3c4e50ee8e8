"""What docker compose needs around the services: their secrets, the streams, and the way in.

    python -m arguslm_launcher.compose_setup secrets      before everything, as root
    python -m arguslm_launcher.compose_setup topology     when the bus is up, before the services
    python -m arguslm_launcher.compose_setup login-link   when a person wants in

Every service has a data directory of its own, and finds there the secrets it needs and no others.
"""

import asyncio
import os
import secrets as random
import sys
from pathlib import Path

import typer

from arguslm import ArgusLMClient
from arguslm_bus.connection import BusUnreachable, connect
from arguslm_bus.publisher import Publisher
from arguslm_bus.server_config import render
from arguslm_bus.settings import BusSettings
from arguslm_bus.topology import apply_topology
from arguslm_contracts.permissions import OPERATOR, SERVICES
from arguslm_launcher.data_dir import DataDir, write_private
from arguslm_launcher.maintenance import WITH_TABLES
from arguslm_launcher.nats_server import kept_passwords
from arguslm_query_api.auth.admin_key import register_admin_key
from arguslm_storage.settings import StorageSettings
from arguslm_storage.vault import create_key_file

IMAGE_USER = 10001
"""The user and group that our images run as (infra/images/Dockerfile)."""
OPENS_SEALS = ("query-api", "prober", "benchmark-runner", "alerting")
BUS_STORE = Path("/data")

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command()
def secrets(house: Path = Path("/house")) -> None:
    """Make what is missing; write anew what is derived. Each volume is mounted below `house`."""
    write_secrets(house, os.environ.get("ARGUSLM_ADMIN_KEY") or None)
    hand_over(house, IMAGE_USER)


def write_secrets(house: Path, admin_key: str | None) -> None:
    """Fill the volumes: `operator` keeps the originals, each service gets copies of its own."""
    kept = house / "operator" / "keys"
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    passwords = kept_passwords(kept / "passwords.json")
    database = _kept_secret(kept / "database.password")
    create_key_file(kept / "fernet.key")
    fernet = (kept / "fernet.key").read_text()
    DataDir(house / "operator").admin_key(admin_key)
    write_private(kept / "nats.password", passwords[OPERATOR])
    for service in (user.name for user in SERVICES):
        keys = house / service / "keys"
        keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(keys / "nats.password", passwords[service])
        if service in WITH_TABLES:
            write_private(keys / "database.password", database)
        if service in OPENS_SEALS:
            write_private(keys / "fernet.key", fernet)
    _write_server_files(house, passwords, database)


def _write_server_files(house: Path, passwords: dict[str, str], database: str) -> None:
    """The bus's configuration, and the password that PostgreSQL's image starts with."""
    for name in ("nats", "nats-store", "postgres"):
        (house / name).mkdir(parents=True, exist_ok=True, mode=0o700)
    config = render(
        passwords=passwords,
        store_dir=BUS_STORE,
        listen="0.0.0.0:4222",
        monitor="127.0.0.1:8222",
    )
    write_private(house / "nats" / "nats.conf", config)
    write_private(house / "postgres" / "password", database)


def _kept_secret(path: Path) -> str:
    if not path.exists():
        write_private(path, random.token_urlsafe(32))
    return path.read_text()


def hand_over(house: Path, user: int) -> None:
    """Give everything to the images' user; PostgreSQL's image reads its password as root."""
    for directory in house.iterdir():
        if directory.name == "postgres":
            continue
        # What lies in the bus's store was written by that user already.
        below = [] if directory.name == "nats-store" else directory.rglob("*")
        for path in (directory, *below):
            os.chown(path, user, user)


@app.command()
def topology() -> None:
    """Create the streams that are missing, report drift, and register the first admin key."""
    try:
        asyncio.run(declare_topology(BusSettings(), StorageSettings().data_dir))
    except BusUnreachable as error:
        sys.exit(str(error))
    _say("ready; the way in is: docker compose run --rm login")


async def declare_topology(settings: BusSettings, data_dir: Path) -> None:
    client = await connect(settings, OPERATOR)
    try:
        for drift in await apply_topology(client):
            _say(str(drift))
        key = DataDir(data_dir).admin_key(None)
        if not await register_admin_key(client, Publisher(client, OPERATOR), key):
            _say("the admin key was revoked: set another ARGUSLM_ADMIN_KEY, and start again")
    finally:
        await client.close()


@app.command()
def login_link(url: str = "http://query-api:8000") -> None:
    """Print a link that signs a person in once."""
    key = DataDir(StorageSettings().data_dir).admin_key(None)
    with ArgusLMClient(base_url=url, api_key=key) as client:
        _say(client.create_login_link().url)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    app()
