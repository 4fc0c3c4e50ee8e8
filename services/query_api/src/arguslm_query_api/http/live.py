"""WS /api/v1/stream: checks, alerts and changes as they happen."""

import asyncio

from fastapi import APIRouter
from starlette.websockets import WebSocket

from arguslm_contracts.rest.system import LiveMessage
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.auth.roles import Viewer
from arguslm_query_api.door import Door
from arguslm_query_api.http.dependencies import TheDoor
from arguslm_query_api.http.problems import refuse
from arguslm_query_api.http.sockets import Send, converse
from arguslm_query_api.live import Happening, Subscription
from arguslm_query_api.live_cursor import Cursor
from arguslm_query_api.live_messages import changed
from arguslm_query_api.refusals import Invalid

PING_S = 20.0
MOST_REPLAYED = 2_000

router = APIRouter()


@router.websocket("/stream")
async def stream(
    websocket: WebSocket, door: TheDoor, who: Viewer, cursor: str | None = None
) -> None:
    """Every message is a LiveMessage. With `cursor`, what came after it is said first."""
    try:
        since = Cursor.parse(cursor) if cursor else None
    except ValueError as error:
        refusal = Invalid(str(error), field="query.cursor")
        await refuse(refusal, websocket.scope, websocket.receive, websocket.send)
        return

    async def tell(send: Send) -> None:
        async with door.feed.subscribe() as happenings:
            await _Telling(door, who, send, happenings).run(since)

    await converse(websocket, tell)


class _Telling:
    """What one client has been told so far."""

    def __init__(self, door: Door, who: Principal, send: Send, happenings: Subscription) -> None:
        self._door, self._who, self._send = door, who, send
        self._happenings = happenings
        self._cursor = happenings.since

    async def run(self, since: Cursor | None) -> None:
        if since is not None:
            await self._catch_up(since)
        clock = asyncio.get_running_loop().time
        ping_at_s = clock()
        while True:
            if clock() >= ping_at_s:
                await self._ping()
                ping_at_s = clock() + PING_S
            try:
                async with asyncio.timeout_at(ping_at_s):
                    happening = await self._happenings.next()
            except TimeoutError:
                continue
            await self._tell(happening)

    async def _catch_up(self, since: Cursor) -> None:
        """Say what was missed, or, if that is too much, that everything may have changed."""
        if since.missed(self._cursor) > MOST_REPLAYED:
            await self._say(changed("all", ""))
            return
        here, self._cursor = self._cursor, since
        for happening in await self._door.feed.missed(since, here):
            await self._tell(happening)
        self._cursor = here

    async def _tell(self, happening: Happening) -> None:
        recorded = happening.recorded
        self._cursor = self._cursor.after(recorded.stream, recorded.sequence)
        if happening.message is not None:
            await self._say(happening.message)

    async def _ping(self) -> None:
        """Shows that the line is alive, and tells the cursor; also ends what was revoked."""
        await self._door.authenticator.still(self._who)
        await self._say(LiveMessage(kind="ping"))

    async def _say(self, message: LiveMessage) -> None:
        told = message.model_copy(update={"cursor": str(self._cursor)})
        await self._send(told.model_dump_json())
