"""`arguslm rebuild` and `arguslm verify`"""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from arguslm_launcher.commands.options import (
    DEFAULT_DATA_DIR,
    DataDir,
    Json,
    ServiceWithTables,
    notes,
    progress,
)

if TYPE_CHECKING:
    from arguslm_bus.rebuild import Difference


def rebuild(
    service: ServiceWithTables, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False
) -> None:
    """Build a service's tables anew from the event streams, and swap them in."""
    rows = asyncio.run(_rebuild(service, data_dir))
    if as_json:
        sys.stdout.write(json.dumps({"service": service, "rows": rows}) + "\n")
        return
    for table, count in rows.items():
        notes.print(f"  {table}: {count} rows")
    notes.print(f"[green]{service} rebuilt[/green]")
    if not any(rows.values()):
        notes.print("nothing was folded here before: the house fills the tables when it starts")


async def _rebuild(service: str, data_dir: Path) -> dict[str, int]:
    from arguslm_launcher import maintenance

    with progress() as show:
        async with maintenance.site(service, data_dir) as where:
            return await maintenance.rebuild(where, show)


def verify(
    service: ServiceWithTables, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False
) -> None:
    """Rebuild in the shadow and compare with the live tables, row by row. Exit 1: they differ."""
    found = asyncio.run(compare(service, data_dir))
    if as_json:
        shown = {"service": service, "equal": not found, "differences": as_plain(found)}
        sys.stdout.write(json.dumps(shown) + "\n")
    else:
        print_differences(service, found)
    raise typer.Exit(1 if found else 0)


async def compare(service: str, data_dir: Path) -> "list[Difference]":
    """The first rows that a service's live tables and rebuilt ones disagree on."""
    from arguslm_launcher import maintenance

    with progress() as show:
        async with maintenance.site(service, data_dir) as where:
            return await maintenance.verify(where, show)


def as_plain(found: "list[Difference]") -> list[dict[str, str]]:
    """Differences for JSON."""
    return [
        {"table": d.table, "key": str(d.key), "live": str(d.live), "rebuilt": str(d.rebuilt)}
        for d in found
    ]


def print_differences(service: str, found: "list[Difference]") -> None:
    if not found:
        notes.print(f"[green]{service}: live and rebuilt tables are equal[/green]")
        return
    for difference in found:
        notes.print(f"{difference.table} {difference.key}", style="red", markup=False)
        notes.print(f"  live    {difference.live}", markup=False)
        notes.print(f"  rebuilt {difference.rebuilt}", markup=False)
    notes.print(f"{service}: run `arguslm rebuild {service}` to mend it")
