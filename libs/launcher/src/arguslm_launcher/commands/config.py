"""`arguslm config`"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from arguslm_launcher.commands.options import DEFAULT_DATA_DIR, DataDir, Json

if TYPE_CHECKING:
    from arguslm_launcher.settings_in_force import SettingInForce


def config(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    subscriber: Annotated[
        bool,
        typer.Option(
            "--subscriber",
            help="Print instead what a program needs to read events from the bus: its address, "
            "and a user that may read checks, benchmarks and alerts, and write nothing.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show every setting of every service: its value, and where it comes from; and what the
    retention of the streams costs on disk."""
    if subscriber:
        return _print_subscriber(data_dir, as_json=as_json)
    from arguslm.cli.output import print_table
    from arguslm_launcher.settings_check import check_settings
    from arguslm_launcher.settings_in_force import settings_in_force

    check_settings()
    rows = list(settings_in_force(data_dir))
    if as_json:
        return _write(json.dumps([asdict(row) for row in rows]))
    print_table(("=VARIABLE", "VALUE", "FROM", "OF", "MEANING"), _merged(rows), empty="")
    costs = [f"  {row.variable}={row.value}: {row.costs}" for row in rows if row.costs]
    return _write("\n".join(["", "On disk, at the bus:", *costs]))


def _print_subscriber(data_dir: Path, *, as_json: bool) -> None:
    from arguslm_contracts.permissions import SUBSCRIBER
    from arguslm_launcher.bus_access import bus_access

    bus = bus_access(data_dir, SUBSCRIBER.name)
    access = {"url": bus.nats_url, "user": bus.nats_user, "password": bus.read_nats_password()}
    if as_json:
        return _write(json.dumps(access))
    return _write(
        "\n".join(f"ARGUSLM_NATS_{name.upper()}={value}" for name, value in access.items())
    )


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")


def _merged(rows: "list[SettingInForce]") -> list[tuple[str, ...]]:
    """One row for a setting that several services have alike."""
    from arguslm_launcher.settings_in_force import STREAMS

    services: dict[tuple[str, str, str, str], list[str]] = {}
    for row in rows:
        same = (row.variable, row.value, row.source, row.description)
        services.setdefault(same, []).append(row.service)
    everyone = {row.service for row in rows if row.service != STREAMS}
    return [
        (variable, value, source, "all" if set(of) == everyone else ", ".join(of), meaning)
        for (variable, value, source, meaning), of in services.items()
    ]
