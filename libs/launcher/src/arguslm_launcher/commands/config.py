"""`arguslm config`"""

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from arguslm_launcher.commands.options import DEFAULT_DATA_DIR, DataDir, Json

if TYPE_CHECKING:
    from arguslm_launcher.settings_in_force import SettingInForce


def config(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False) -> None:
    """Show every setting of every service: its value, and where it comes from."""
    from arguslm.cli.output import print_table
    from arguslm_launcher.settings_check import check_settings
    from arguslm_launcher.settings_in_force import settings_in_force

    check_settings()
    rows = list(settings_in_force(data_dir))
    if as_json:
        sys.stdout.write(json.dumps([asdict(row) for row in rows]) + "\n")
        return
    print_table(("=VARIABLE", "VALUE", "FROM", "OF", "MEANING"), _merged(rows), empty="")


def _merged(rows: "list[SettingInForce]") -> list[tuple[str, ...]]:
    """One row for a setting that several services have alike."""
    services: dict[tuple[str, str, str, str], list[str]] = {}
    for row in rows:
        same = (row.variable, row.value, row.source, row.description)
        services.setdefault(same, []).append(row.service)
    everyone = len({row.service for row in rows})
    return [
        (variable, value, source, "all" if len(of) == everyone else ", ".join(of), meaning)
        for (variable, value, source, meaning), of in services.items()
    ]
