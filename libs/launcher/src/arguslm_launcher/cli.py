"""`arguslm up`, `rebuild`, `verify`, `audit`...: what needs the whole house installed."""

import typer
from rich.markup import escape

from arguslm_launcher.commands import (
    audit,
    backup,
    config,
    dead_letters,
    events,
    reclassify,
    tables,
    up,
)
from arguslm_launcher.commands.options import notes

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(up.up)
app.command()(tables.rebuild)
app.command()(tables.verify)
app.command()(audit.audit)
app.command()(reclassify.reclassify)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(events.export_events)
app.command()(events.import_events)
app.command()(config.config)
app.add_typer(dead_letters.app, name="dead-letters")


def main(arguments: list[str]) -> int:
    """Run one command; gives the exit code: 0 well, 1 failed, 2 called wrongly, 130 interrupted."""
    from arguslm_bus.connection import BusUnreachable
    from arguslm_launcher.data_dir import CannotStart
    from arguslm_launcher.nats_server import BusWillNotStart
    from arguslm_telemetry.logs import configure_logs

    configure_logs("launcher", "error")
    try:
        app(arguments, prog_name="arguslm")
    except SystemExit as ended:
        return int(ended.code or 0)
    except (CannotStart, BusWillNotStart, BusUnreachable) as error:
        notes.print(f"[red]arguslm:[/red] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
