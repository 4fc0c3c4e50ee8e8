"""The door for operators: /health and /metrics of a service that has no other HTTP server."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Health = Callable[[], dict[str, str]]
"""Component -> "ok", or what is wrong with it."""


class CannotListen(OSError):
    """The address is taken, or not one of this machine."""


class OpsServer:
    """Serves from a thread of its own, so that a busy event loop still answers "busy".

    The address is taken at once; answers come from `start` on, until the block ends.

    Raises:
        CannotListen: with the address and the reason, in a line for people.
    """

    def __init__(self, host: str, port: int) -> None:
        try:
            self._server = ThreadingHTTPServer((host, port), _Handler)
        except OSError as error:
            raise CannotListen(
                f"cannot listen on {host}:{port} for /health and /metrics: "
                f"{error.strerror or error}; ARGUSLM_OPS_HOST and ARGUSLM_OPS_PORT say where "
                "(port 0: a free one)"
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self, health: Health) -> None:
        self._server.RequestHandlerClass = type(
            "_HandlerOf", (_Handler,), {"check": staticmethod(health)}
        )
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    check: Health

    def do_GET(self) -> None:
        if self.path == "/health":
            components = self.check()
            well = all(state == "ok" for state in components.values())
            body = {"status": "healthy" if well else "unhealthy", "components": components}
            self._answer(200 if well else 503, "application/json", json.dumps(body).encode())
        elif self.path == "/metrics":
            self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
        else:
            self._answer(404, "text/plain", b"try /health or /metrics\n")

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Health is asked every second; nobody reads that log."""
