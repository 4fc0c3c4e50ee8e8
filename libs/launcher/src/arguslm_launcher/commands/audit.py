"""`arguslm audit`"""

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arguslm_launcher.commands.options import (
    DEFAULT_DATA_DIR,
    DataDir,
    Json,
    check_order,
    notes,
    progress,
    time_option,
)
from arguslm_launcher.commands.tables import as_plain, compare, print_differences

if TYPE_CHECKING:
    from arguslm_bus.audit import Audit
    from arguslm_bus.rebuild import Difference


def audit(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    since: Annotated[
        datetime | None,
        time_option("Only what was asked or raised from then on."),
    ] = None,
    until: Annotated[
        datetime | None,
        time_option("Only what was asked or raised before then."),
    ] = None,
    tables: Annotated[
        bool, typer.Option("--tables", help="Every live table against a rebuilt one, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Prove it from the event log: every check answered once, every alert told. Exit 1: it is not
    so."""
    check_order(since, until)
    seen = asyncio.run(_audit(data_dir, since, until))
    differing = asyncio.run(_differing(data_dir)) if tables else {}
    if as_json:
        _print_json(seen, differing if tables else None)
    else:
        _print(seen, differing, tables)
    raise typer.Exit(1 if any(seen.findings()) or any(differing.values()) else 0)


async def _audit(data_dir: Path, since: datetime | None, until: datetime | None) -> "Audit":
    from arguslm_launcher import maintenance

    with progress() as show:
        async with maintenance.operator(data_dir) as client:
            return await maintenance.audit(client, show, since=since, until=until)


async def _differing(data_dir: Path) -> "dict[str, list[Difference]]":
    from arguslm_launcher.maintenance import WITH_TABLES

    return {service: await compare(service, data_dir) for service in WITH_TABLES}


def _print_json(seen: "Audit", differing: "dict[str, list[Difference]] | None") -> None:
    shown: dict[str, object] = {
        "checks": seen.checks,
        "alerts": seen.alerts,
        "findings": [asdict(finding) for finding in seen.findings()],
    }
    if differing is not None:
        shown["differences"] = {name: as_plain(found) for name, found in differing.items()}
    sys.stdout.write(json.dumps(shown, default=str) + "\n")


def _print(seen: "Audit", differing: "dict[str, list[Difference]]", tables: bool) -> None:
    found = list(seen.findings())
    for finding in found:
        notes.print(f"{finding.fault} {finding.subject}: {finding.text}", markup=False)
    counted = f"{seen.checks} requested checks and {seen.alerts} alerts"
    if found:
        notes.print(f"[red]{counted}: {len(found)} faults[/red]")
    else:
        notes.print(f"[green]{counted}: nothing lost, nothing doubled, everybody told[/green]")
    if tables:
        for service, differences in differing.items():
            print_differences(service, differences)
