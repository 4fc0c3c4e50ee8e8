"""The whole house on one machine: the bus, five services, and what holds them together."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from nats.aio.client import Client
from pydantic import SecretStr

from arguslm_bus.connection import connect
from arguslm_bus.publisher import Publisher
from arguslm_bus.settings import BusSettings
from arguslm_bus.topology import apply_topology
from arguslm_contracts.permissions import OPERATOR
from arguslm_launcher.addresses import Ports, url_on_this_machine
from arguslm_launcher.dashboard import dashboard_dir
from arguslm_launcher.data_dir import CannotStart, DataDir, HouseNote
from arguslm_launcher.nats_server import BusWillNotStart, NatsServer, keep_alive
from arguslm_launcher.nursery import NURSERY, Nursery, NurseryEnded
from arguslm_launcher.supervisor import Child, Supervisor, spawn
from arguslm_query_api.auth.admin_key import register_admin_key
from arguslm_storage.settings import StorageSettings
from arguslm_storage.vault import VaultError, open_vault

# Those that ask endpoints come last: what they need is imported while the others start.
SERVICES = ("query-api", "scheduler", "alerting", "prober", "benchmark-runner")
SIMULATOR = "simulator"
# The door closes first and the judges last, so that nothing asked for is left unjudged.
_STOP_ORDER = (
    "query-api",
    "scheduler",
    "prober",
    "benchmark-runner",
    "alerting",
    NURSERY,
    SIMULATOR,
)
_READY_TIMEOUT_S = 90.0
_GIVE_UP_AFTER_RESTARTS = 3
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class HouseOptions:
    """What `arguslm up` was told. `port` 0 picks a free one."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 8088
    location: str = "local"
    demo: bool = False
    dashboard: bool = True
    admin_key: str | None = None
    public_url: str | None = None


