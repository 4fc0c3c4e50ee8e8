"""/api/v1/auth: signing in and out."""

from typing import Any

from fastapi import APIRouter, Body, Request, Response
from pydantic import SecretStr

from arguslm_contracts.rest.auth import LoginLinkResponse, LoginRequest, RefreshRequest, WhoAmI
from arguslm_contracts.rest.auth import LoginResponse as Signed
from arguslm_query_api.auth import signing_in
from arguslm_query_api.auth.cookies import REFRESH_COOKIE, clear_cookies, set_cookies
from arguslm_query_api.auth.login_links import LIFETIME
from arguslm_query_api.auth.roles import Admin, Viewer
from arguslm_query_api.http.dependencies import TheDoor
from arguslm_query_api.refusals import NotSignedIn

router = APIRouter(prefix="/auth", tags=["auth"])


@router.post("/login", response_model=Signed)
async def login(body: LoginRequest, door: TheDoor, request: Request, response: Response) -> Any:
    """Sign in with user name and password, or with the token of a login link, once."""
    door.origins.check(request, required=False)
    door.login_attempts.take(request.client.host if request.client else "")
    if body.login_token is not None:
        signed = await signing_in.with_login_token(door, body.login_token.get_secret_value())
    else:
        password = body.password or SecretStr("")
        signed = await signing_in.with_password(
            door, body.username or "", password.get_secret_value()
        )
    set_cookies(response, signed, request, door.settings)
    return signed


@router.post("/refresh", response_model=Signed)
async def refresh(
    door: TheDoor,
    request: Request,
    response: Response,
    body: RefreshRequest | None = Body(default=None),  # noqa: B008 - how FastAPI declares it
) -> Any:
    """A new pair of tokens for a refresh token, from the body or a browser's cookie, once."""
    if body is not None and body.refresh_token is not None:
        token = body.refresh_token.get_secret_value()
        door.origins.check(request, required=False)
    else:
        cookie = request.cookies.get(REFRESH_COOKIE)
        if cookie is None:
            raise NotSignedIn
        token = cookie
        door.origins.check(request, required=True)
    signed = await signing_in.with_refresh_token(door, token)
    set_cookies(response, signed, request, door.settings)
    return signed


@router.post("/logout", status_code=204)
async def logout(door: TheDoor, who: Viewer, response: Response) -> None:
    """End this session at once, on every replica. An API key has none to end."""
    clear_cookies(response)
    if who.session is not None:
        await door.sessions.end(who.session, who.name)


@router.get("/me", response_model=WhoAmI)
async def whoami(who: Viewer) -> Any:
    """Whose token this is."""
    return WhoAmI(username=who.name, role=who.role, kind=who.kind)


@router.post("/login-links", response_model=LoginLinkResponse, status_code=201)
async def create_login_link(door: TheDoor, who: Admin) -> Any:
    """A link that signs one browser in, once, with the rights of whoever asked for it."""
    token = door.login_links.create(who.holder)
    return LoginLinkResponse(
        url=f"{door.settings.shown_url}/login#token={token}",
        expires_in_s=int(LIFETIME.total_seconds()),
    )
