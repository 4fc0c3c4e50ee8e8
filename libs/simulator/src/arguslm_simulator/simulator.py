"""The simulator as a context manager, for tests and for the command line."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from arguslm_simulator.behaviour import Behaviour
from arguslm_simulator.connection import Connection
from arguslm_simulator.live import LiveScenario
from arguslm_simulator.pacemaker import Pacemaker
from arguslm_simulator.router import Router
from arguslm_simulator.scenario import Scenario, demo_scenario
from arguslm_simulator.stats import Recorder, Stats


class Simulator:
    """An HTTP server in the running event loop that speaks every dialect at its vendor's paths.

        async with Simulator(Scenario({"swift": Behaviour(ttft_ms=80)})) as sim:
            sim.url                                # "http://127.0.0.1:43211"
            sim.set("swift", fault="http_500")     # fails from the next request on
            sim.set("swift", fault="none")         # and recovers

    `scenario` None is the demo. `port` 0 picks a free one; with `tls`
    it speaks HTTPS. Entering raises `OSError` when the
    address cannot be bound; leaving closes every connection at once.
    """

    def __init__(
        self,
        scenario: Scenario | None = None,
        api_key: str | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._live = LiveScenario(demo_scenario() if scenario is None else scenario)
        self._recorder = Recorder()
        self._router = Router(self._live, self._recorder, api_key)
        self._host = host
        self._port = port
        self._tls = tls
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._pacemaker: Pacemaker | None = None
        self._closed_door = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        pacemaker = Pacemaker(loop)
        try:
            self._server = await loop.create_server(
                lambda: Connection(self._router, pacemaker, self._recorder, self._connections),
                self._host,
                self._port,
                backlog=4096,
                ssl=self._tls,
            )
            # Bound, so that nobody else gets the port, and never listened to.
            self._closed_door.bind((self._host, 0))
        except OSError:
            pacemaker.close()
            self._closed_door.close()
            raise
        self._pacemaker = pacemaker
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        assert self._pacemaker is not None
        self._server.close()
        for connection in list(self._connections):
            connection.abort()
        await self._server.wait_closed()
        self._closed_door.close()
        self._pacemaker.close()

    @property
    def url(self) -> str:
        """Root of the server; OpenAI's base URL is this + "/v1"."""
        return self._url(self._port)

    @property
    def refused_url(self) -> str:
        """A port of ours at which every connection is refused."""
        return self._url(self._closed_door.getsockname()[1])

    def _url(self, port: int) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        scheme = "https" if self._tls else "http"
        return f"{scheme}://{host}:{port}"

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self._live)

    def behaviour(self, model: str) -> Behaviour:
        """Raises `KeyError` for an unknown model."""
        return self._live[model]

    def set(self, model: str, **changes: Any) -> Behaviour:
        """Changes some fields of a model from its next request on, and returns all of them.

        Raises `KeyError` for an unknown model and `ScenarioError` for a bad change.
        """
        return self._live.set(model, changes)

    def add(self, model: str, behaviour: Behaviour) -> None:
        """A new model appears (or one is replaced as a whole)."""
        self._live.add(model, behaviour)

    def remove(self, model: str) -> None:
        """A model vanishes: 404 from now on. Raises `KeyError` for an unknown one."""
        self._live.remove(model)

    def stats(self) -> Stats:
        return self._recorder.snapshot()

    async def until(self, condition: Callable[[Stats], bool]) -> Stats:
        """Waits until the stats are as wished, and returns them; looks whenever an answer
        begins or ends. `await sim.until(lambda stats: stats.in_flight == 0)`"""
        while not condition(stats := self.stats()):
            await self._recorder.change()
        return stats
