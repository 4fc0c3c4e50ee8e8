"""What people and programs read: tables and lines, or JSON.

Whatever comes from a server (an endpoint's error text, a model's answer) is shown as plain text:
no markup of ours and no control sequence of a terminal takes effect.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

PIPE_WIDTH = 180
SHORT_ID = 8

# What moves the cursor, and what turns the direction of writing: names come from providers.
_CONTROL = {
    code: None
    for code in (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    if chr(code) not in "\n\t"
}
_STYLES = {
    "up": "green",
    "completed": "green",
    "healthy": "green",
    "resolved": "green",
    "degraded": "yellow",
    "running": "cyan",
    "pending": "cyan",
    "down": "bold red",
    "failed": "bold red",
    "unhealthy": "bold red",
    "open": "bold red",
    "unknown": "dim",
    "paused": "dim",
    "cancelled": "dim",
}


def print_json(value: Any) -> None:
    """A shape, or a list of shapes, as JSON."""
    from pydantic_core import to_json

    typer.echo(to_json(value, indent=2).decode())


def print_json_line(value: Any) -> None:
    """One object on one line, at once: for streams."""
    from pydantic_core import to_json

    print(to_json(value).decode(), flush=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """A table. Columns that begin with `>` are numbers and with `=` are never broken into lines;
    `empty` is said instead of no rows."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        kind, heading = (column[0], column[1:]) if column[0] in ">=" else ("", column)
        table.add_column(
            heading,
            justify="right" if kind == ">" else "left",
            no_wrap=kind != "",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    if table.row_count:
        _console().print(table)
    else:
        say(empty)


def print_facts(facts: Iterable[tuple[str, Any]]) -> None:
    """One thing in detail: a name and a value per line, without what is not known."""
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        if value is not None and value != "":
            table.add_row(name, _cell(value))
    _console().print(table)


def say(message: str) -> None:
    """One line for a person."""
    typer.echo(plain(message))


def note(message: str) -> None:
    """One line beside the output."""
    typer.echo(plain(message), err=True)


def complain(message: str) -> None:
    """One line that says what went wrong."""
    typer.echo(f"arguslm: {' '.join(plain(message).split())}", err=True)


def plain(text: str) -> str:
    """Without control characters."""
    return text.translate(_CONTROL)


def moment(at: datetime | None) -> str:
    """A time in this machine's zone."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S") if at else "-"


def number(value: float | None, digits: int = 0) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def percent(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio * 100:.2f} %"


def yes_no(value: bool) -> str:
    return "yes" if value else "no"


def short(value: UUID | str) -> str:
    """The beginning of an id; every command understands it."""
    return str(value)[:SHORT_ID]


def judged(text: str, good: bool | None) -> "Text":
    """Green, red, or dim where nobody can tell; the words say it too."""
    from rich.text import Text

    style = "dim" if good is None else "green" if good else "bold red"
    return Text(plain(text), style=style)


def styled_line(parts: Sequence[Any]) -> None:
    """One row of a stream, printed at once."""
    from rich.text import Text

    _console().print(Text("  ").join(_cell(part) for part in parts), soft_wrap=True)


def _cell(value: Any) -> Any:
    from rich.text import Text

    if isinstance(value, Text):
        return value
    if isinstance(value, datetime):
        value = moment(value)
    if isinstance(value, bool):
        value = yes_no(value)
    if isinstance(value, float):
        value = number(value, 1)
    text = plain(str(value))
    return Text(text, style=_STYLES.get(text, ""))


def _console() -> "Console":
    from rich.console import Console

    return Console(
        file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH
    )
