"""`arguslm audit`"""

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from arguslm_launcher.commands.options import (
    DEFAULT_DATA_DIR,
    DataDir,
    Json,
    notes,
    show_progress,
)

if TYPE_CHECKING:
    from arguslm_bus.audit import Audit


def audit(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False) -> None:
    """Prove it from the event log: every check answered once, every alert told. Exit 1: it is not
    so."""
    seen = asyncio.run(_audit(data_dir))
    found = list(seen.findings())
    if as_json:
        shown = {
            "checks": seen.checks,
            "alerts": seen.alerts,
            "findings": [asdict(finding) for finding in found],
        }
        sys.stdout.write(json.dumps(shown, default=str) + "\n")
        raise typer.Exit(1 if found else 0)
    for finding in found:
        notes.print(f"{finding.fault} {finding.subject}: {finding.text}", markup=False)
    counted = f"{seen.checks} requested checks and {seen.alerts} alerts"
    if found:
        notes.print(f"[red]{counted}: {len(found)} faults[/red]")
        raise typer.Exit(1)
    notes.print(f"[green]{counted}: nothing lost, nothing doubled, everybody told[/green]")


async def _audit(data_dir: Path) -> "Audit":
    from arguslm_launcher import maintenance

    async with maintenance.operator(data_dir) as client:
        return await maintenance.audit(client, show_progress)
