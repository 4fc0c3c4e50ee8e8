"""What every request gets: an id, a size limit, security headers, a log line, a measured time,
and an answer that tells nothing of our insides when we fail."""

import re
import time
from uuid import uuid4

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from arguslm_query_api.http.problems import problem
from arguslm_query_api.http.security_headers import set_security_headers

log = structlog.get_logger(__name__)

REQUESTS = Counter("arguslm_http_requests_total", "Requests", ["method", "route", "status"])
DURATION = Histogram(
    "arguslm_http_request_duration_seconds",
    "Time until the answer was sent",
    ["method", "route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60),
)

MAX_BODY_BYTES = 1024 * 1024
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{1,64}$")


class Requests:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.match(given) else uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            if scope["type"] == "websocket":
                await self._app(scope, receive, send)
            else:
                await _Exchange(scope, receive, send, request_id).run(self._app)


class _Exchange:
    """One HTTP request and its answer."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._request_id = request_id
        self._received_bytes = 0
        self._status = 0
        self._started_s = time.perf_counter()

    async def run(self, app: ASGIApp) -> None:
        try:
            await app(self._scope, self._limited_receive, self._watched_send)
        except Exception:
            log.exception("request_failed", path=self._scope["path"])
            await self._fail()
        finally:
            self._measure()

    async def _limited_receive(self) -> Message:
        message = await self._receive()
        self._received_bytes += len(message.get("body", b""))
        if self._received_bytes > MAX_BODY_BYTES:
            # Nobody wants to hear the rest of it.
            headers = {"Connection": "close"}
            raise HTTPException(413, f"a request holds at most {MAX_BODY_BYTES} bytes", headers)
        return message

    async def _watched_send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._request_id
            set_security_headers(headers, self._scope)
        await self._send(message)

    async def _fail(self) -> None:
        if self._status:
            # The answer has begun; ending it early tells the client that it is not whole.
            raise ConnectionAbortedError("failed in the middle of an answer")
        answer = problem(500, "something went wrong here; the log has it under the request id")
        await answer(self._scope, self._receive, self._watched_send)

    def _measure(self) -> None:
        duration_s = time.perf_counter() - self._started_s
        method, route = self._scope["method"], self._scope.get("route")
        name = getattr(route, "path", "") or "other"
        REQUESTS.labels(method, name, str(self._status)).inc()
        DURATION.labels(method, name).observe(duration_s)
        say = log.debug if method in ("GET", "HEAD") and self._status < 500 else log.info
        say(
            "request",
            method=method,
            path=self._scope["path"],
            status=self._status,
            duration_ms=round(duration_s * 1000, 1),
        )
