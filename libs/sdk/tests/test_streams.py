"""Following live: what is given, what survives a lost connection, what ends it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from stand_in_api import Socket, StandIn, problem
from starlette.websockets import WebSocket

from arguslm import ArgusLMClient, AsyncArgusLMClient, errors
from arguslm.saved_login import Login
from arguslm.session import Session

T = TypeVar("T")

LIVE = "/api/v1/stream"
RUN_ID = uuid4()
RUN = f"/api/v1/benchmarks/{RUN_ID}/stream"


def says(*messages: Any, then: int = 1000) -> Socket:
    """A connection that says this and is closed; `then` 0 breaks it without a farewell."""

    async def connection(websocket: WebSocket) -> None:
        await websocket.accept()
        for message in messages:
            await websocket.send_text(message if isinstance(message, str) else json.dumps(message))
        if then:
            await websocket.close(then, "the reason")
        else:
            raise ConnectionAbortedError

    return connection


def refuses(status: int) -> Socket:
    async def connection(websocket: WebSocket) -> None:
        await websocket.send_denial_response(problem(status, f"no: {status}"))

    return connection


def live(kind: str, cursor: str, **data: Any) -> dict[str, Any]:
    return {"kind": kind, "cursor": cursor, "data": data}


@pytest.fixture(params=["sync", "async"])
def follow(request: pytest.FixtureRequest, server: StandIn, quick: None) -> Any:
    """`follow(method, *arguments, count=...)`: the first messages, by either client."""

    def by_sync(method: str, *arguments: Any, count: int = 99, **session: Any) -> list[Any]:
        with ArgusLMClient(**(session or {"base_url": server.url, "api_key": "key"})) as client:
            messages: Iterator[Any] = getattr(client, method)(*arguments)
            return [message for _, message in zip(range(count), messages, strict=False)]

    def by_async(method: str, *arguments: Any, count: int = 99, **session: Any) -> list[Any]:
        async def read() -> list[Any]:
            given = session or {"base_url": server.url, "api_key": "key"}
            taken = []
            async with AsyncArgusLMClient(**given) as client:
                messages: AsyncIterator[Any] = getattr(client, method)(*arguments)
                async for message in messages:
                    taken.append(message)
                    if len(taken) == count:
                        break
            return taken

        return asyncio.run(read())

    return by_sync if request.param == "sync" else by_async


def test_a_run_from_beginning_to_end(server: StandIn, follow: Any) -> None:
    messages = [
        {"type": "progress", "completed": 1, "total": 2},
        {"type": "ping"},
        {"type": "result", "data": {"id": "r1"}},
        {"type": "complete", "status": "completed"},
        {"type": "progress", "completed": 9, "total": 9},
    ]
    server.socket(RUN, says(*messages))
    taken = follow("stream_benchmark", RUN_ID)
    assert taken == [messages[0], messages[2], messages[3]]
    assert server.seen[0].headers["authorization"] == "Bearer key"
    assert server.seen[0].query == {}


def test_a_run_that_fails_ends_too(server: StandIn, follow: Any) -> None:
    server.socket(RUN, says({"type": "error", "error": "x", "status": "failed"}))
    assert [one["type"] for one in follow("stream_benchmark", RUN_ID)] == ["error"]


@pytest.mark.parametrize("farewell", [0, 1001, 1012])
def test_a_run_goes_on_over_a_lost_connection_without_saying_a_result_twice(
    server: StandIn, follow: Any, farewell: int
) -> None:
    first, second = ({"type": "result", "data": {"id": name}} for name in "ab")
    server.socket(
        RUN,
        says(first, then=farewell),
        refuses(503),
        says(first, second, {"type": "complete", "status": "completed"}),
    )
    taken = follow("stream_benchmark", RUN_ID)
    assert [one.get("data", {}).get("id") for one in taken] == ["a", "b", None]
    assert len(server.seen) == 3


def test_live_messages_continue_at_the_cursor(server: StandIn, follow: Any) -> None:
    server.socket(
        LIVE,
        says(live("check", "c1", id="1"), live("ping", "c2"), then=1012),
        says(live("alert", "c3", id="2")),
    )
    taken = follow("stream_live", count=2)
    assert [(one.kind, one.data) for one in taken] == [
        ("check", {"id": "1"}),
        ("alert", {"id": "2"}),
    ]
    assert [one.query for one in server.seen] == [{}, {"cursor": "c2"}]


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, errors.Unauthorized), (403, errors.Forbidden), (404, errors.NotFound)],
)
def test_a_refusal_at_the_door(server: StandIn, follow: Any, status: int, kind: type) -> None:
    server.socket(RUN, refuses(status))
    with pytest.raises(kind, match=f"no: {status} \\(request req-7\\)"):
        follow("stream_benchmark", RUN_ID)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [(4401, errors.Unauthorized), (1008, errors.Unauthorized), (4404, errors.NotFound)],
)
def test_a_refusal_by_close_code(server: StandIn, follow: Any, code: int, kind: type) -> None:
    server.socket(RUN, says(then=code))
    with pytest.raises(kind, match="the reason"):
        follow("stream_benchmark", RUN_ID)


def test_nobody_listens(follow: Any, refusing_url: str) -> None:
    with pytest.raises(errors.ConnectionFailed, match=f"cannot connect to {refusing_url}"):
        follow("stream_live", base_url=refusing_url, api_key="key")


@pytest.mark.parametrize("nonsense", ["hello", "[]", "{}"])
def test_nonsense_is_said_to_be_nonsense(server: StandIn, follow: Any, nonsense: str) -> None:
    for path in (LIVE, RUN):
        server.socket(path, says(nonsense))
    for method, *arguments in (("stream_live",), ("stream_benchmark", RUN_ID)):
        with pytest.raises(errors.UnexpectedAnswer, match="nobody knows"):
            follow(method, *arguments)


@pytest.mark.parametrize("where", ["at the door", "on the way"])
def test_an_expired_session_is_renewed(
    server: StandIn, follow: Any, tmp_path: Any, where: str
) -> None:
    expired = refuses(401) if where == "at the door" else says(then=4401)
    server.socket(LIVE, expired, says(live("check", "c")))
    renewed = {"access_token": "new", "refresh_token": "r2", "expires_in_s": 1, "username": "ada"}
    server.answer("POST", "/api/v1/auth/refresh", renewed | {"role": "admin"})
    login = Login(server.url, "old", "r1", "ada")
    session = Session(server.url, saved=(tmp_path / "c.json", login))
    assert len(follow("stream_live", count=1, session=session)) == 1
    tokens = [one.headers.get("authorization") for one in server.requests(LIVE)]
    assert tokens == ["Bearer old", "Bearer new"]
