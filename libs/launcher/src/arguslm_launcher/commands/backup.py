"""`arguslm backup` and `arguslm restore`"""

import asyncio
import json
import os
import shlex
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from arguslm_launcher.commands.options import DEFAULT_DATA_DIR, USAGE, DataDir, Json, notes

if TYPE_CHECKING:
    from arguslm_launcher.backup import About

_MB = 1_000_000
PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", help="The passphrase is the first line of this file."),
]


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The new file.")],
    passphrase_file: PassphraseFile = None,
    encrypt: Annotated[
        bool, typer.Option("--encrypt", help="Ask for a passphrase to seal the file with.")
    ] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
) -> None:
    """Write streams and keys of a house, running or resting, into one file.

    It holds the keys that open every credential: keep it as you keep those, or seal it with a
    passphrase.
    """
    from arguslm_launcher import moving

    passphrase = _passphrase(passphrase_file)
    if encrypt and passphrase is None:
        passphrase = typer.prompt("passphrase", hide_input=True, confirmation_prompt=True, err=True)
    about = _done(moving.back_up(data_dir, file, passphrase, _show_bytes))
    if as_json:
        sys.stdout.write(json.dumps(_shown(about) | {"sealed": passphrase is not None}) + "\n")
        return
    notes.print(f"[green]{escape(str(file))}[/green]: {_summary(about)}")
    if "keys/fernet.key" not in about.keys:
        where = "ARGUSLM_ENCRYPTION_KEY" if os.environ.get("ARGUSLM_ENCRYPTION_KEY") else "your own"
        notes.print(f"the key that opens credentials is not in it: keep {where} yourself")
    elif passphrase is None:
        notes.print("whoever reads it can open every credential: it is yours alone (0600)")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `arguslm backup` wrote.")],
    passphrase_file: PassphraseFile = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
) -> None:
    """Make a house from a backup, in an empty directory. Tables fill when it starts."""
    from arguslm_launcher import moving
    from arguslm_launcher.backup import is_sealed

    passphrase = _passphrase(passphrase_file)
    if passphrase is None and sys.stdin.isatty() and file.is_file():
        with file.open("rb") as opened:
            sealed = is_sealed(opened)
        if sealed:
            passphrase = typer.prompt("passphrase", hide_input=True, err=True)
    about = _done(moving.restore(file, data_dir, passphrase, _show_bytes))
    if as_json:
        sys.stdout.write(json.dumps(_shown(about)) + "\n")
        return
    notes.print(f"[green]{escape(str(data_dir))}[/green]: {_summary(about)}")
    if os.environ.get("ARGUSLM_DATABASE_URL"):
        notes.print("a database that knew another house: `arguslm rebuild` each service")
    here = "" if data_dir == DEFAULT_DATA_DIR else f" --data-dir {shlex.quote(str(data_dir))}"
    notes.print(
        f"start it: `arguslm up{escape(here)}`; then `arguslm verify SERVICE{escape(here)}` "
        "for query-api, scheduler and alerting"
    )


def _done(work: "Coroutine[Any, Any, About]") -> "About":
    from arguslm_launcher.backup import BackupFailed

    try:
        return asyncio.run(work)
    except BackupFailed as error:
        notes.print(f"[red]arguslm:[/red] {escape(str(error))}")
        raise typer.Exit(1) from None


def _passphrase(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        passphrase = file.read_text().split("\n", 1)[0]
    except (OSError, UnicodeDecodeError) as error:
        notes.print(f"--passphrase-file: cannot read {file}: {error}", markup=False)
        raise typer.Exit(USAGE) from None
    if not passphrase:
        notes.print(f"--passphrase-file: the first line of {file} is empty", markup=False)
        raise typer.Exit(USAGE)
    return passphrase


def _summary(about: "About") -> str:
    return (
        f"{sum(about.streams.values()):,} events in {len(about.streams)} streams and "
        f"{len(about.keys)} key files, as of {about.taken_at:%Y-%m-%d %H:%M:%S} UTC"
    )


def _shown(about: "About") -> dict[str, Any]:
    return {"taken_at": about.taken_at.isoformat(), "keys": about.keys, "events": about.streams}


def _show_bytes(stream: str, done: int) -> None:
    if notes.is_terminal:
        notes.print(f"[dim]  {stream}: {done / _MB:,.1f} MB[/dim]", end="\r")
