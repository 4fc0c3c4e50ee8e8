"""What the commands share: options, and where notes for people go."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

notes = Console(stderr=True, highlight=False, soft_wrap=True)

USAGE = 2
"""The exit code of what was asked wrongly, as click gives it itself."""
MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
"""How a person may write a moment."""
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


def aware(moment: datetime | None) -> datetime | None:
    """A moment without an offset is one of this machine's own time."""
    return moment.astimezone() if moment is not None and moment.tzinfo is None else moment


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar for each stream that is read, with the time that is left; for a person only. Gives
    what to call with the stream, how many of its events are done, and of how many."""
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal) as shown:
        bars: dict[str, TaskID] = {}

        def show(stream: str, done: int, of: int) -> None:
            if stream not in bars:
                bars[stream] = shown.add_task(stream, total=of)
            shown.update(bars[stream], completed=done, total=of)

        yield show
