"""A stand-in for the query API on a real socket: scripted answers, and a record of what came."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import to_jsonable_python
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

Socket = Callable[[WebSocket], Awaitable[None]]


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class StandIn:
    """`answer` scripts a path; the last of several answers repeats. Else: 404."""

    url: str
    seen: list[Seen] = field(default_factory=list)
    _answers: dict[tuple[str, str], list[Response]] = field(default_factory=dict)
    _sockets: dict[str, list[Socket]] = field(default_factory=dict)

    def answer(self, method: str, path: str, *answers: Any) -> None:
        """Each answer is a JSON body (200), a status, or a Response."""
        self._answers[method, path] = [_response(one) for one in answers]

    def socket(self, path: str, *connections: Socket) -> None:
        """What happens on each connection to a path."""
        self._sockets[path] = list(connections)

    def requests(self, path: str) -> list[Seen]:
        return [one for one in self.seen if one.path == path]

    async def http(self, request: Request) -> Response:
        raw = await request.body()
        self._note(request.method, request, json.loads(raw) if raw else None)
        answers = self._answers.get((request.method, request.url.path))
        if answers is None:
            return problem(404, f"there is no {request.url.path}")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def websocket(self, websocket: WebSocket) -> None:
        self._note("WS", websocket, None)
        connections = self._sockets[websocket.url.path]
        await (connections.pop(0) if len(connections) > 1 else connections[0])(websocket)

    def _note(self, method: str, what: Request | WebSocket, body: Any) -> None:
        query, headers = dict(what.query_params), dict(what.headers)
        self.seen.append(Seen(method, what.url.path, query, headers, body))


def problem(status: int, detail: Any, **headers: str) -> Response:
    """An RFC 9457 answer as the query API gives it."""
    content = {
        "type": "about:blank",
        "title": "a problem",
        "status": status,
        "detail": detail,
        "request_id": "req-7",
    }
    return Response(
        json.dumps(content),
        status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        media_type="application/problem+json",
    )


def _response(answer: Any) -> Response:
    if isinstance(answer, Response):
        return answer
    if isinstance(answer, int):
        return Response(status_code=answer) if answer < 400 else problem(answer, f"no: {answer}")
    return Response(json.dumps(to_jsonable_python(answer)), media_type="application/json")
