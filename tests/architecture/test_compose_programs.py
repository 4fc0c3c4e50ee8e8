"""Without a container engine: the services' programs run as compose would run them, on what its
setup has written, and become healthy."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from compose_file import OURS, environment, image_environment

from arguslm import AsyncArgusLMClient
from arguslm_bus.settings import BusSettings
from arguslm_launcher.addresses import Ports
from arguslm_launcher.compose_setup import declare_topology, write_secrets
from arguslm_testkit.bus import running_bus
from arguslm_testkit.house import until
from arguslm_testkit.postgres import PostgresForTests

ADMIN_KEY = "argus_test-key-of-the-first-admin"


class Places:
    """Where this test has what a container finds under names of compose's networks."""

    def __init__(self, house: Path, bus_url: str, database_url: str, ports: Ports) -> None:
        self.house = house
        self.ops_ports = {name: ports.take("127.0.0.1", 0) for name in OURS}
        self.api_port = ports.take("127.0.0.1", 0)
        self._bus_url = bus_url
        self._database_url = database_url

    def environment_of(self, name: str) -> dict[str, str]:
        """As in the container, with its paths and addresses replaced by ours."""
        given = {**image_environment(), **environment(name)}
        here = {
            variable: (value or "").replace("/var/lib/arguslm", str(self.house / name))
            for variable, value in given.items()
        }
        here |= {"ARGUSLM_NATS_URL": self._bus_url, "ARGUSLM_OPS_HOST": "127.0.0.1"}
        here["ARGUSLM_OPS_PORT"] = str(self.ops_ports[name])
        if "ARGUSLM_DATABASE_URL" in here:
            here["ARGUSLM_DATABASE_URL"] = self._database_url
        if name == "query-api":
            here |= {"ARGUSLM_HOST": "127.0.0.1", "ARGUSLM_PORT": str(self.api_port)}
        return here


@asynccontextmanager
async def running(name: str, places: Places) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / f"arguslm-{name}"),
        env={"PATH": os.environ["PATH"], **places.environment_of(name)},
        cwd=places.house / name,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def healthy(places: Places) -> bool:
    async with httpx.AsyncClient(trust_env=False) as http:
        try:
            answers = [
                await http.get(f"http://127.0.0.1:{port}/health")
                for port in places.ops_ports.values()
            ]
        except httpx.HTTPError:
            return False
    return all(answer.status_code == 200 for answer in answers)


async def topology(house: Path, bus_url: str) -> None:
    """As compose's container of this name does it."""
    password = house / "operator" / "keys" / "nats.password"
    settings = BusSettings(nats_url=bus_url, nats_password_file=password)
    await declare_topology(settings, house / "operator")


def files_of(house: Path) -> set[str]:
    return {str(path.relative_to(house)) for path in house.rglob("*") if path.is_file()}


@pytest.fixture
async def places(tmp_path: Path, postgres: PostgresForTests) -> AsyncIterator[Places]:
    """Secrets as setup writes them, and a bus that has the same passwords."""
    house = tmp_path / "house"
    write_secrets(house, ADMIN_KEY)
    (tmp_path / "nats").mkdir()
    shutil.copy(house / "operator" / "keys" / "passwords.json", tmp_path / "nats")
    async with running_bus(tmp_path / "nats") as bus:
        await topology(house, bus.server.url)
        ports = Ports()
        yield Places(house, bus.server.url, await postgres.new_database(), ports)
        ports.release()


async def test_the_programs_start_on_what_setup_has_written(places: Places) -> None:
    written = files_of(places.house)
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(running(name, places)) for name in OURS]
        await until(lambda: healthy(places), "all services to be healthy", timeout_s=90)
        url = f"http://127.0.0.1:{places.api_port}"
        async with AsyncArgusLMClient(base_url=url, api_key=ADMIN_KEY) as client:
            assert (await client.whoami()).role == "admin"
            # The link leads to the dashboard's address, as people see it.
            link = await client.create_login_link()
            assert link.url.startswith("http://127.0.0.1:3000/")
        for process in processes:
            process.send_signal(signal.SIGTERM)
        codes = [await asyncio.wait_for(process.wait(), 20) for process in processes]
        assert codes == [0] * len(processes)
    # Every other volume is mounted read-only: nobody may want to write there.
    assert files_of(places.house) - written == {"query-api/keys/jwt.key"}
