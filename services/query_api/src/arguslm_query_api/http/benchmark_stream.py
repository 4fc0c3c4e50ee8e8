"""WS /api/v1/benchmarks/{run_id}/stream, in the messages of ArgusLM 0.x.

Everything is said from the tables, so whoever comes late hears all of it.
"""

import asyncio
import json
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.websockets import WebSocket

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.benchmarks import BenchmarkEvent
from arguslm_contracts.rest.benchmarks import BenchmarkDetailResponse
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.auth.roles import Viewer
from arguslm_query_api.door import Door
from arguslm_query_api.http.dependencies import TheDoor
from arguslm_query_api.http.sockets import Send, converse
from arguslm_query_api.live import FellBehind, Subscription
from arguslm_query_api.reads import benchmarks
from arguslm_query_api.refusals import Unknown

PING_S = 30.0
_ENDED = ("completed", "failed", "cancelled")
# Reading a run takes longer the more samples it has: spend a fifth of the time on it at most.
_REST = 4.0

router = APIRouter()


@router.websocket("/benchmarks/{run_id}/stream")
async def benchmark_stream(websocket: WebSocket, run_id: str, door: TheDoor, who: Viewer) -> None:
    """`progress`, `result`, then `complete` or `error`; `ping` in between. A run nobody knows
    closes with 4404."""

    async def tell(send: Send) -> None:
        async with door.feed.subscribe() as happenings:
            await _Telling(door, who, send, _id_of(run_id)).run(happenings)

    await converse(websocket, tell)


def _id_of(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Unknown("there is no such benchmark") from None


class _Telling:
    """What one client has been told of one run."""

    def __init__(self, door: Door, who: Principal, send: Send, run_id: UUID) -> None:
        self._door, self._who, self._send_text, self._run_id = door, who, send, run_id
        self._told: set[UUID] = set()
        self._progress: tuple[int, int] | None = None

    async def run(self, happenings: Subscription) -> None:
        """Raises Unknown when there is no such run, or not any more."""
        clock = asyncio.get_running_loop().time
        while True:
            started_s = clock()
            async with self._door.database.reading() as connection:
                run = await benchmarks.get_run(connection, self._run_id)
            if run is None:
                raise Unknown(f"there is no benchmark {self._run_id}")
            await self._tell(run)
            if run.status in _ENDED:
                return
            await asyncio.sleep((clock() - started_s) * _REST)
            await self._something_new(happenings)

    async def _something_new(self, happenings: Subscription) -> None:
        """Wait until the run has moved, or it is time to ping."""
        if await happenings.first(self._is_of_run, PING_S) is None:
            if happenings.fell_behind:
                raise FellBehind
            await self._door.authenticator.still(self._who)
            await self._send({"type": "ping"})
        happenings.skip_waiting()

    def _is_of_run(self, recorded: Recorded) -> bool:
        return isinstance(recorded.event, BenchmarkEvent) and recorded.event.run_id == self._run_id

    async def _tell(self, run: BenchmarkDetailResponse) -> None:
        for result in run.results:
            if result.id not in self._told:
                self._told.add(result.id)
                await self._send({"type": "result", "data": result.model_dump(mode="json")})
        progress = (run.result_count, run.expected_count)
        if progress != self._progress:
            self._progress = progress
            await self._send({"type": "progress", "completed": progress[0], "total": progress[1]})
        if run.status == "failed":
            error = run.message or "the run failed"
            await self._send({"type": "error", "error": error, "status": run.status})
        elif run.status in _ENDED:
            await self._send({"type": "complete", "status": run.status})

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_text(json.dumps(message))
