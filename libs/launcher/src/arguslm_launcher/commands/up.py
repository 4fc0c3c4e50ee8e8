"""`arguslm up`"""

import asyncio
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from arguslm_launcher.commands.options import DEFAULT_DATA_DIR, DataDir, notes

if TYPE_CHECKING:
    from arguslm_launcher.house import House, HouseOptions

INTERRUPTED = 130


def up(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    host: Annotated[
        str, typer.Option(envvar="ARGUSLM_HOST", help="The address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, envvar="ARGUSLM_PORT", help="0 picks a free one.")
    ] = 8088,
    demo: Annotated[bool, typer.Option("--demo", help="Add simulated models to look at.")] = False,
    no_dashboard: Annotated[bool, typer.Option("--no-dashboard", help="The API alone.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line with the url on standard output when ready.")
    ] = False,
) -> None:
    """Start everything on this machine, and print the way in. Ctrl-C stops it."""
    from arguslm_launcher.house import HouseOptions
    from arguslm_launcher.settings_check import check_settings, one_location

    check_settings()
    options = HouseOptions(
        data_dir=data_dir,
        host=host,
        port=port,
        location=one_location(),
        demo=demo,
        dashboard=not no_dashboard,
        admin_key=os.environ.get("ARGUSLM_ADMIN_KEY") or None,
        public_url=os.environ.get("ARGUSLM_PUBLIC_URL") or None,
    )
    raise typer.Exit(asyncio.run(_up(options, as_json=as_json)))


async def _up(options: "HouseOptions", *, as_json: bool) -> int:
    from arguslm_launcher.house import House

    if os.environ.get("ARGUSLM_DATABASE_URL"):
        from arguslm_launcher.database_check import check_database

        await check_database()
    house = House(options, lambda line: notes.print(f"[dim]{escape(line)}[/dim]"))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(signum, stop.set)
    starting = asyncio.create_task(house.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return INTERRUPTED
    await starting
    try:
        await _welcome(house, options, as_json=as_json)
        await stop.wait()
        notes.print("[dim]stopping[/dim]")
    finally:
        await house.stop()
    return 0


async def _welcome(house: "House", options: "HouseOptions", *, as_json: bool) -> None:
    from arguslm import ArgusLMClient
    from arguslm_launcher.demo import demo_is_registered, register_demo

    with ArgusLMClient(base_url=house.url, api_key=house.admin_key) as client:
        if options.demo:
            await asyncio.to_thread(register_demo, client, house.demo_url)
        elif await asyncio.to_thread(demo_is_registered, client):
            notes.print("the simulated models are asleep: start with --demo, or remove them")
        link = await asyncio.to_thread(client.create_login_link)
    if as_json:
        line = {"url": house.url, "login_url": link.url, "data_dir": str(house.data_dir)}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
        return
    shown = options.public_url or house.url
    notes.print(f"\n[bold green]ArgusLM is watching[/bold green] at [bold]{shown}[/bold]")
    notes.print("sign in once with this link (15 minutes):")
    notes.print(f"  {link.url}")
    if options.host not in ("127.0.0.1", "::1", "localhost"):
        notes.print(f"listening on {options.host}: other machines reach it, without TLS of its own")
    notes.print(f"[dim]data in {house.data_dir}; Ctrl-C stops everything[/dim]")
