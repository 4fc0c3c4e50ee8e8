"""Rebuild and verify a service's tables, and audit the streams: of a running or a resting house."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from nats.aio.client import Client
from pydantic import SecretStr

from arguslm_bus import rebuild as bus_rebuild
from arguslm_bus.audit import Audit
from arguslm_bus.connection import connect
from arguslm_bus.reader import read_until, stream_state
from arguslm_bus.rebuild import Difference, Progress
from arguslm_bus.settings import BusSettings
from arguslm_bus.tables import ServiceTables
from arguslm_contracts.envelope import decode
from arguslm_contracts.permissions import OPERATOR
from arguslm_contracts.streams import ALERTS, CHECK_REQUESTS, CHECKS
from arguslm_launcher.data_dir import CannotStart, DataDir
from arguslm_launcher.nats_server import NatsServer, StoreInUse
from arguslm_storage.database import Database, open_database
from arguslm_storage.settings import StorageSettings

WITH_TABLES = ("query-api", "scheduler", "alerting")


@dataclass(frozen=True, slots=True)
class Site:
    """Where to work: the bus as its operator, the live tables, and a place for a shadow."""

    client: Client
    live: Database
    shadow: Database
    tables: ServiceTables


def service_tables(service: str) -> ServiceTables:
    """The tables of a service.

    Raises:
        CannotStart: it has none, or no such service exists.
    """
    if service not in WITH_TABLES:
        raise CannotStart(f"{service!r} has no tables; choose one of {', '.join(WITH_TABLES)}")
    found: ServiceTables = import_module(
        f"arguslm_{service.replace('-', '_')}.projections"
    ).SERVICE_TABLES
    return found


@asynccontextmanager
async def site(service: str, data_dir: Path) -> AsyncIterator[Site]:
    """Connect to the running house, or wake the bus of a resting one for as long as it takes."""
    tables = service_tables(service)
    settings = StorageSettings(data_dir=data_dir)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(operator(data_dir))
        live = open_database(service, settings)
        stack.push_async_callback(live.close)
        shadow = open_database(service, settings, shadow=True)
        stack.push_async_callback(shadow.close)
        yield Site(client, live, shadow, tables)


@asynccontextmanager
async def operator(data_dir: Path) -> AsyncIterator[Client]:
    """The bus of a house, as its operator; the bus of a resting house is woken for as long."""
    async with _bus(data_dir) as bus:
        client = await connect(bus, OPERATOR)
        try:
            yield client
        finally:
            await client.close()


async def rebuild(where: Site, progress: Progress) -> dict[str, int]:
    return await bus_rebuild.rebuild(where.client, where.live, where.shadow, where.tables, progress)


async def verify(where: Site, progress: Progress) -> list[Difference]:
    return await bus_rebuild.verify(where.client, where.live, where.shadow, where.tables, progress)


async def audit(client: Client, progress: Progress) -> Audit:
    """See every check and every alert. Requests before their answers, alerts last."""
    seen = Audit()
    for stream in (CHECK_REQUESTS, CHECKS, ALERTS):
        until = (await stream_state(client, stream.name)).last_sequence
        done = 0
        async for batch in read_until(client, stream.name, after=0, until=until):
            for m in batch:
                seen.see(
                    decode(
                        m.headers,
                        m.body,
                        stream=stream.name,
                        sequence=m.sequence,
                        subject=m.subject,
                    )
                )
            done += len(batch)
            progress(stream.name, done, until)
    return seen


@asynccontextmanager
async def _bus(data_dir: Path) -> AsyncIterator[BusSettings]:
    given = BusSettings()
    if given.read_nats_password() is not None:
        yield given
        return
    note = DataDir(data_dir).read_note()
    if note is None:
        raise CannotStart(f"no house in {data_dir}: start one with `arguslm up`, or set --data-dir")
    server = NatsServer(data_dir / "nats")
    settings = BusSettings(
        nats_url=note.nats_url,
        nats_user=OPERATOR,
        nats_password=SecretStr(server.passwords[OPERATOR]),
    )
    try:
        await server.start()
    except StoreInUse:
        # The house runs, and its bus is where the note says.
        yield settings
        return
    try:
        yield settings.model_copy(update={"nats_url": server.url})
    finally:
        await server.stop()
