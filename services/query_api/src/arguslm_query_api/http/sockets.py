"""An accepted WebSocket: what is sent has a deadline, "ping" is answered, either side ends it."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from arguslm_query_api.auth.guard import BEARER_PROTOCOL
from arguslm_query_api.live import FellBehind
from arguslm_query_api.refusals import Refusal

SEND_WITHIN_S = 10.0
TOO_SLOW = 1013
DONE = 1000
# Application close codes carry the HTTP status they stand for: 4401 is a 401.
CLOSE_CODE_BASE = 4000

Send = Callable[[str], Awaitable[None]]
Tell = Callable[[Send], Awaitable[None]]


async def converse(websocket: WebSocket, tell: Tell) -> None:
    """Accept, and run `tell` until it ends, is refused, or the client is gone or too slow."""
    await websocket.accept(subprotocol=_protocol(websocket))
    telling = asyncio.ensure_future(tell(lambda text: _send(websocket, text)))
    listening = asyncio.create_task(_listen(websocket))
    try:
        await asyncio.wait({telling, listening}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (telling, listening):
            task.cancel()
        ended, _ = await asyncio.gather(telling, listening, return_exceptions=True)
    await _close(websocket, ended)


async def _send(websocket: WebSocket, text: str) -> None:
    async with asyncio.timeout(SEND_WITHIN_S):
        await websocket.send_text(text)


async def _listen(websocket: WebSocket) -> None:
    """Until the client leaves."""
    try:
        while True:
            if await websocket.receive_text() == "ping":
                await _send(websocket, "pong")
    except (WebSocketDisconnect, TimeoutError):
        return


async def _close(websocket: WebSocket, ended: BaseException | None) -> None:
    gone = websocket.client_state is WebSocketState.DISCONNECTED
    if not gone:
        code, reason = DONE, ""
        if isinstance(ended, TimeoutError | FellBehind):
            code, reason = TOO_SLOW, "too slow; reconnect with your cursor"
        elif isinstance(ended, Refusal):
            code, reason = CLOSE_CODE_BASE + ended.status, ended.detail
        try:
            async with asyncio.timeout(SEND_WITHIN_S):
                await websocket.close(code, reason)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            return
    expected = (asyncio.CancelledError, TimeoutError, FellBehind, Refusal, WebSocketDisconnect)
    if ended is not None and not isinstance(ended, expected):
        raise ended


def _protocol(websocket: WebSocket) -> str | None:
    """A browser that offers subprotocols wants one of them chosen: not the one with its token, if
    there is another."""
    offered: list[str] = websocket.scope.get("subprotocols", [])
    harmless = [one for one in offered if not one.startswith(BEARER_PROTOCOL)]
    return next(iter([*harmless, *offered]), None)
