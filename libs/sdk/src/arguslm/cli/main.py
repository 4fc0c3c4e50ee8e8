"""`arguslm`: the commands, and what their failures look like from outside.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not connected or not signed in, 130 interrupted.
"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

import arguslm
from arguslm.cli import (
    access,
    alerts,
    bench,
    budgets,
    channels,
    checks,
    costs,
    house,
    models,
    monitoring,
    overview,
    probes,
    providers,
    rules,
    sign_in,
)
from arguslm.cli.output import complain
from arguslm.errors import ArgusLMError, ConnectionFailed, Unauthorized, ValidationFailed

FAILED, USAGE, NOT_CONNECTED, INTERRUPTED = 1, 2, 3, 130

app = typer.Typer(
    name="arguslm",
    help=(
        "Watch LLM endpoints: checks, benchmarks, alerts.\n\n"
        "Start everything on this machine with [bold]arguslm up[/bold], sign in with "
        "[bold]arguslm login[/bold], then look with [bold]arguslm status[/bold]. "
        "Reading commands take [bold]--json[/bold]. Names and ids are both understood."
    ),
    rich_markup_mode="rich",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"arguslm {arguslm.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options of `arguslm` itself."""


house.register(app)
overview.register(app)
app.add_typer(providers.app, name="providers", rich_help_panel="Watching")
app.add_typer(models.app, name="models", rich_help_panel="Watching")
app.add_typer(monitoring.app, name="monitoring", rich_help_panel="Watching")
app.add_typer(checks.app, name="checks", rich_help_panel="Watching")
app.add_typer(bench.app, name="bench", rich_help_panel="Watching")
costs.register(app)
app.add_typer(budgets.app, name="budgets", rich_help_panel="Watching")
app.add_typer(probes.app, name="probes", rich_help_panel="Watching")
alerts.app.add_typer(rules.app, name="rules")
alerts.app.add_typer(channels.app, name="channels")
app.add_typer(alerts.app, name="alerts", rich_help_panel="Watching")
sign_in.register(app)
app.add_typer(access.keys, name="keys", rich_help_panel="Access")
app.add_typer(access.accounts, name="accounts", rich_help_panel="Access")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="arguslm")
    except ArgusLMError as error:
        complain(f"{error}{_hint(error)}")
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _hint(error: ArgusLMError) -> str:
    if isinstance(error, Unauthorized):
        return "; sign in with: arguslm login"
    if isinstance(error, ConnectionFailed):
        return "; does it run there? Start it with: arguslm up, or sign in elsewhere: arguslm login"
    return ""


def exit_code(error: ArgusLMError) -> int:
    if isinstance(error, ConnectionFailed | Unauthorized):
        return NOT_CONNECTED
    return USAGE if isinstance(error, ValidationFailed) else FAILED
