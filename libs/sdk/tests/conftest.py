"""The stand-in API on a real socket, and addresses where nothing good happens."""

import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

sys.path.insert(0, str(Path(__file__).parent))

import cli_answers as says
from cli_runner import Run, runner
from stand_in_api import StandIn


class Door:
    """One listening server for all tests; each test has a stand-in of its own behind it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.stand_in = StandIn(url)

    async def http(self, request: Request) -> Response:
        return await self.stand_in.http(request)

    async def websocket(self, websocket: WebSocket) -> None:
        await self.stand_in.websocket(websocket)


@pytest.fixture(scope="session")
def door() -> Iterator[Door]:
    listening = socket.create_server(("127.0.0.1", 0))
    opened = Door(f"http://127.0.0.1:{listening.getsockname()[1]}")
    app = Starlette(
        routes=[
            WebSocketRoute("/{path:path}", opened.websocket),
            Route("/{path:path}", opened.http, methods=["GET", "POST", "PATCH", "DELETE"]),
        ]
    )
    running = uvicorn.Server(uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    yield opened
    running.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
def server(door: Door) -> StandIn:
    door.stand_in = StandIn(door.url)
    return door.stand_in


@pytest.fixture(autouse=True)
def nobody_is_signed_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """No test reads the login or the environment of the person who runs it."""
    for name in ("BASE_URL", "API_KEY", "DATA_DIR", "NATS_URL", "NATS_USER", "NATS_PASSWORD"):
        monkeypatch.delenv(f"ARGUSLM_{name}", raising=False)
    monkeypatch.setenv("ARGUSLM_HOME", str(tmp_path / "home"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("models", "list")` gives the exit code and what was printed."""
    return runner(capsys, monkeypatch)


@pytest.fixture
def house(server: StandIn, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """A server with one provider and one model, and a token for it in the environment."""
    monkeypatch.setenv("ARGUSLM_BASE_URL", server.url)
    monkeypatch.setenv("ARGUSLM_API_KEY", "alm_token")
    server.answer("GET", "/api/v1/providers", {"providers": [says.provider()], "total": 1})
    server.answer("GET", "/api/v1/models", says.models(says.model()))
    return server


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off for milliseconds, so that the tests do not wait."""
    monkeypatch.setattr("arguslm.retries.random.uniform", lambda *_: 0.004)


@pytest.fixture
def refusing_url() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def dropping_url() -> Iterator[tuple[str, list[bytes]]]:
    """A server that reads every request and closes the connection without an answer."""
    listening = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def drop() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(65536))

    thread = threading.Thread(target=drop)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", heard
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()