class House:
    """Start, wait until all is well, supervise, stop."""

    def __init__(self, options: HouseOptions, say: Say) -> None:
        self._options = options
        self._say = say
        self._data = DataDir(options.data_dir)
        self._supervisor = Supervisor(lambda _child: self._write_note(), say)
        self._nursery: Nursery | None = None
        self._bus: NatsServer | None = None
        self._bus_watcher: asyncio.Task[None] | None = None
        self._note = HouseNote(url="", nats_url="")
        self._ports = Ports()
        self._ops_ports: dict[str, int] = {}
        self.admin_key = ""

    @property
    def url(self) -> str:
        return self._note.url

    @property
    def data_dir(self) -> Path:
        return self._data.path

    @property
    def demo_url(self) -> str:
        return f"http://127.0.0.1:{self._note.demo_port}"

    async def start(self) -> None:
        """Bring everything up and wait until it is healthy.

        Raises:
            CannotStart: with one line that says why; what was started has been stopped.
        """
        self._data.claim()
        try:
            await self._start()
        except (BusWillNotStart, NurseryEnded) as error:
            await self.stop()
            raise CannotStart(str(error)) from error
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        last = self._data.read_note()
        port = self._ports.take(self._options.host, self._options.port)
        self._note = HouseNote(
            url=url_on_this_machine(self._options.host, port),
            nats_url=last.nats_url if last else "",
            demo_port=last.demo_port if last else 0,
        )
        if self._data.make_keys() and not os.environ.get("ARGUSLM_ENCRYPTION_KEY"):
            self._say(
                f"{self._data.path}/keys/fernet.key was missing and is made anew: put the old one "
                "back, or enter every provider's key and every channel's address again"
            )
        self._check_vault()
        files = await dashboard_dir(self._say) if self._options.dashboard else None
        if Nursery.is_possible():
            self._nursery = Nursery(self._data.log_file(NURSERY))
            await self._supervisor.start(self._nursery.child)
        await self._start_bus()
        if self._options.demo:
            await self._start_simulator()
        for name in SERVICES:
            await self._start_service(name, port, files)
        await self._all_healthy()

    def _check_vault(self) -> None:
        """Whether credentials can be sealed, before somebody trusts us with one."""
        settings = StorageSettings(data_dir=self._data.path)
        where: object = "setting ARGUSLM_ENCRYPTION_KEY"
        if settings.encryption_key is None:
            where = settings.encryption_key_file or self._data.path / "keys" / "fernet.key"
        try:
            open_vault(settings)
        except (VaultError, OSError) as error:
            raise CannotStart(f"{where}: {error}") from error

    async def _start_bus(self) -> None:
        self._say("starting the bus")
        # Subscribers outside know its address: keep the port while it is free.
        port = self._ports.take("127.0.0.1", self._note.bus_port, or_another=True)
        self._bus = NatsServer(self._data.path / "nats", port=port)
        await self._bus.start()
        self._note.nats_url = self._bus.url
        client = await connect(self._bus_settings(OPERATOR), OPERATOR)
        try:
            for drift in await apply_topology(client):
                self._say(str(drift))
            self.admin_key = await self._admitted_key(client)
        finally:
            await client.close()
        self._bus_watcher = asyncio.create_task(keep_alive(self._bus, self._say, self._write_note))

    async def _admitted_key(self, client: Client) -> str:
        """The admin key, known to the registry. Who owns the directory is let in: where the kept
        key was revoked, a new one takes its place.

        Raises:
            CannotStart: the given key was revoked.
        """
        publisher = Publisher(client, OPERATOR)
        key = self._data.admin_key(self._options.admin_key)
        if await register_admin_key(client, publisher, key):
            return key
        if self._options.admin_key is not None:
            raise CannotStart(
                "setting ARGUSLM_ADMIN_KEY: this key was revoked; set another, or leave it unset"
            )
        self._say("the kept admin key was revoked; making a new one")
        key = self._data.new_admin_key()
        await register_admin_key(client, publisher, key)
        return key

    async def _start_simulator(self) -> None:
        # Its address stands in the registered provider: keep the port while it is free.
        demo_port = self._ports.take("127.0.0.1", self._note.demo_port, or_another=True)
        self._note.demo_port = demo_port
        command = [_program("arguslm-simulator"), "--port", str(demo_port)]
        await self._supervisor.start(
            Child(SIMULATOR, command, _plain_environment(), self._data.log_file(SIMULATOR))
        )

    async def _start_service(self, name: str, port: int, files: Path | None) -> None:
        bus = self._bus_settings(name)
        assert bus.nats_password is not None
        self._ops_ports[name] = self._ports.take("127.0.0.1", 0)
        environment = {
            **_plain_environment(keep_keys=name == "query-api"),
            "ARGUSLM_DATA_DIR": str(self._data.path),
            "ARGUSLM_NATS_URL": bus.nats_url,
            "ARGUSLM_NATS_USER": name,
            "ARGUSLM_NATS_PASSWORD": bus.nats_password.get_secret_value(),
            "ARGUSLM_OPS_PORT": str(self._ops_ports[name]),
            "ARGUSLM_LOCATION": self._options.location,
            "ARGUSLM_LOCATIONS": self._options.location,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        if name == "query-api":
            environment |= {
                "ARGUSLM_HOST": self._options.host,
                "ARGUSLM_PORT": str(port),
                "ARGUSLM_PUBLIC_URL": self._options.public_url or self._note.url,
                "ARGUSLM_ADMIN_KEY": self.admin_key,
            }
            if files is not None:
                environment["ARGUSLM_DASHBOARD_DIR"] = str(files)
        self._say(f"starting {name}")
        await self._supervisor.start(
            Child(
                name,
                [_program(f"arguslm-{name}")],
                environment,
                self._data.log_file(name),
                start=self._nursery.fork if self._nursery else spawn,
            )
        )

    def _bus_settings(self, user: str) -> BusSettings:
        assert self._bus is not None
        return BusSettings(
            nats_url=self._bus.url,
            nats_user=user,
            nats_password=SecretStr(self._bus.passwords[user]),
        )

    async def _all_healthy(self) -> None:
        self._say("waiting until all are healthy")
        waiting = {
            name: f"http://127.0.0.1:{port}/health" for name, port in self._ops_ports.items()
        }
        waiting["query-api"] = f"{self._note.url}/health"
        deadline = time.monotonic() + _READY_TIMEOUT_S
        async with httpx.AsyncClient(timeout=2, trust_env=False) as http:
            while waiting:
                for name, url in list(waiting.items()):
                    if await _is_healthy(http, url):
                        del waiting[name]
                self._complain(waiting, late=time.monotonic() > deadline)
                await asyncio.sleep(0.05)

    def _complain(self, waiting: dict[str, str], *, late: bool) -> None:
        """Give up on a service that keeps ending, or that is not healthy in time."""
        for child in self._supervisor.children:
            if child.name in waiting and (late or child.restarts >= _GIVE_UP_AFTER_RESTARTS):
                trouble = "is not healthy in time" if late else "ends at once"
                raise CannotStart(
                    f"{child.name} {trouble}: {child.last_words()} (log: {child.log_file})"
                )

    def _write_note(self) -> None:
        pids = {c.name: c.pid for c in self._supervisor.children if c.pid is not None}
        if self._bus is not None:
            pids["nats-server"] = self._bus.pid
        self._note = replace(self._note, pids=pids)
        self._data.write_note(self._note)

    async def stop(self) -> None:
        """Stop all in order; safe at any time."""
        await self._supervisor.stop(_STOP_ORDER)
        if self._nursery is not None:
            await self._nursery.is_empty()
        if self._bus_watcher is not None:
            self._bus_watcher.cancel()
        if self._bus is not None:
            await self._bus.stop()
        self._ports.release()
        self._data.release()


async def _is_healthy(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).status_code == 200
    except httpx.HTTPError:
        return False


def _program(name: str) -> str:
    """Our programs stand beside the interpreter that runs us."""
    return str(Path(sys.executable).parent / name)


def _plain_environment(*, keep_keys: bool = False) -> dict[str, str]:
    """Our environment; without other vendors' keys for those who have no business with them."""
    return {
        name: value
        for name, value in os.environ.items()
        if keep_keys or not name.endswith(("_API_KEY", "_SECRET_ACCESS_KEY", "_ADMIN_KEY"))
    }
