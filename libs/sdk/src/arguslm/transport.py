"""Sending calls: the same steps once with threads and once with asyncio."""

import asyncio
import threading
import time
from typing import TypeVar

import httpx

from arguslm.answers import connection_error, is_done_already, may_retry, read_answer
from arguslm.call import Call, body_of, checked, path, shape
from arguslm.retries import Retries, retry_after_s
from arguslm.session import Session
from arguslm_contracts.rest.auth import LoginResponse, RefreshRequest

T = TypeVar("T")

# A connection test is answered within 45 s, whatever the endpoint does.
DEFAULT_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
# A proxy of the environment leads outside, where this machine's own addresses mean another one.
NO_PROXY_TO: dict[str, None] = dict.fromkeys(("all://127.0.0.1", "all://localhost", "all://[::1]"))
GONE = httpx.Response(204)


def refresh_call(session: Session) -> Call[LoginResponse]:
    body = body_of(checked(RefreshRequest, refresh_token=session.refresh_token))
    return Call("POST", path("auth", "refresh"), shape(LoginResponse), body=body, key=None)


class SyncTransport:
    """Performs calls, one after another, from any thread."""

    def __init__(self, session: Session, http: httpx.Client, retries: Retries) -> None:
        self._session = session
        self._http = http
        self._retries = retries
        self._renewing = threading.Lock()

    def perform(self, call: Call[T]) -> T:
        """Send a call and read its answer, renewing the session once if it has expired."""
        used = self._session.token
        response = self._exchange(call)
        if response.status_code == 401 and self._renew(used):
            response = self._exchange(call)
        return read_answer(call, response, self._session)

    def _exchange(self, call: Call[T]) -> httpx.Response:
        repetitions = 0
        while True:
            try:
                response = self._send(call)
            except httpx.TransportError as error:
                delay_s = self._retries.delay_s(repetitions) if call.idempotent else None
                if delay_s is None:
                    raise connection_error(error, call, self._session) from error
            else:
                if is_done_already(call, response, repetitions):
                    return GONE
                if not may_retry(call, response):
                    return response
                delay_s = self._retries.delay_s(repetitions, retry_after_s(response.headers))
                if delay_s is None:
                    return response
            time.sleep(delay_s)
            repetitions += 1

    def _send(self, call: Call[T]) -> httpx.Response:
        return self._http.request(
            call.method,
            self._session.base_url + call.path,
            params=call.params or None,
            json=call.body,
            headers={**self._session.headers, **call.headers},
        )

    def _renew(self, used: str | None) -> bool:
        with self._renewing:
            if self._session.token != used or self._session.renewed_elsewhere():
                return True
            if self._session.refresh_token is None:
                return False
            call = refresh_call(self._session)
            response = self._exchange(call)
            if not response.is_success:
                return self._session.renewed_elsewhere()
            self._session.begin(read_answer(call, response, self._session))
            return True


class AsyncTransport:
    """Performs calls, as many at once as wanted, in one event loop."""

    def __init__(self, session: Session, http: httpx.AsyncClient, retries: Retries) -> None:
        self._session = session
        self._http = http
        self._retries = retries
        self._renewing = asyncio.Lock()

    async def perform(self, call: Call[T]) -> T:
        """Send a call and read its answer, renewing the session once if it has expired."""
        used = self._session.token
        response = await self._exchange(call)
        if response.status_code == 401 and await self._renew(used):
            response = await self._exchange(call)
        return read_answer(call, response, self._session)

    async def _exchange(self, call: Call[T]) -> httpx.Response:
        repetitions = 0
        while True:
            try:
                response = await self._send(call)
            except httpx.TransportError as error:
                delay_s = self._retries.delay_s(repetitions) if call.idempotent else None
                if delay_s is None:
                    raise connection_error(error, call, self._session) from error
            else:
                if is_done_already(call, response, repetitions):
                    return GONE
                if not may_retry(call, response):
                    return response
                delay_s = self._retries.delay_s(repetitions, retry_after_s(response.headers))
                if delay_s is None:
                    return response
            await asyncio.sleep(delay_s)
            repetitions += 1

    async def _send(self, call: Call[T]) -> httpx.Response:
        return await self._http.request(
            call.method,
            self._session.base_url + call.path,
            params=call.params or None,
            json=call.body,
            headers={**self._session.headers, **call.headers},
        )

    async def _renew(self, used: str | None) -> bool:
        async with self._renewing:
            if self._session.token != used or self._session.renewed_elsewhere():
                return True
            if self._session.refresh_token is None:
                return False
            call = refresh_call(self._session)
            response = await self._exchange(call)
            if not response.is_success:
                return self._session.renewed_elsewhere()
            self._session.begin(read_answer(call, response, self._session))
            return True
