"""`arguslm dead-letters list | show | replay | drop`"""

import asyncio
import base64
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from arguslm_launcher.commands.options import DEFAULT_DATA_DIR, USAGE, DataDir, Json, notes

if TYPE_CHECKING:
    from nats.aio.client import Client

    from arguslm_bus.dead_letters import DeadLetter

app = typer.Typer(
    help="What could not be handled, and why: look, give it back to the worker, or drop it.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Service = Annotated[str | None, typer.Option("--service", help="Only of this service.")]
Stream = Annotated[str | None, typer.Option("--stream", help="Only from this stream.")]
Number = Annotated[int, typer.Argument(metavar="LETTER", help="Its number, as `list` shows it.")]
Numbers = Annotated[
    list[int] | None, typer.Argument(metavar="[LETTER]...", help="Numbers, as `list` shows them.")
]
Every = Annotated[
    bool, typer.Option("--all", help="Every open letter of --service and --stream, if given.")
]


@app.command("list")
def list_(
    service: Service = None,
    stream: Stream = None,
    decided: Annotated[
        bool, typer.Option("--decided", help="Also those replayed or dropped already.")
    ] = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: Json = False,
) -> None:
    """Show the open letters, oldest first."""
    from arguslm.cli.output import moment, print_table

    found = [
        letter
        for letter in _chosen(asyncio.run(_letters(data_dir)), service, stream)
        if decided or letter.decided is None
    ]
    if as_json:
        sys.stdout.write(json.dumps([_summary(letter) for letter in found]) + "\n")
        return
    print_table(
        (">LETTER", "=AT", "SERVICE", "FROM", "SUBJECT", ">TRIES", "REASON", "DECIDED"),
        [
            (
                letter.number,
                moment(letter.at),
                letter.durable or letter.service,
                f"{letter.stream} {letter.sequence}",
                letter.subject,
                letter.attempts,
                letter.reason,
                letter.decided or "",
            )
            for letter in found
        ],
        empty="No dead letters: everything could be handled.",
    )


@app.command()
def show(number: Number, data_dir: DataDir = DEFAULT_DATA_DIR, as_json: Json = False) -> None:
    """Show one letter: why it died, its headers, and its event, or its bytes where it is none."""
    from arguslm.cli.output import say

    letter = _one(asyncio.run(_letters(data_dir)), number)
    if as_json:
        sys.stdout.write(json.dumps(_summary(letter) | _content(letter)) + "\n")
        return
    where = letter.durable or f"the tables of {letter.service}"
    lines = [
        f"letter {letter.number}: {letter.stream} {letter.sequence} ({letter.subject})",
        f"given up by {where} after {letter.attempts} tries: {letter.reason}",
        *([letter.decided] if letter.decided else []),
        *(f"{name}: {value}" for name, value in sorted(letter.headers.items())),
    ]
    content = _content(letter)
    if content["event"] is not None:
        lines += ["", json.dumps(content["event"], indent=2)]
    else:
        lines += ["", f"no event of ours: {content['unreadable']}", repr(letter.body)]
    for line in lines:
        say(line)


@app.command()
def replay(
    numbers: Numbers = None,
    every: Every = False,
    service: Service = None,
    stream: Stream = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Give messages back to the worker that gave them up, once. Another failure makes a new
    letter. What a projection passed over comes back with `arguslm rebuild`. Exit 1: one of them
    could not be replayed."""
    from arguslm_bus import dead_letters

    chosen = _Choice(numbers, every, service, stream)
    raise typer.Exit(asyncio.run(_decide(data_dir, chosen, dead_letters.replay, "replayed")))


@app.command()
def drop(
    numbers: Numbers = None,
    every: Every = False,
    service: Service = None,
    stream: Stream = None,
    reason: Annotated[str, typer.Option("--reason", help="Why: it is kept with the letter.")] = "",
    data_dir: DataDir = DEFAULT_DATA_DIR,
) -> None:
    """Say that letters are done with. They and your reason stay in the stream until it expires
    them. Exit 1: one of them could not be dropped."""
    from arguslm_bus import dead_letters

    async def with_reason(client: "Client", letter: "DeadLetter") -> None:
        await dead_letters.drop(client, letter, reason)

    chosen = _Choice(numbers, every, service, stream)
    raise typer.Exit(asyncio.run(_decide(data_dir, chosen, with_reason, "dropped")))


class _Choice:
    """Which letters a person means: some numbers, or every open one that fits."""

    def __init__(
        self, numbers: list[int] | None, every: bool, service: str | None, stream: str | None
    ) -> None:
        if bool(numbers) == every or (numbers and (service or stream)):
            notes.print("give numbers of letters, or --all (with --service, --stream)")
            raise typer.Exit(USAGE)
        self._numbers = numbers
        self._service, self._stream = service, stream

    def of(self, letters: "Sequence[DeadLetter]") -> "list[DeadLetter]":
        if self._numbers:
            return [_one(letters, number) for number in dict.fromkeys(self._numbers)]
        fitting = _chosen(letters, self._service, self._stream)
        return [letter for letter in fitting if letter.decided is None]


async def _decide(data_dir: Path, choice: _Choice, decide: Any, done: str) -> int:
    from arguslm_bus.dead_letters import CannotDecide, letters
    from arguslm_launcher import maintenance

    failed = 0
    async with maintenance.operator(data_dir) as client:
        chosen = choice.of(await letters(client))
        for letter in chosen:
            try:
                await decide(client, letter)
            except CannotDecide as error:
                failed += 1
                notes.print(str(error), style="red", markup=False)
    notes.print(f"{len(chosen) - failed} of {len(chosen)} letters {done}")
    return 1 if failed else 0


async def _letters(data_dir: Path) -> "list[DeadLetter]":
    from arguslm_bus.dead_letters import letters
    from arguslm_launcher import maintenance

    async with maintenance.operator(data_dir) as client:
        return await letters(client)


def _chosen(
    letters: "Sequence[DeadLetter]", service: str | None, stream: str | None
) -> "list[DeadLetter]":
    return [
        letter
        for letter in letters
        if service in (None, letter.service) and stream in (None, letter.stream)
    ]


def _one(letters: "Sequence[DeadLetter]", number: int) -> "DeadLetter":
    for letter in letters:
        if letter.number == number:
            return letter
    notes.print(f"no letter {number}: see `arguslm dead-letters list --decided`", markup=False)
    raise typer.Exit(1)


def _summary(letter: "DeadLetter") -> dict[str, Any]:
    shown = asdict(letter)
    del shown["headers"], shown["body"]
    return shown | {"at": letter.at.isoformat() if letter.at else None}


def _content(letter: "DeadLetter") -> dict[str, Any]:
    """Headers; the event as JSON, or why it is none; and the bytes in base64."""
    from arguslm_contracts.envelope import UnreadableEvent, decode

    event, unreadable = None, None
    try:
        recorded = decode(
            letter.headers,
            letter.body,
            stream=letter.stream,
            sequence=letter.sequence,
            subject=letter.subject,
        )
        event = recorded.event.model_dump(mode="json")
    except UnreadableEvent as error:
        unreadable = str(error)
    return {
        "headers": dict(letter.headers),
        "event": event,
        "unreadable": unreadable,
        "body_base64": base64.b64encode(letter.body).decode(),
    }
