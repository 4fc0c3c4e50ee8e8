"""Commands that run the house itself: they live in the launcher and are only passed on here."""

from collections.abc import Callable

import typer

from arguslm.errors import ArgusLMError

COMMANDS = {
    "up": "Start everything on this machine: bus, services, dashboard.",
    "rebuild": "Build a service's tables again from the event log, then swap them in.",
    "verify": "Rebuild a service's tables in the shadow and compare them row by row.",
    "audit": "Prove from the event log that every check was answered once and every alert told.",
    "reclassify": "Decide past checks again by today's taxonomy; shows what would change first.",
    "dead-letters": "See what could not be handled; replay it, or drop it.",
    "backup": "Write streams and keys of a house into one file.",
    "restore": "Make a house from a backup, in an empty directory.",
    "export-events": "Write events as JSON lines.",
    "import-events": "Store the events of JSON lines in a resting house.",
    "config": "Show the settings in force, and where each one comes from.",
}
RAW = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def register(app: typer.Typer) -> None:
    for name, summary in COMMANDS.items():
        app.command(
            name,
            help=summary,
            add_help_option=False,
            context_settings=RAW,
            rich_help_panel="The house",
        )(_passed_on(name))


def _passed_on(name: str) -> Callable[[typer.Context], None]:
    def run(context: typer.Context) -> None:
        raise typer.Exit(launcher([name, *context.args]))

    return run


def launcher(arguments: list[str]) -> int:
    """
    Raises:
        ArgusLMError: the server's packages are not installed.
    """
    try:
        from arguslm_launcher.cli import main
    except ModuleNotFoundError as error:
        if error.name not in ("arguslm_launcher", "arguslm_launcher.cli"):
            raise
        raise ArgusLMError(
            f"'arguslm {arguments[0]}' needs the server: pip install 'arguslm[server]'"
        ) from None
    return int(main(arguments))
