"""`arguslm reclassify`"""

import asyncio
import json
import sys
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

if TYPE_CHECKING:
    from arguslm_contracts.events.checks import CheckReclassified
    from arguslm_contracts.outcomes import Outcome
    from arguslm_launcher.reclassification import Reclassification, Wanted


def reclassify(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    since: Annotated[
        datetime | None,
        time_option("Only checks completed from then on."),
    ] = None,
    until: Annotated[datetime | None, time_option("Only checks completed before then.")] = None,
    model: Annotated[str | None, typer.Option(help="Only of this model: its name or id.")] = None,
    provider: Annotated[
        str | None, typer.Option(help="Only of this provider: its name, type or id.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it, without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Decide the outcomes of past checks again, by today's taxonomy and from the evidence that was
    kept. Shows what would change, and asks before it does. Uptime and counts follow; alerts of the
    past stay. Exit 1: something would change and was not changed."""
    from arguslm_launcher.reclassification import Wanted

    check_order(since, until)
    wanted = Wanted(since, until, model, provider)
    found = asyncio.run(_decide(data_dir, wanted))
    if not found.checks and (model or provider):
        notes.print("no check is of that model and provider in that time", style="red")
        raise typer.Exit(1)
    if not as_json:
        _print(found)
    events = found.events
    agreed = bool(events) and (yes or (not as_json and _agreed(len(events))))
    if agreed:
        asyncio.run(_say(data_dir, events))
    if as_json:
        _print_json(found, done=agreed)
    elif agreed:
        notes.print(f"[green]{len(events)} checks decided again[/green]")
    raise typer.Exit(1 if events and not agreed else 0)


def _agreed(checks: int) -> bool:
    if not sys.stdin.isatty():
        notes.print("nothing was changed: say --yes to do it")
        return False
    return typer.confirm(f"Decide {checks} checks again?", err=True)


async def _decide(data_dir: Path, wanted: "Wanted") -> "Reclassification":
    from arguslm_launcher import maintenance
    from arguslm_launcher.reclassification import reclassification

    with progress() as show:
        async with maintenance.operator(data_dir) as client:
            return await reclassification(client, wanted, show)


async def _say(data_dir: Path, events: "list[CheckReclassified]") -> None:
    from arguslm_launcher import maintenance
    from arguslm_launcher.reclassification import say

    with progress() as show:
        async with maintenance.operator(data_dir) as client:
            await say(client, events, show)


def _print(found: "Reclassification") -> None:
    from arguslm.cli.output import print_table
    from arguslm_contracts.outcomes import TAXONOMY_VERSION

    print_table(
        (">CHECKS", "PROVIDER", "WAS", "BECOMES", "COUNTS AS"),
        [
            (
                change.checks,
                change.provider,
                change.was.value,
                change.becomes.value,
                f"{_counts_as(change.was)} -> {_counts_as(change.becomes)}",
            )
            for change in found.changes()
        ],
        empty=f"Nothing would change: taxonomy {TAXONOMY_VERSION} says the same of all "
        f"{found.checks} checks.",
    )


def _counts_as(outcome: "Outcome") -> str:
    """What an outcome is to the two availabilities."""
    from arguslm_contracts.outcomes import VERDICTS

    verdict = VERDICTS[outcome]
    if verdict.available is None:
        return "not usable" if verdict.usable is False else "nothing"
    if verdict.available:
        return "up" if verdict.usable else "up, not usable"
    return "down"


def _print_json(found: "Reclassification", *, done: bool) -> None:
    from arguslm_contracts.outcomes import TAXONOMY_VERSION

    shown = {
        "taxonomy_version": TAXONOMY_VERSION,
        "checks": found.checks,
        "changes": [change._asdict() for change in found.changes()],
        "done": done,
    }
    sys.stdout.write(json.dumps(shown) + "\n")
