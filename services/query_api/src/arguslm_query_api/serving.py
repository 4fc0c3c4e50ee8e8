"""uvicorn as a part of the service: on a socket of ours, stopped when the service stops."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Iterator

import structlog
import uvicorn
from fastapi import FastAPI

from arguslm_query_api.settings import Settings

log = structlog.get_logger(__name__)

_STOP_WITHIN_S = 5


class _Server(uvicorn.Server):
    """The service handles signals; uvicorn must not."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(settings: Settings) -> socket.socket:
    """The listening socket; exits with one clear line when the address cannot be used."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server(
            (settings.host, settings.port), family=family, backlog=512, reuse_port=False
        )
    except OSError as error:
        address = f"{settings.host}:{settings.port}"
        reason = os.strerror(error.errno) if error.errno else str(error)
        sys.exit(f"query-api: cannot listen on {address}: {reason}")


async def serve(app: FastAPI, settings: Settings, listening: socket.socket) -> None:
    """Serve until cancelled; then finish what is in hand, for a few seconds."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        ws_max_queue=16,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=_STOP_WITHIN_S,
        lifespan="off",
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    host, port = listening.getsockname()[:2]
    log.info("listening", host=host, port=port)
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        server.should_exit = True
        await serving
        raise
