"""Events as JSON lines, out of the streams and into them.

A line is `{"stream", "sequence", "subject", "id", "headers", "data"}`; what holds no JSON has
`data_base64` instead of `data`. Sequence and stream say where it stood; into another house it goes
under its id, at the end of the stream that keeps its subject.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import PubAck

from arguslm_bus.decider import JUDGED
from arguslm_bus.reader import RawMessage, read_until, stream_state
from arguslm_contracts.envelope import MSG_ID, UnreadableEvent, decode
from arguslm_contracts.events.checks import CheckReclassified, ClockTicked
from arguslm_contracts.events.history import CheckSummarized, HourClosed
from arguslm_contracts.streams import STREAMS, StreamSpec
from arguslm_contracts.subjects import matches, stream_of

OF_THEIR_HOUSE = tuple(
    f"{name}.>"
    for name in (
        ClockTicked.name,
        CheckReclassified.name,
        CheckSummarized.name,
        HourClosed.name,
        "dead",
    )
)
"""What speaks of the streams of its own house: the chain of ticks, the dead letters, and what
another house makes itself of the checks it takes in: hours closed up to a sequence, and what
checks are decided to be again, of which the check may be gone."""
_AT_ONCE = 256
_ACK_S = 60.0


class BadLine(Exception):
    """A line that cannot be imported: which, and why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events to export; without patterns all. `since` and `until` are times of events
    (`ce-time`); `until` itself is not wanted."""

    streams: Sequence[StreamSpec] = STREAMS
    subjects: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None

    def __contains__(self, message: RawMessage) -> bool:
        if self.subjects and not any(matches(p, message.subject) for p in self.subjects):
            return False
        if self.since is None and self.until is None:
            return True
        at = _time_of(message)
        if at is None:
            return False
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass(slots=True)
class Imported:
    """What became of the lines so far."""

    stored: int = 0
    known: int = 0
    passed_over: int = 0


async def export(client: Client, wanted: Wanted) -> AsyncIterator[str]:
    """The wanted events, stream by stream in their order, one line each without its end."""
    for stream in wanted.streams:
        until = (await stream_state(client, stream.name)).last_sequence
        async for batch in read_until(client, stream.name, after=0, until=until):
            for message in batch:
                if message in wanted:
                    yield _line(stream.name, message)


async def import_lines(client: Client, lines: Iterable[str], imported: Imported) -> None:
    """Store what is not there yet; `imported` is true at every moment of it.

    Raises:
        BadLine: everything before it is stored; importing again doubles nothing.
    """
    known = _KnownIds(client)
    async for batch in _batches(lines, known, imported):
        await _store(client, batch, imported)


@dataclass(frozen=True, slots=True)
class _Entry:
    number: int
    stream: str
    subject: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class _KnownIds:
    """Digests of the ids that a stream holds, read when it is first met: the broker itself
    remembers them for minutes or hours only."""

    client: Client
    _of: dict[str, set[bytes]] = field(default_factory=dict)

    async def add(self, stream: str, event_id: str) -> bool:
        """Whether it is new."""
        if stream not in self._of:
            self._of[stream] = await self._read(stream)
        digest = _digest(event_id)
        if digest in self._of[stream]:
            return False
        self._of[stream].add(digest)
        return True

    async def _read(self, stream: str) -> set[bytes]:
        until = (await stream_state(self.client, stream)).last_sequence
        return {
            _digest((message.headers or {}).get(MSG_ID, ""))
            async for batch in read_until(self.client, stream, after=0, until=until)
            for message in batch
        }


async def _batches(
    lines: Iterable[str], known: _KnownIds, imported: Imported
) -> AsyncIterator[list[_Entry]]:
    batch: list[_Entry] = []
    try:
        for entry in _entries(lines):
            if any(matches(pattern, entry.subject) for pattern in OF_THEIR_HOUSE):
                imported.passed_over += 1
            elif not await known.add(entry.stream, entry.headers[MSG_ID]):
                imported.known += 1
            else:
                batch.append(entry)
            if len(batch) == _AT_ONCE:
                yield batch
                batch = []
    except BadLine:
        # What stood before the bad line is stored first.
        yield batch
        raise
    yield batch


async def _store(client: Client, batch: Sequence[_Entry], imported: Imported) -> None:
    """Published in order, acknowledged in one wait."""
    jetstream = client.jetstream()
    acks: list[asyncio.Future[PubAck]] = [
        await jetstream.publish_async(
            entry.subject, entry.body, stream=entry.stream, headers=entry.headers
        )
        for entry in batch
    ]
    for entry, ack in zip(batch, acks, strict=True):
        try:
            done = await asyncio.wait_for(ack, _ACK_S)
        except (NatsError, TimeoutError) as error:
            text = str(error) or type(error).__name__
            raise BadLine(f"line {entry.number}: the bus did not take it: {text}") from error
        if done.duplicate:
            imported.known += 1
        else:
            imported.stored += 1


def _entries(lines: Iterable[str]) -> Iterator[_Entry]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _entry(number, json.loads(line))
            except (ValueError, KeyError, TypeError, LookupError, UnreadableEvent) as error:
                raise BadLine(f"line {number}: {_reason(error)}") from error


def _entry(number: int, line: Any) -> _Entry:
    if not isinstance(line, dict):
        raise TypeError("not a JSON object")
    subject, headers = line["subject"], line["headers"]
    if not isinstance(subject, str) or not isinstance(headers, dict):
        raise TypeError("`subject` is no text, or `headers` is no object")
    if "data_base64" in line:
        body = base64.b64decode(line["data_base64"], validate=True)
    else:
        body = json.dumps(line["data"], separators=(",", ":"), ensure_ascii=False).encode()
    stream = stream_of(subject).name
    kept = {str(k): str(v) for k, v in headers.items() if k.lower().startswith(("ce-", "trace"))}
    decoded = decode(kept, body, stream=stream, sequence=number, subject=subject)
    if decoded.event.subject != subject or decoded.event.event_id != line["id"]:
        raise ValueError("`subject` or `id` is not that of the event")
    return _Entry(number, stream, subject, kept | {MSG_ID: decoded.event.event_id}, body)


def _line(stream: str, message: RawMessage) -> str:
    headers = dict(message.headers or {})
    line: dict[str, Any] = {
        "stream": stream,
        "sequence": message.sequence,
        "subject": message.subject,
        "id": headers.get(MSG_ID),
        "headers": {
            name: value
            for name, value in headers.items()
            if not name.startswith("Nats-") and name != JUDGED
        },
    }
    try:
        line["data"] = json.loads(message.body)
    except ValueError:
        line["data_base64"] = base64.b64encode(message.body).decode()
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def _time_of(message: RawMessage) -> datetime | None:
    try:
        return datetime.fromisoformat((message.headers or {})["ce-time"])
    except (KeyError, ValueError):
        return None


def _digest(event_id: str) -> bytes:
    return blake2b(event_id.encode(), digest_size=10).digest()


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"no JSON: {error.msg} at column {error.colno}"
    if isinstance(error, KeyError):
        return f"`{error.args[0]}` is missing"
    return str(error) or type(error).__name__
