"""The connection of one service to the bus."""

import asyncio
import ssl

import nats.errors
import structlog
from nats.aio.client import Client

from arguslm_bus.headers import QuickClient
from arguslm_bus.settings import BusSettings
from arguslm_contracts.permissions import inbox_prefix

log = structlog.get_logger(__name__)

_REFUSED = "Authorization Violation"


class BusUnreachable(Exception):
    """No connection to the bus; the text says where and why, without credentials."""


def tls_context(settings: BusSettings) -> ssl.SSLContext | None:
    if not settings.nats_url.startswith("tls://"):
        return None
    return ssl.create_default_context(cafile=settings.nats_ca_file)


async def connect(settings: BusSettings, service: str) -> Client:
    """Connect as the service's user; afterwards reconnect for ever.

    Raises:
        BusUnreachable: the first connection cannot be made within 10 s.
    """
    user = settings.nats_user or service

    last_error = "no answer"

    async def on_error(error: Exception) -> None:
        nonlocal last_error
        text = str(error) or type(error).__name__
        log.warning("bus_error", error=text)
        # A refused password is the reason; the reset that may follow it is not.
        if _REFUSED not in last_error:
            last_error = text

    async def on_disconnected() -> None:
        log.info("bus_disconnected")

    async def on_reconnected() -> None:
        log.info("bus_reconnected")

    try:
        # nats-py retries the first connection by itself only as often as reconnects are allowed.
        async with asyncio.timeout(10):
            client = QuickClient()
            await client.connect(
                settings.nats_url,
                name=service,
                user=user,
                password=settings.read_nats_password(),
                tls=tls_context(settings),
                inbox_prefix=inbox_prefix(user),
                max_reconnect_attempts=-1,
                reconnect_time_wait=1,
                ping_interval=10,
                error_cb=on_error,
                disconnected_cb=on_disconnected,
                reconnected_cb=on_reconnected,
            )
            return client
    except (OSError, TimeoutError, nats.errors.Error) as error:
        reason = str(error) or f"{last_error} (tried for 10 s)"
        raise BusUnreachable(f"bus at {settings.nats_url} as {user!r}: {reason}") from error
