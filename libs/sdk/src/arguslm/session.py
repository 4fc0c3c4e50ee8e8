"""Where a client speaks to, and as whom: arguments, else environment, else the saved login."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from arguslm.errors import ArgusLMError
from arguslm.saved_login import Login, load_login, login_path, save_login
from arguslm_contracts.rest.auth import LoginResponse

# Where `arguslm up` listens unless told otherwise.
DEFAULT_BASE_URL = "http://127.0.0.1:8088"


class Session:
    """A base URL and the tokens for it. A refreshed saved login is saved again."""

    def __init__(
        self, base_url: str, token: str | None = None, *, saved: tuple[Path, Login] | None = None
    ) -> None:
        self.base_url = base_url
        self.token = None if token is None else checked_token(token)
        self.refresh_token: str | None = None
        self._saved = saved
        if saved is not None:
            self.token, self.refresh_token = saved[1].token, saved[1].refresh_token

    def __repr__(self) -> str:
        return f"Session({self.origin!r}, {'signed in' if self.token else 'no token'})"

    @property
    def origin(self) -> str:
        """The base URL without a user name or password in it, for messages."""
        parts = urlsplit(self.base_url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")

    @property
    def on_this_machine(self) -> bool:
        return urlsplit(self.base_url).hostname in ("127.0.0.1", "localhost", "::1")

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def begin(self, answer: LoginResponse) -> None:
        """Use the tokens of a login or a refresh from now on."""
        self.token, self.refresh_token = answer.access_token, answer.refresh_token
        if self._saved is not None:
            file, login = self._saved
            login = replace(login, token=answer.access_token, refresh_token=answer.refresh_token)
            save_login(file, login)
            self._saved = (file, login)

    def end(self) -> None:
        self.token = self.refresh_token = None

    def renewed_elsewhere(self) -> bool:
        """Another process refreshed the saved login: take its tokens."""
        if self._saved is None:
            return False
        file, known = self._saved
        current = load_login(file)
        if current is None or current.url != known.url or current.token == known.token:
            return False
        self._saved = (file, current)
        self.token, self.refresh_token = current.token, current.refresh_token
        return True


def find_session(
    base_url: str | None = None,
    token: str | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
) -> Session:
    """Arguments, else ARGUSLM_BASE_URL and ARGUSLM_API_KEY, else the saved login.

    A saved token goes only to the server it was saved for.

    Raises:
        ArgusLMError: the base URL is no http(s) URL.
    """
    file = login_path(environ)
    login = load_login(file)
    url = base_url or environ.get("ARGUSLM_BASE_URL") or (login.url if login else DEFAULT_BASE_URL)
    url = checked_url(url)
    token = token or environ.get("ARGUSLM_API_KEY")
    if token is None and login is not None and login.url == url:
        return Session(url, saved=(file, login))
    return Session(url, token)


def checked_url(url: str) -> str:
    """The base URL without a trailing slash.

    Raises:
        ArgusLMError: it is no http(s) URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or _port_is_wrong(url):
        raise ArgusLMError("the server's address must look like http://host:port")
    return url.rstrip("/")


def checked_token(token: str) -> str:
    """The token without the space and newlines that copying leaves around it.

    Raises:
        ArgusLMError: no header can carry it; the text does not hold it.
    """
    token = token.strip()
    if not (token.isascii() and token.isprintable()):
        raise ArgusLMError("the API key holds characters that no key has: was it copied whole?")
    return token


def _port_is_wrong(url: str) -> bool:
    try:
        return urlsplit(url).port == 0
    except ValueError:
        return True
