"""The life of a service: connect, migrate, run its parts, answer for its health, stop in order."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from nats.aio.client import Client
from pydantic import ValidationError

from arguslm_bus.connection import BusUnreachable, connect
from arguslm_bus.settings import BusSettings
from arguslm_storage.vault import VaultError
from arguslm_telemetry.collector import tame_collector
from arguslm_telemetry.logs import configure_logs
from arguslm_telemetry.ops import CannotListen, OpsServer
from arguslm_telemetry.settings import TelemetrySettings

log = structlog.get_logger(__name__)


class ServiceSettings(BusSettings, TelemetrySettings):
    """What every service can be told."""


Health = Callable[[], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service consists of once it is wired: endless tasks, its health, and its end."""

    tasks: dict[str, Awaitable[None]]
    health: Health
    close: Callable[[], Awaitable[None]]


def run_service(
    name: str,
    settings: Callable[[], ServiceSettings],
    wire: Callable[..., Awaitable[Parts]],
    *,
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> None:
    """Run a service until SIGTERM or SIGINT; exit 1 with one clear line when it cannot start.

    `wire(settings, client)` builds the parts from the settings and the bus. `loop_factory` makes
    the event loop of a service that measures; None is asyncio's own.
    """
    try:
        given = settings()
    except ValidationError as error:
        sys.exit(f"{name}: {describe_settings_error(error)}")
    configure_logs(name, given.log_level)
    tame_collector()
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.run(_live(name, given, wire))
    except (BusUnreachable, CannotListen, VaultError) as error:
        sys.exit(f"{name}: {error}")


def describe_settings_error(error: ValidationError) -> str:
    """The first fault of the settings: which variable, what is wrong with it."""
    first = error.errors(include_input=False)[0]
    if not first["loc"]:  # of several together
        return f"settings: {first['msg']}"
    variable = "ARGUSLM_" + "_".join(str(part) for part in first["loc"]).upper()
    return f"setting {variable}: {first['msg']}"


async def _live(
    name: str, settings: ServiceSettings, wire: Callable[..., Awaitable[Parts]]
) -> None:
    with OpsServer(settings.ops_host, settings.ops_port) as ops:
        client = await connect(settings, name)
        parts = await wire(settings, client)
        ops.start(lambda: _health(client, parts))
        log.info("service_started", ops_port=ops.port)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, stop.set)
        try:
            await _until_stopped(parts, stop)
        finally:
            await parts.close()
            await client.close()
            log.info("service_stopped")


def _health(client: Client, parts: Parts) -> dict[str, str]:
    return {"bus": "ok" if client.is_connected else "not connected", **parts.health()}


async def _until_stopped(parts: Parts, stop: asyncio.Event) -> None:
    """Run the parts side by side; the end of one of them is the end of the service."""
    async with asyncio.TaskGroup() as group:
        running = [
            group.create_task(_endless(name, task), name=name) for name, task in parts.tasks.items()
        ]
        await stop.wait()
        log.info("service_stopping")
        for task in running:
            task.cancel()


async def _endless(name: str, task: Awaitable[None]) -> None:
    await task
    raise RuntimeError(f"{name} ended by itself")
