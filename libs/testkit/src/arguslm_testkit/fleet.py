"""A fleet: replicas of the real programs beside one bus and one database, each on wires that a
test can cut. What compose or a cluster would run, on this machine and without containers."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import httpx
from cryptography.fernet import Fernet
from sqlalchemy import make_url

from arguslm_bus.connection import connect
from arguslm_bus.topology import apply_topology
from arguslm_contracts.permissions import OPERATOR
from arguslm_launcher.addresses import Ports
from arguslm_launcher.nats_server import NatsServer, keep_alive
from arguslm_launcher.supervisor import Child, Supervisor
from arguslm_testkit.bus import BusForTests
from arguslm_testkit.house import ADMIN_KEY, until
from arguslm_testkit.postgres import PostgresForTests
from arguslm_testkit.wire import Wire, to_socket, to_tcp

_PROGRAMS = Path(sys.executable).parent
_READY_S = 400.0


@dataclass
class Member:
    """One replica: its process, its own wires, its directory, and its clock."""

    name: str
    service: str
    child: Child
    health_url: str
    data_dir: Path
    bus_wire: Wire
    tables_wire: Wire | None
    clock: "Clock"

    @property
    def wires(self) -> list[Wire]:
        return [self.bus_wire, *([self.tables_wire] if self.tables_wire else [])]


@dataclass(frozen=True)
class Clock:
    """The wall clock of one program, moved by libfaketime; its monotonic clock stays true."""

    file: Path

    def jump(self, seconds: int) -> None:
        beside = self.file.with_suffix(".new")
        beside.write_text(f"{seconds:+d}s\n")
        beside.replace(self.file)

    @property
    def environment(self) -> dict[str, str]:
        library = faketime_library()
        if library is None:
            return {}
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # Else threads that wait for the interpreter are woken without end.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }


def faketime_library() -> Path | None:
    """libfaketime of the wheel of that name; None where there is none for this machine."""
    found = find_spec("libfaketime")
    if not sys.platform.startswith("linux") or found is None or found.origin is None:
        return None
    library = Path(found.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
    return library if library.exists() else None


@dataclass
class Fleet:
    """`replicas` is by service. Each member has a data directory of its own below `tables_dir`;
    with a PostgreSQL all replicas of a service share their tables."""

    base: Path
    postgres: PostgresForTests | None
    nats_dir: Path
    tables_dir: Path
    say: Callable[[str], None]
    members: list[Member] = field(default_factory=list)
    database_url: str = ""
    encryption_key: str = field(default_factory=lambda: Fernet.generate_key().decode())

    def __post_init__(self) -> None:
        self.nats = NatsServer(self.nats_dir)
        self._ports = Ports()
        self.bus = BusForTests(self.nats)
        self._supervisor = Supervisor(lambda child: None)
        self._bus_watcher: asyncio.Task[None] | None = None

    async def start(self, replicas: Mapping[str, int]) -> None:
        """Bring everything up and wait until it is healthy."""
        await self.nats.start()
        self._bus_watcher = asyncio.create_task(keep_alive(self.nats, self.say, lambda: None))
        client = await connect(self.bus.settings(OPERATOR), OPERATOR)
        await apply_topology(client)
        await client.close()
        if self.postgres is not None:
            self.database_url = await self.postgres.new_database()
        for service, count in replicas.items():
            for number in range(1, count + 1):
                await self._add(service, f"{service}-{number}")
        await self.all_healthy()

    async def stop(self) -> None:
        await self._supervisor.stop([member.name for member in self.members])
        for member in self.members:
            for wire in member.wires:
                await wire.stop()
        await self.bus.close()
        if self._bus_watcher is not None:
            self._bus_watcher.cancel()
        await self.nats.stop()
        self._ports.release()

    async def all_healthy(self, timeout_s: float = _READY_S) -> None:
        for member in self.members:
            await _healthy(member, timeout_s)

    def of(self, service: str) -> list[Member]:
        return [member for member in self.members if member.service == service]

    def api_urls(self) -> list[str]:
        return [member.health_url.removesuffix("/health") for member in self.of("query-api")]

    def settings_of(self, member: Member) -> dict[str, str]:
        """The environment in which `arguslm` works on a member's tables, past its wires."""
        return {
            "ARGUSLM_DATA_DIR": str(member.data_dir),
            "ARGUSLM_DATABASE_URL": self.database_url,
            "ARGUSLM_NATS_URL": self.nats.url,
            "ARGUSLM_NATS_PASSWORD": self.nats.passwords[OPERATOR],
        }

    async def _add(self, service: str, name: str) -> None:
        data_dir = self.tables_dir / name
        data_dir.mkdir(parents=True)
        clock = Clock(self.base / f"{name}.clock")
        clock.jump(0)
        bus_wire = Wire(to_tcp(lambda: int(self.nats.url.rsplit(":", 1)[1])))
        await bus_wire.start()
        tables_wire = None
        if self.postgres is not None and service in ("query-api", "scheduler", "alerting"):
            tables_wire = Wire(to_socket(self.postgres.socket))
            await tables_wire.start()
        ops_port, api_port = (self._ports.take("127.0.0.1", 0) for _ in range(2))
        environment = {
            **os.environ,
            **clock.environment,
            "ARGUSLM_DATA_DIR": str(data_dir),
            "ARGUSLM_NATS_URL": f"nats://127.0.0.1:{bus_wire.port}",
            "ARGUSLM_NATS_USER": service,
            "ARGUSLM_NATS_PASSWORD": self.nats.passwords[service],
            "ARGUSLM_DATABASE_URL": self._url_through(tables_wire),
            "ARGUSLM_ENCRYPTION_KEY": self.encryption_key,
            "ARGUSLM_OPS_PORT": str(ops_port),
            "ARGUSLM_PORT": str(api_port),
            "ARGUSLM_ADMIN_KEY": ADMIN_KEY,
            "ARGUSLM_JWT_KEY": "a-signing-key-for-tests-0123456789abcdef",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        child = Child(
            name,
            [str(_PROGRAMS / f"arguslm-{service}")],
            environment,
            self.base / f"{name}.log",
        )
        port = api_port if service == "query-api" else ops_port
        self.members.append(
            Member(
                name,
                service,
                child,
                f"http://127.0.0.1:{port}/health",
                data_dir,
                bus_wire,
                tables_wire,
                clock,
            )
        )
        await self._supervisor.start(child)

    def _url_through(self, wire: Wire | None) -> str:
        if wire is None:
            return ""
        name = make_url(self.database_url).database
        return f"postgresql+asyncpg://postgres@127.0.0.1:{wire.port}/{name}"


async def _healthy(member: Member, timeout_s: float) -> None:
    said = "no answer"

    async def well() -> bool:
        nonlocal said
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            try:
                answer = await http.get(member.health_url)
            except httpx.HTTPError as error:
                said = type(error).__name__
                return False
        said = answer.text
        return answer.status_code == 200

    try:
        await until(well, f"{member.name} to be healthy", timeout_s=timeout_s)
    except AssertionError as error:
        raise AssertionError(f"{error}; it said {said}") from None
