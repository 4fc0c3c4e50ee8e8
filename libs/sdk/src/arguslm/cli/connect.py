"""Gives a command its client, and the options that say whose."""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, ParamSpec

import typer

if TYPE_CHECKING:
    from arguslm.client import ArgusLMClient

P = ParamSpec("P")

Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="ARGUSLM_BASE_URL",
        help="The server's address.",
        show_default="that of the login",
        rich_help_panel="Connection",
    ),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="ARGUSLM_API_KEY",
        help="An API key. Better in the environment, where no shell history keeps it.",
        show_default="that of the login",
        rich_help_panel="Connection",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

# A command waits for a person's patience, so it also waits for a slow endpoint under test.
TIMEOUT_S = 90.0


def connected(command: "Callable[Concatenate[ArgusLMClient, P], None]") -> Callable[..., None]:
    """Calls `command` with an open client as its first argument, and adds --url and --token."""

    @wraps(command)
    def run(*, url: str | None, token: str | None, **options: Any) -> None:
        from arguslm.client import ArgusLMClient

        with ArgusLMClient(base_url=url, api_key=token, timeout=_timeout()) as client:
            command(client, **options)  # type: ignore[call-arg]

    _, *own = inspect.signature(command).parameters.values()
    named = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    parameters = [*named, _option("url", Url), _option("token", Token)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _option(name: str, annotation: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=None, annotation=annotation)


def _timeout() -> Any:
    import httpx

    return httpx.Timeout(TIMEOUT_S, connect=5.0)
