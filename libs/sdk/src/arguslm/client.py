"""The two clients. Their operations are written once, in `arguslm.endpoints`."""

from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Self

import httpx

from arguslm.call import Call, Id, body_of, checked, nothing, path, shape
from arguslm.endpoints.access import AccessEndpoints
from arguslm.endpoints.alerts import AlertEndpoints, AlertRuleEndpoints, ChannelEndpoints
from arguslm.endpoints.benchmarks import BenchmarkEndpoints
from arguslm.endpoints.costs import BudgetEndpoints, CostEndpoints
from arguslm.endpoints.models import ModelEndpoints
from arguslm.endpoints.monitoring import MonitoringEndpoints
from arguslm.endpoints.probes import ProbeEndpoints
from arguslm.endpoints.providers import ProviderEndpoints
from arguslm.retries import Retries
from arguslm.session import Session, find_session
from arguslm.streams import AsyncStreams, SyncStreams
from arguslm.transport import DEFAULT_TIMEOUT, NO_PROXY_TO
from arguslm_contracts.rest.auth import LoginRequest, LoginResponse
from arguslm_contracts.rest.monitoring import CheckResponse

DEFAULT_MAX_RETRIES = 2


class Endpoints(
    MonitoringEndpoints,
    BenchmarkEndpoints,
    ProviderEndpoints,
    ModelEndpoints,
    AlertEndpoints,
    AlertRuleEndpoints,
    ChannelEndpoints,
    CostEndpoints,
    BudgetEndpoints,
    ProbeEndpoints,
    AccessEndpoints,
):
    """Every operation that is one request."""

    _session: Session

    @property
    def base_url(self) -> str:
        """The server's address, without a user name or password in it."""
        return self._session.origin

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._session.origin!r})"


class ArgusLMClient(Endpoints, SyncStreams):
    """The synchronous client.

    Without arguments it speaks to ARGUSLM_BASE_URL with ARGUSLM_API_KEY, else to the server of
    `arguslm login`. Calls are repeated up to `max_retries` times with backoff: reading ones,
    deletions, and POSTs, which carry an idempotency key so that the server does them once. Partial
    updates (PATCH) never are. A `session` takes the place of
    `base_url` and `api_key`.

        with ArgusLMClient(base_url="http://127.0.0.1:8088", api_key="...") as client:
            client.list_models(search="gpt")
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: httpx.Client | None = None,
        session: Session | None = None,
    ) -> None:
        http = http_client or httpx.Client(timeout=_timeout(timeout), mounts=NO_PROXY_TO)
        session = session or find_session(base_url, api_key)
        super().__init__(session, http, Retries(max_retries))
        self._owns_http = http_client is None

    def login(
        self,
        username: str | None = None,
        password: str | None = None,
        *,
        login_token: str | None = None,
    ) -> LoginResponse:
        """Sign in as a person, or with a login link's token; later calls use the new session."""
        answer = self.perform(_login(username, password, login_token))
        self._session.begin(answer)
        return answer

    def logout(self) -> None:
        """End the session on the server and forget its tokens."""
        self.perform(_logout(self._session))
        self._session.end()

    def iter_checks(
        self,
        *,
        model_id: Id | None = None,
        outcome: str | None = None,
        kind: str | None = None,
        finding: str | None = None,
        page_size: int = 200,
    ) -> Iterator[CheckResponse]:
        """Every check, newest first, asking for a page at a time."""
        cursor: str | None = None
        while True:
            page = self.list_checks(
                model_id=model_id,
                outcome=outcome,
                kind=kind,
                finding=finding,
                limit=page_size,
                cursor=cursor,
            )
            yield from page.items
            if (cursor := page.next_cursor) is None:
                return

    def close(self) -> None:
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncArgusLMClient(Endpoints, AsyncStreams):
    """The asynchronous client: the same operations, awaited.

    async with AsyncArgusLMClient() as client:
        async for message in client.stream_live():
            print(message.kind, message.data)
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float | httpx.Timeout | None = None,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: httpx.AsyncClient | None = None,
        session: Session | None = None,
    ) -> None:
        http = http_client or httpx.AsyncClient(timeout=_timeout(timeout), mounts=NO_PROXY_TO)
        session = session or find_session(base_url, api_key)
        super().__init__(session, http, Retries(max_retries))
        self._owns_http = http_client is None

    async def login(
        self,
        username: str | None = None,
        password: str | None = None,
        *,
        login_token: str | None = None,
    ) -> LoginResponse:
        """Sign in as a person, or with a login link's token; later calls use the new session."""
        answer = await self.perform(_login(username, password, login_token))
        self._session.begin(answer)
        return answer

    async def logout(self) -> None:
        """End the session on the server and forget its tokens."""
        await self.perform(_logout(self._session))
        self._session.end()

    async def iter_checks(
        self,
        *,
        model_id: Id | None = None,
        outcome: str | None = None,
        kind: str | None = None,
        finding: str | None = None,
        page_size: int = 200,
    ) -> AsyncIterator[CheckResponse]:
        """Every check, newest first, asking for a page at a time."""
        cursor: str | None = None
        while True:
            page = await self.list_checks(
                model_id=model_id,
                outcome=outcome,
                kind=kind,
                finding=finding,
                limit=page_size,
                cursor=cursor,
            )
            for check in page.items:
                yield check
            if (cursor := page.next_cursor) is None:
                return

    async def close(self) -> None:
        if self._owns_http:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def _timeout(given: float | httpx.Timeout | None) -> float | httpx.Timeout:
    return DEFAULT_TIMEOUT if given is None else given


def _login(
    username: str | None, password: str | None, login_token: str | None
) -> Call[LoginResponse]:
    fields = {"username": username, "password": password, "login_token": login_token}
    given = {name: value for name, value in fields.items() if value is not None}
    body = body_of(checked(LoginRequest, **given))
    return Call("POST", path("auth", "login"), shape(LoginResponse), body=body, key=None)


def _logout(session: Session) -> Call[None]:
    body = {"refresh_token": session.refresh_token} if session.refresh_token else None
    return Call("POST", path("auth", "logout"), nothing, body=body, key=None)
