"""Rebuild and verify a service's tables, and audit the streams: of a running or a resting house."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

from nats.aio.client import Client
from nats.js.errors import NotFoundError
from sqlalchemy.exc import DBAPIError

from arguslm_bus import rebuild as bus_rebuild
from arguslm_bus.audit import Audit
from arguslm_bus.connection import connect
from arguslm_bus.reader import RawMessage, read_until, stream_state
from arguslm_bus.rebuild import Difference, Progress
from arguslm_bus.settings import BusSettings
from arguslm_bus.tables import ServiceTables
from arguslm_contracts.envelope import Recorded, UnreadableEvent, decode
from arguslm_contracts.permissions import OPERATOR
from arguslm_contracts.streams import ALERTS, CHECK_REQUESTS, CHECKS, CLOCK
from arguslm_launcher.bus_access import bus_access
from arguslm_launcher.data_dir import CannotStart
from arguslm_launcher.database_check import check_database
from arguslm_launcher.nats_server import NatsServer, StoreInUse
from arguslm_launcher.settings_check import check_settings
from arguslm_storage.database import Database, open_database
from arguslm_storage.locks import InUse
from arguslm_storage.settings import StorageSettings
from arguslm_telemetry.collector import tame_collector

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
    """Connect to the running house, or wake the bus of a resting one for as long as it takes.

    Raises:
        CannotStart: no such service, a wrong setting, no house there, no tables yet, or somebody
            else is at work on them.
    """
    tame_collector()  # a rebuild is a long fold
    tables = service_tables(service)
    check_settings()
    await check_database()
    settings = StorageSettings(data_dir=data_dir)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(operator(data_dir))
        live = open_database(service, settings)
        stack.push_async_callback(live.close)
        shadow = open_database(service, settings, shadow=True)
        stack.push_async_callback(shadow.close)
        try:
            yield Site(client, live, shadow, tables)
        except InUse as error:
            raise CannotStart(f"{service}: {error}") from error
        except DBAPIError as error:
            if _says_no_table(error):
                raise CannotStart(
                    f"{service} has no tables yet: start the house once, with `arguslm up`"
                ) from error
            raise CannotStart(f"the tables of {service}: {error.orig}") from error


def _says_no_table(error: DBAPIError) -> bool:
    """PostgreSQL's undefined_table, and SQLite's word for it."""
    return getattr(error.orig, "sqlstate", None) == "42P01" or "no such table" in str(error.orig)


@asynccontextmanager
async def operator(data_dir: Path, *, resting: bool = False) -> AsyncIterator[Client]:
    """The bus of a house, as its operator; the bus of a resting house is woken for as long. With
    `resting` a house that runs is refused."""
    async with _bus(data_dir, resting=resting) as bus:
        client = await connect(bus, OPERATOR)
        try:
            yield client
        except NotFoundError as error:
            raise CannotStart(
                f"the bus of {data_dir} has not all streams yet: start the house once"
            ) from error
        finally:
            await client.close()


async def rebuild(where: Site, progress: Progress) -> dict[str, int]:
    return await bus_rebuild.rebuild(where.client, where.live, where.shadow, where.tables, progress)


async def verify(where: Site, progress: Progress) -> list[Difference]:
    return await bus_rebuild.verify(where.client, where.live, where.shadow, where.tables, progress)


async def audit(
    client: Client,
    progress: Progress,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Audit:
    """See every check and every alert. Requests before their answers, alerts last.

    Raises:
        CannotStart: an event of a version that we do not know.
    """
    seen = Audit(since=since, until=until)
    for stream in (CHECK_REQUESTS, CHECKS, CLOCK, ALERTS):
        state = await stream_state(client, stream.name)
        last, held = state.last_sequence, state.last_sequence - state.first_sequence + 1
        done = 0
        async for batch in read_until(client, stream.name, after=0, until=last, since=since):
            for message in batch:
                seen.see(_event(stream.name, message))
            done += len(batch)
            progress(stream.name, done, done + batch[-1].pending if since else held)
    return seen


def _event(stream: str, message: RawMessage) -> Recorded:
    where, sequence = message.subject, message.sequence
    try:
        return decode(
            message.headers, message.body, stream=stream, sequence=sequence, subject=where
        )
    except UnreadableEvent as error:
        raise CannotStart(f"{stream} {sequence} ({where}): {error}") from error


@asynccontextmanager
async def _bus(data_dir: Path, *, resting: bool = False) -> AsyncIterator[BusSettings]:
    given = BusSettings()
    if given.read_nats_password() is not None:
        yield given
        return
    server = NatsServer(data_dir / "nats")
    settings = bus_access(data_dir, OPERATOR)
    try:
        await server.start()
    except StoreInUse:
        if resting:
            raise CannotStart(f"the house in {data_dir} is running: stop it first") from None
        # The house runs, and its bus is where the note says.
        if not await _listens(settings.nats_url):
            raise CannotStart(
                f"{data_dir} is in use by a house that is starting, or by another command like "
                "this one: try again in a moment"
            ) from None
        yield settings
        return
    try:
        yield settings.model_copy(update={"nats_url": server.url})
    finally:
        await server.stop()


async def _listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except OSError:
        return False
    writer.close()
    return True
