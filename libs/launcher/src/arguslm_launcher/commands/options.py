"""What the commands share: options, and where notes for people go."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

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
_AGO = re.compile(r"(\d+)([smhdw])")
_AS_TIMES_ARE_WRITTEN = (
    "2026-11-27, 2026-11-27T07:00 (this machine's), 2026-11-27T07:00Z, or how long ago: 90m, 2h, 7d"
)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
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


def moment(text: str) -> datetime:
    """A time as a person writes it: in ISO 8601, without an offset one of this machine's, or how
    long ago."""
    ago = _AGO.fullmatch(text)
    try:
        if ago is not None:
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        said = datetime.fromisoformat(text)
        return said if said.tzinfo is not None else said.astimezone()
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is no time: write it {_AS_TIMES_ARE_WRITTEN}") from None


def time_option(meaning: str) -> Any:
    """An option that takes a `moment`, and says how one is written."""
    return typer.Option(
        parser=moment, metavar="TIME", help=f"{meaning} Written {_AS_TIMES_ARE_WRITTEN}."
    )


def check_order(since: datetime | None, until: datetime | None) -> None:
    """Raises BadParameter where there is nothing in between."""
    if since is not None and until is not None and since >= until:
        raise typer.BadParameter("--since has to be before --until")


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
