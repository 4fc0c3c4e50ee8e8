"""What could not be handled goes to the DEAD_LETTERS stream: the message as it was, and why.

A letter stays there for as long as the stream keeps it. What a person decides about it is written
beside it, under the letter's number (its sequence in DEAD_LETTERS), and stands once:
`dead.replay-requested.<service>.<durable>.<letter>` holds the message once more, for the worker
that gave it up; `dead.dropped.<service>.<letter>` says that nobody needs to care.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from nats.aio.client import Client
from nats.js.api import Header
from nats.js.errors import APIError

from arguslm_bus.reader import RawMessage, read_until, stream_state
from arguslm_contracts.envelope import MSG_ID
from arguslm_contracts.permissions import replay_subject
from arguslm_contracts.streams import DEAD_LETTERS

REASON = "Arguslm-Dead-Reason"
ORIGIN = "Arguslm-Dead-Origin"
SUBJECT = "Arguslm-Dead-Subject"
ATTEMPTS = "Arguslm-Dead-Attempts"
DURABLE = "Arguslm-Dead-Durable"
LETTER = "Arguslm-Dead-Letter"
AT = "Arguslm-Dead-At"

_REPLAY, _DROPPED = "replay-requested", "dropped"
_WRONG_LAST_SEQUENCE = 10071
_ANSWER_S = 5


class CannotDecide(Exception):
    """Why a letter can be neither replayed nor dropped, in one line, with the way to mend it."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """`number` is its sequence in DEAD_LETTERS; `stream` and `sequence` say where the message
    stands that could not be handled. `durable` is None where a projection or a decider passed it
    over; `decided` says what a person did about the letter, and when."""

    number: int
    service: str
    durable: str | None
    stream: str
    sequence: int
    subject: str
    reason: str
    attempts: int
    at: datetime | None
    headers: Mapping[str, str]
    body: bytes
    decided: str | None = None


async def bury(
    client: Client,
    service: str,
    stream: str,
    message: RawMessage,
    reason: str,
    *,
    attempts: int = 1,
    durable: str | None = None,
) -> None:
    """Keep an unhandled message; burying it twice keeps it once, but a replay that fails makes a
    letter of its own. `durable` is the worker's, where one gave it up.

    Header values are one line and at most 500 characters of the reason.
    """
    headers = _without_expectations(message.headers)
    replayed = headers.pop(LETTER, None)
    again = f":again:{replayed}" if replayed else ""
    headers[MSG_ID] = f"dead:{service}:{stream}:{message.sequence}{again}"
    headers[REASON] = " ".join(reason.split())[:500]
    headers[ORIGIN] = f"{stream}:{message.sequence}"
    headers[SUBJECT] = message.subject
    headers[ATTEMPTS] = str(attempts)
    headers[AT] = datetime.now(UTC).isoformat(timespec="milliseconds")
    if durable is not None:
        headers[DURABLE] = durable
    await client.jetstream().publish(
        f"dead.{service}.{stream}.{message.sequence}",
        message.body,
        stream=DEAD_LETTERS.name,
        headers=headers,
        timeout=_ANSWER_S,
    )


def exhumed(request: RawMessage) -> RawMessage:
    """The message that a replay request is about, as its stream holds or held it."""
    headers = request.headers or {}
    _, _, sequence = headers[ORIGIN].rpartition(":")
    return RawMessage(
        int(sequence),
        headers[SUBJECT],
        request.headers,
        request.body,
        request.pending,
        request.stored_at,
    )


async def letters(client: Client) -> list[DeadLetter]:
    """Every letter that the stream still holds, oldest first, and what was decided about it."""
    until = (await stream_state(client, DEAD_LETTERS.name)).last_sequence
    found: list[DeadLetter] = []
    decided: dict[int, str] = {}
    async for batch in read_until(client, DEAD_LETTERS.name, after=0, until=until):
        for message in batch:
            _, kind, *rest = message.subject.split(".")
            if kind in (_REPLAY, _DROPPED):
                decided[int(rest[-1])] = _said(kind, message.headers or {})
            else:
                found.append(_letter(kind, message))
    return [_with_decision(letter, decided.get(letter.number)) for letter in found]


async def replay(client: Client, letter: DeadLetter) -> None:
    """Ask the worker that gave a message up to take it once more. It is handed to that worker
    alone: the message's own stream, and whoever else reads it, see nothing new.

    Raises:
        CannotDecide: decided already, or not given up by a worker.
    """
    if letter.durable is None:
        raise CannotDecide(
            f"letter {letter.number} was passed over by the tables of {letter.service}, which "
            f"nothing is delivered to: mend the cause, then `arguslm rebuild {letter.service}`"
        )
    headers = _without_expectations(letter.headers)
    headers[LETTER] = str(letter.number)
    subject = replay_subject(letter.service, letter.durable, letter.number)
    await _decide(client, letter, subject, letter.body, headers)


async def drop(client: Client, letter: DeadLetter, reason: str) -> None:
    """Say that a letter is done with. Letter and decision stay in the stream.

    Raises:
        CannotDecide: decided already.
    """
    headers = {LETTER: str(letter.number), REASON: " ".join(reason.split())[:500]}
    subject = f"dead.{_DROPPED}.{letter.service}.{letter.number}"
    await _decide(client, letter, subject, b"", headers)


async def _decide(
    client: Client, letter: DeadLetter, subject: str, body: bytes, headers: dict[str, str]
) -> None:
    if letter.decided is not None:
        raise CannotDecide(f"letter {letter.number} was {letter.decided}")
    headers[AT] = datetime.now(UTC).isoformat(timespec="milliseconds")
    headers[MSG_ID] = subject
    headers[Header.EXPECTED_LAST_SUBJECT_SEQUENCE] = "0"
    try:
        await client.jetstream().publish(
            subject, body, stream=DEAD_LETTERS.name, headers=headers, timeout=_ANSWER_S
        )
    except APIError as error:
        if error.err_code != _WRONG_LAST_SEQUENCE:
            raise
        raise CannotDecide(f"letter {letter.number} was decided just now") from error


def _letter(service: str, message: RawMessage) -> DeadLetter:
    headers = message.headers or {}
    stream, _, sequence = headers.get(ORIGIN, "").rpartition(":")
    at = headers.get(AT)
    return DeadLetter(
        number=message.sequence,
        service=service,
        durable=headers.get(DURABLE),
        stream=stream,
        sequence=int(sequence or 0),
        subject=headers.get(SUBJECT, message.subject),
        reason=headers.get(REASON, ""),
        attempts=int(headers.get(ATTEMPTS, "1")),
        at=datetime.fromisoformat(at) if at else None,
        headers=headers,
        body=message.body,
    )


def _said(kind: str, headers: Mapping[str, str]) -> str:
    at = headers.get(AT, "")[:19].replace("T", " ")
    if kind == _REPLAY:
        return f"replayed at {at}"
    reason = headers.get(REASON)
    return f"dropped at {at}" + (f": {reason}" if reason else "")


def _with_decision(letter: DeadLetter, decided: str | None) -> DeadLetter:
    return letter if decided is None else replace(letter, decided=decided)


def _without_expectations(headers: Mapping[str, str] | None) -> dict[str, str]:
    names: Iterable[str] = headers or {}
    return {name: (headers or {})[name] for name in names if not name.startswith("Nats-")}
