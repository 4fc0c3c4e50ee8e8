"""`arguslm login`, `logout` and `whoami`."""

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from arguslm.cli.connect import Json, Url, connected
from arguslm.cli.output import note, print_facts, print_json, say
from arguslm.cli.secrets import read_secret
from arguslm.errors import ArgusLMError
from arguslm.saved_login import Login, forget_login, load_login, login_path, save_login

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient
    from arguslm.schemas import WhoAmI

PANEL = "Access"
LINK_TOKEN_NAMES = ("login_token", "token")


def register(app: typer.Typer) -> None:
    for command in (login, logout, whoami):
        app.command(rich_help_panel=PANEL)(command)


def login(
    link: Annotated[
        str | None,
        typer.Argument(metavar="LINK", help="The one-time link that `arguslm up` prints."),
    ] = None,
    url: Url = None,
    key: Annotated[
        bool, typer.Option("--key", help="Use an API key: asked for, or read from stdin.")
    ] = False,
    username: Annotated[
        str | None, typer.Option("--username", "-u", help="Sign in as this person.")
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir", help="Use the admin key of the house that runs from this directory."
        ),
    ] = None,
) -> None:
    """Sign in and remember it, in a file that only you can read.

    With nothing said: the house on this machine if one runs here, else a user name and password.
    """
    if sum((key, username is not None, link is not None, data_dir is not None)) > 1:
        raise typer.BadParameter("choose one of a link, --key, --username and --data-dir")
    if link is not None:
        known = _with_link(link)
    elif key:
        known = _with_key(_address(url), read_secret("API key"))
    elif data_dir is not None or (username is None and url is None and _house_file().exists()):
        known = _with_house(data_dir or _data_dir())
    else:
        known = _with_password(_address(url), username)
    file = login_path()
    save_login(file, known)
    say(f"signed in to {known.url} as {known.username}; saved in {file}")


def logout() -> None:
    """End the session and forget the saved login."""
    from arguslm.client import ArgusLMClient
    from arguslm.session import Session

    file = login_path()
    known = load_login(file)
    if known is None:
        forget_login(file)
        return say("not signed in")
    if known.refresh_token is not None:
        try:
            with ArgusLMClient(session=Session(known.url, saved=(file, known))) as client:
                client.logout()
        except ArgusLMError as error:
            note(f"the server was not told: {error}")
    forget_login(file)
    return say(f"signed out of {known.url}")


@connected
def whoami(client: "ArgusLMClient", as_json: Json = False) -> None:
    """Whose token is used, and what it may do."""
    me = client.whoami()
    if as_json:
        return print_json(me)
    return print_facts(
        (("server", client.base_url), ("name", me.username), ("role", me.role), ("kind", me.kind))
    )


def _with_key(url: str, key: str) -> Login:
    me = _identity(url, key)
    return Login(url, key, username=me.username)


def _with_house(directory: Path) -> Login:
    """The URL and the admin key that `arguslm up` keeps in its data directory."""
    try:
        url = str(json.loads((directory / "house.json").read_text())["url"])
        key = (directory / "keys" / "admin.key").read_text().strip()
    except (OSError, ValueError, KeyError) as error:
        raise ArgusLMError(
            f"no house that we may enter in {directory} ({type(error).__name__}): "
            "is `arguslm up` running from there?"
        ) from None
    return _with_key(_checked(url), key)


def _with_link(link: str) -> Login:
    parts = urlsplit(link)
    values = {**parse_qs(parts.query), **parse_qs(parts.fragment.rpartition("?")[2])}
    token = next((values[name][0] for name in LINK_TOKEN_NAMES if name in values), None)
    if token is None:
        raise typer.BadParameter("that is no login link: it carries no token")
    return _signed_in(_checked(f"{parts.scheme}://{parts.netloc}"), login_token=token)


def _with_password(url: str, username: str | None) -> Login:
    if username is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter("say how: a login link, --username, --key or --data-dir")
        username = str(typer.prompt("User name", err=True))
    return _signed_in(url, username=username, password=read_secret("password"))


def _signed_in(
    url: str,
    *,
    username: str | None = None,
    password: str | None = None,
    login_token: str | None = None,
) -> Login:
    from arguslm.client import ArgusLMClient
    from arguslm.session import Session

    with ArgusLMClient(session=Session(url)) as client:
        answer = client.login(username, password, login_token=login_token)
    return Login(url, answer.access_token, answer.refresh_token, answer.username)


def _identity(url: str, key: str) -> "WhoAmI":
    from arguslm.client import ArgusLMClient
    from arguslm.session import Session

    with ArgusLMClient(session=Session(url, key)) as client:
        return client.whoami()


def _address(url: str | None) -> str:
    from arguslm.session import find_session

    return find_session(url).base_url


def _checked(url: str) -> str:
    from arguslm.session import checked_url

    return checked_url(url)


def _data_dir() -> Path:
    return Path(os.environ.get("ARGUSLM_DATA_DIR", ".arguslm"))


def _house_file() -> Path:
    return _data_dir() / "house.json"
