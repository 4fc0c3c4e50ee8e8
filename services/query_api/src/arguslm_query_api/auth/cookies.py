"""A browser's session: cookies that no script can read and no other site can send."""

from fastapi import Request, Response

from arguslm_contracts.rest.auth import LoginResponse
from arguslm_query_api.auth.tokens import ACCESS_LIFETIME, REFRESH_LIFETIME
from arguslm_query_api.settings import Settings

SESSION_COOKIE = "arguslm_session"
REFRESH_COOKIE = "arguslm_refresh"
# The refresh token goes nowhere but to where it is used.
_REFRESH_PATH = "/api/v1/auth"


def set_cookies(
    response: Response, signed: LoginResponse, request: Request, settings: Settings
) -> None:
    secure = request.url.scheme == "https" or settings.shown_url.startswith("https://")
    response.set_cookie(
        SESSION_COOKIE,
        signed.access_token,
        max_age=int(ACCESS_LIFETIME.total_seconds()),
        path="/",
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    response.set_cookie(
        REFRESH_COOKIE,
        signed.refresh_token,
        max_age=int(REFRESH_LIFETIME.total_seconds()),
        path=_REFRESH_PATH,
        httponly=True,
        samesite="strict",
        secure=secure,
    )


def clear_cookies(response: Response) -> None:
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")
    response.delete_cookie(REFRESH_COOKIE, path=_REFRESH_PATH, httponly=True, samesite="strict")
