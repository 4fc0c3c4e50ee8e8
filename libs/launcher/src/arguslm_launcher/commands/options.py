"""What the commands share: options, and where notes for people go."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

notes = Console(stderr=True, highlight=False, soft_wrap=True)

DEFAULT_DATA_DIR = Path(".arguslm")
DataDir = Annotated[
    Path,
    typer.Option(
        "--data-dir", envvar="ARGUSLM_DATA_DIR", help="Tables, keys, event store and logs."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
ServiceWithTables = Annotated[
    str, typer.Argument(metavar="SERVICE", help="query-api, scheduler or alerting.")
]


def show_progress(stream: str, done: int, of: int) -> None:
    """How far a stream was read, on one line that is written over; for a person only."""
    if notes.is_terminal:
        notes.print(f"[dim]  {stream}: {done:,} events, up to {of:,}[/dim]", end="\r")
