"""`arguslm export-events` and `arguslm import-events`"""

import asyncio
import json
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO, cast

import typer
from rich.markup import escape

from arguslm_launcher.commands.options import (
    DEFAULT_DATA_DIR,
    USAGE,
    DataDir,
    Json,
    check_order,
    notes,
    time_option,
)

if TYPE_CHECKING:
    from arguslm_bus.event_lines import Imported, Wanted
    from arguslm_contracts.streams import StreamSpec

_STANDARD = Path("-")
_FLAGS = {"r": os.O_RDONLY, "w": os.O_WRONLY | os.O_CREAT | os.O_EXCL}


def export_events(
    file: Annotated[
        Path, typer.Argument(metavar="[FILE]", help="A new file; - is standard output.")
    ] = _STANDARD,
    streams: Annotated[
        list[str] | None, typer.Option("--stream", help="Only this stream; may be repeated.")
    ] = None,
    subjects: Annotated[
        list[str] | None,
        typer.Option("--subject", help="Only this subject (* and > as on the bus); repeatable."),
    ] = None,
    since: Annotated[datetime | None, time_option("Only from then on.")] = None,
    until: Annotated[datetime | None, time_option("Only before then.")] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Write events as JSON lines, stream by stream. Credentials in them stay sealed."""
    from arguslm_bus.event_lines import Wanted

    check_order(since, until)
    wanted = Wanted(_streams(streams), tuple(subjects or ()), since, until)
    count = asyncio.run(_export(data_dir, file, wanted))
    notes.print(f"{count:,} events")


def import_events(
    file: Annotated[
        Path, typer.Argument(metavar="[FILE]", help="JSON lines; - is standard input.")
    ] = _STANDARD,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
) -> None:
    """Store the events of JSON lines in a resting house; what it holds already is not doubled.

    They come at the end of their streams and count like any others: when the house starts, old
    requests expire and rules judge old checks. Ticks, dead letters and closed hours stay
    behind. To move a whole house, use backup and restore.
    """
    from arguslm_bus.event_lines import BadLine, Imported

    done, bad = Imported(), None
    try:
        asyncio.run(_import(data_dir, file, done))
    except BadLine as error:
        bad = str(error)
    if as_json:
        shown = {"stored": done.stored, "known": done.known, "passed_over": done.passed_over}
        sys.stdout.write(json.dumps(shown | {"error": bad}) + "\n")
    if bad is not None:
        again = "mend it and import again: nothing is doubled"
        notes.print(f"[red]arguslm:[/red] {escape(bad)}; {done.stored} stored before it, {again}")
        raise typer.Exit(1)
    notes.print(
        f"{done.stored:,} events stored, {done.known:,} were there already, "
        f"{done.passed_over:,} passed over that speak of their own house"
    )


async def _export(data_dir: Path, file: Path, wanted: "Wanted") -> int:
    from arguslm_bus.event_lines import export
    from arguslm_launcher import maintenance

    count = 0
    async with maintenance.operator(data_dir) as client:
        with _opened(file, "w", sys.stdout) as out:
            async for line in export(client, wanted):
                out.write(line + "\n")
                count += 1
    return count


async def _import(data_dir: Path, file: Path, done: "Imported") -> None:
    from arguslm_bus.event_lines import import_lines
    from arguslm_launcher import maintenance

    with _opened(file, "r", sys.stdin) as lines:
        async with maintenance.operator(data_dir, resting=True) as client:
            await import_lines(client, lines, done)


def _streams(names: list[str] | None) -> "tuple[StreamSpec, ...]":
    from arguslm_contracts.streams import STREAMS

    known = {stream.name: stream for stream in STREAMS}
    for name in names or ():
        if name not in known:
            notes.print(f"--stream: there is no {name}; choose of {', '.join(known)}", markup=False)
            raise typer.Exit(USAGE)
    return tuple(known[name] for name in names) if names else STREAMS


def _opened(file: Path, mode: str, standard: TextIO) -> AbstractContextManager[TextIO]:
    """The file, or the standard stream, which stays open.

    Raises:
        CannotStart: it cannot be opened; a file that is written must be new.
    """
    from arguslm_launcher.data_dir import CannotStart

    if file == _STANDARD:
        return nullcontext(standard)
    try:
        return cast("TextIO", os.fdopen(os.open(file, _FLAGS[mode], 0o600), mode, encoding="utf-8"))
    except OSError as error:
        raise CannotStart(f"cannot open {file}: {error.strerror}") from error
