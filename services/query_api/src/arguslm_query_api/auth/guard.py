"""Nothing behind the door answers a stranger: all but a few named routes need a principal.

A middleware rather than a dependency, so that a route somebody forgets to protect is protected.
"""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from arguslm_query_api.auth.authenticator import Authenticator
from arguslm_query_api.auth.cookies import SESSION_COOKIE
from arguslm_query_api.auth.origins import Origins
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.http.paths import GUARDED
from arguslm_query_api.http.problems import refuse
from arguslm_query_api.refusals import NotSignedIn, Refusal

BEARER_PROTOCOL = "bearer."
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

OPEN = frozenset(
    {
        ("POST", "/api/v1/auth/login"),
        ("POST", "/api/v1/auth/refresh"),
        ("GET", "/health"),
    }
)


class Guard:
    def __init__(self, app: ASGIApp, authenticator: Authenticator, origins: Origins) -> None:
        self._app = app
        self._authenticator = authenticator
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not is_open(scope):
            try:
                principal = await self._principal(HTTPConnection(scope))
            except Refusal as refusal:
                await refuse(refusal, scope, receive, send)
                return
            scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)

    async def _principal(self, connection: HTTPConnection) -> Principal:
        credential = bearer_of(connection)
        if credential is not None:
            return await self._authenticator.bearer(credential)
        token = connection.cookies.get(SESSION_COOKIE)
        if token is None:
            raise NotSignedIn
        principal = await self._authenticator.session(token)
        if connection.scope.get("method") not in SAFE_METHODS:
            self._origins.check(connection, required=True)
        return principal


def is_open(scope: Scope) -> bool:
    """Besides the open routes, what is read outside the guarded paths: the dashboard's files,
    which hold no secret."""
    if scope["type"] == "websocket":
        return False
    method, path = scope["method"], scope["path"]
    return (method, path) in OPEN or (not path.startswith(GUARDED) and method in SAFE_METHODS)


def bearer_of(connection: HTTPConnection) -> str | None:
    """From the Authorization header, or, as browsers cannot set one, the WebSocket subprotocol."""
    scheme, _, credential = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credential:
        return credential.strip()
    for protocol in connection.scope.get("subprotocols", []):
        if protocol.startswith(BEARER_PROTOCOL):
            return str(protocol).removeprefix(BEARER_PROTOCOL)
    return None
