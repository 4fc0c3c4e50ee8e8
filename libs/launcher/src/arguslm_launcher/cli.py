"""`arguslm up`, `rebuild`, `verify` and `config`: what needs the whole house installed."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import click
import typer
from rich.console import Console
from rich.table import Table

from arguslm import ArgusLMClient
from arguslm_bus.connection import BusUnreachable
from arguslm_bus.rebuild import Difference
from arguslm_launcher import maintenance
from arguslm_launcher.data_dir import CannotStart
from arguslm_launcher.demo import register_demo
from arguslm_launcher.house import House, HouseOptions
from arguslm_launcher.nats_server import BusWillNotStart
from arguslm_launcher.settings_check import check_database, check_settings, settings_in_force
from arguslm_telemetry.logs import configure_logs

app = typer.Typer(add_completion=False, no_args_is_help=True)
notes = Console(stderr=True, highlight=False)

DEFAULT_DATA_DIR = Path(".arguslm")
DataDirOption = Annotated[
    Path,
    typer.Option(
        "--data-dir", envvar="ARGUSLM_DATA_DIR", help="tables, keys, event store and logs"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="for programs")]


def main(arguments: list[str]) -> int:
    """Run one command; gives the exit code: 0 well, 1 failed, 2 called wrongly."""
    configure_logs("launcher", "warning")
    command = typer.main.get_command(app)
    try:
        result = command(arguments, prog_name="arguslm", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except (CannotStart, BusWillNotStart, BusUnreachable) as error:
        notes.print(f"[red]arguslm:[/red] {error}", soft_wrap=True)
        return 1
    return int(result or 0)


@app.command()
def up(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one")] = 8088,
    demo: Annotated[bool, typer.Option("--demo", help="add simulated models to look at")] = False,
    no_dashboard: Annotated[bool, typer.Option("--no-dashboard", help="the API alone")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="one line with the url on standard output when ready")
    ] = False,
) -> int:
    """Start everything on this machine, and print the way in. Ctrl-C stops it."""
    options = HouseOptions(
        data_dir=data_dir,
        host=host,
        port=port,
        demo=demo,
        dashboard=not no_dashboard,
        admin_key=os.environ.get("ARGUSLM_ADMIN_KEY") or None,
    )
    check_settings()
    return asyncio.run(_up(options, as_json=as_json))


async def _up(options: HouseOptions, *, as_json: bool) -> int:
    await check_database()
    house = House(options, lambda line: notes.print(f"[dim]{line}[/dim]"))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    starting = asyncio.create_task(house.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return 130
    await starting
    try:
        await _welcome(house, options, as_json=as_json)
        await stop.wait()
        notes.print("[dim]stopping[/dim]")
    finally:
        await house.stop()
    return 0


async def _welcome(house: House, options: HouseOptions, *, as_json: bool) -> None:
    with ArgusLMClient(base_url=house.url, api_key=house.admin_key) as client:
        if options.demo:
            await asyncio.to_thread(register_demo, client, house.demo_url)
        link = await asyncio.to_thread(client.create_login_link)
    if as_json:
        line = {"url": house.url, "login_url": link.url, "data_dir": str(house.data_dir)}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        return
    notes.print(f"\n[bold green]ArgusLM is watching[/bold green] at [bold]{house.url}[/bold]")
    notes.print("sign in once with this link (15 minutes):", soft_wrap=True)
    notes.print(f"  {link.url}", soft_wrap=True)
    notes.print(f"[dim]data in {house.data_dir}; Ctrl-C stops everything[/dim]", soft_wrap=True)


@app.command()
def rebuild(
    service: Annotated[str, typer.Argument(help="query-api, scheduler or alerting")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> int:
    """Build a service's tables anew from the event streams, and swap them in."""
    rows = asyncio.run(_rebuild(service, data_dir))
    if as_json:
        sys.stdout.write(json.dumps({"service": service, "rows": rows}) + "\n")
    else:
        for table, count in rows.items():
            notes.print(f"  {table}: {count} rows")
        notes.print(f"[green]{service} rebuilt[/green]")
    return 0


async def _rebuild(service: str, data_dir: Path) -> dict[str, int]:
    async with maintenance.site(service, data_dir) as where:
        return await maintenance.rebuild(where, _progress)


@app.command()
def verify(
    service: Annotated[str, typer.Argument(help="query-api, scheduler or alerting")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> int:
    """Rebuild in the shadow and compare with the live tables, row by row. Exit 1: they differ."""
    found = asyncio.run(_verify(service, data_dir))
    if as_json:
        shown = [
            {"table": d.table, "key": str(d.key), "live": str(d.live), "rebuilt": str(d.rebuilt)}
            for d in found
        ]
        sys.stdout.write(
            json.dumps({"service": service, "equal": not found, "differences": shown}) + "\n"
        )
    elif not found:
        notes.print(f"[green]{service}: live and rebuilt tables are equal[/green]")
    else:
        for difference in found:
            notes.print(f"[red]{difference.table} {difference.key}[/red]")
            notes.print(f"  live    {difference.live}\n  rebuilt {difference.rebuilt}")
        notes.print(f"{service}: run `arguslm rebuild {service}` to mend it")
    return 1 if found else 0


async def _verify(service: str, data_dir: Path) -> list[Difference]:
    async with maintenance.site(service, data_dir) as where:
        return await maintenance.verify(where, _progress)


def _progress(stream: str, done: int, of: int) -> None:
    if notes.is_terminal:
        notes.print(f"[dim]  {stream}: {done:,} events, up to {of:,}[/dim]", end="\r")


@app.command()
def config(as_json: JsonOption = False) -> int:
    """Show every setting of every service: its value, and where it comes from."""
    check_settings()
    rows = list(settings_in_force())
    if as_json:
        shown = [
            {"service": r.service, "variable": r.variable, "value": r.value, "source": r.source}
            for r in rows
        ]
        sys.stdout.write(json.dumps(shown) + "\n")
        return 0
    table = Table("service", "variable", "value", "from", "meaning")
    for row in rows:
        table.add_row(row.service, row.variable, row.value, row.source, row.description)
    Console().print(table)
    return 0
