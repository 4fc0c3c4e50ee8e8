"""A house in one file: its streams as the bus gives them, and its keys.

The file is a tar, sealed where a passphrase is given: `about.json`, `keys/...`, for each stream
`streams/<name>/head.json` and its bytes in numbered parts, and `complete.json` with the SHA-256 of
all before. What is written last proves that nothing is missing.

Streams are taken one after another while the house may run: results before the requests that led
to them, so that whatever is in the backup has its cause in it too, and what is missing at the end
is said again. Where durables stood when the backup began is noted before.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import IO, Any, cast

from nats.aio.client import Client

from arguslm_bus.reader import stream_state
from arguslm_bus.snapshot import (
    DurableMark,
    SnapshotFailed,
    StreamHead,
    durable_marks,
    restore_stream,
    stream_bytes,
    turn_back,
)
from arguslm_contracts.streams import (
    ACCOUNTS,
    ALERTS,
    BENCHMARKS,
    CHECK_REQUESTS,
    CHECKS,
    CLOCK,
    DEAD_LETTERS,
    REGISTRY,
    STREAMS,
)
from arguslm_launcher.sealed_file import MAGIC, CannotUnseal, SealedReader, SealedWriter

FORMAT = 1
_FIRST = (ALERTS, CHECKS, CHECK_REQUESTS, CLOCK, BENCHMARKS, DEAD_LETTERS)
_LAST = (REGISTRY, ACCOUNTS)
_OTHERS = tuple(stream for stream in STREAMS if stream not in (*_FIRST, *_LAST))
ORDER = tuple(stream.name for stream in (*_FIRST, *_OTHERS, *_LAST))
"""Effects before causes: the registry both leads to checks and follows from them, and who may come
in follows from nothing. Events on their way from REGISTRY to ACCOUNTS are in both, or in ACCOUNTS
by then."""
_ATTEMPTS = 5
Told = Callable[[str, int], None]
"""Stream, bytes so far."""


class BackupFailed(Exception):
    """Why there is no backup, or no restored house, in one line."""


@dataclass(frozen=True, slots=True)
class About:
    """What a backup holds. `keys` are the names of its key files; `streams` is messages by name."""

    taken_at: datetime
    keys: list[str]
    durables: list[DurableMark]
    streams: dict[str, int] = field(default_factory=dict)


async def write_backup(
    client: Client, file: IO[bytes], keys: dict[str, str], passphrase: str | None, told: Told
) -> About:
    """Write a backup of the bus and of `keys` (name -> text) into an empty file.

    Raises:
        BackupFailed: the bus does not give a stream, or the house changed all the time.
    """
    for _ in range(_ATTEMPTS):
        file.seek(0)
        file.truncate()
        before = (await stream_state(client, REGISTRY.name)).last_sequence
        about, after = await _write(client, file, keys, passphrase, told)
        if after == before:
            return about
    raise BackupFailed(
        f"the registry changed during each of {_ATTEMPTS} tries: change nothing meanwhile"
    )


async def _write(
    client: Client, file: IO[bytes], keys: dict[str, str], passphrase: str | None, told: Told
) -> tuple[About, int]:
    """What was written, and where the registry ended by then."""
    sealed = SealedWriter(file, passphrase) if passphrase else None
    archive = _Archive(sealed or file)
    about = About(datetime.now(UTC), sorted(keys), await durable_marks(client, ORDER))
    archive.add("about.json", _json(asdict(about) | {"format": FORMAT}))
    for name, text in sorted(keys.items()):
        archive.add(f"keys/{name}", text.encode())
    ends: dict[str, int] = {}
    for stream in ORDER:
        head = await _add_stream(client, archive, stream, told)
        about.streams[stream] = head.state["messages"]
        ends[stream] = head.state["last_seq"]
    archive.complete()
    if sealed is not None:
        sealed.close()
    return about, ends[REGISTRY.name]


async def _add_stream(client: Client, archive: "_Archive", stream: str, told: Told) -> StreamHead:
    done = 0
    try:
        async with stream_bytes(client, stream) as (head, chunks):
            archive.add(f"streams/{stream}/head.json", _json(asdict(head)))
            number = 0
            async for chunk in chunks:
                number, done = number + 1, done + len(chunk)
                archive.add(f"streams/{stream}/{number:08d}", chunk)
                told(stream, done)
    except SnapshotFailed as error:
        raise BackupFailed(str(error)) from error
    return head


def read_backup(file: IO[bytes], passphrase: str | None) -> tuple[About, dict[str, str]]:
    """See the whole of a file; what it holds, and its keys.

    Raises:
        BackupFailed: it is no backup, of a later release, damaged, cut short, or sealed otherwise.
    """
    about: About | None = None
    keys: dict[str, str] = {}
    streams: dict[str, int] = {}
    for name, data in _members(file, passphrase):
        if name == "about.json":
            about = _about(json.loads(data))
        elif name.startswith("keys/"):
            keys[name.removeprefix("keys/")] = data.decode()
        elif name.endswith("/head.json"):
            head = StreamHead(**json.loads(data))
            streams[head.name] = head.state["messages"]
    if about is None:
        raise BackupFailed("it is no backup of ArgusLM")
    about.streams.update(streams)
    return about, keys


async def restore_streams(
    client: Client, file: IO[bytes], passphrase: str | None, told: Told
) -> None:
    """Make every stream of a backup that `read_backup` has seen, and set its durables.

    Raises:
        BackupFailed: the bus has such a stream already, or does not take it.
    """
    members = _members(file, passphrase)
    about = _about(json.loads(next(members)[1]))
    name, data = next(members)
    try:
        while name != "complete.json":
            if name.endswith("/head.json"):
                stream = _Stream(StreamHead(**json.loads(data)), members, told)
                await restore_stream(client, stream.head, stream.chunks())
                name, data = stream.behind
            else:
                name, data = next(members)
    except SnapshotFailed as error:
        raise BackupFailed(str(error)) from error
    await turn_back(client, about.durables)


class _Stream:
    """The parts of one stream; `behind` is the member that follows them."""

    def __init__(self, head: StreamHead, members: Iterator[tuple[str, bytes]], told: Told) -> None:
        self.head, self._members, self._told = head, members, told
        self.behind: tuple[str, bytes] = ("", b"")

    async def chunks(self) -> AsyncIterator[bytes]:
        done = 0
        for name, data in self._members:
            if not name.startswith(f"streams/{self.head.name}/"):
                self.behind = (name, data)
                return
            done += len(data)
            self._told(self.head.name, done)
            yield data


class _Archive:
    """A tar written in one pass, with a digest of all that went in."""

    def __init__(self, file: Any) -> None:
        self._tar = tarfile.open(fileobj=cast("IO[bytes]", file), mode="w|")  # noqa: SIM115
        self._digest = hashlib.sha256()

    def add(self, name: str, data: bytes) -> None:
        _digest(self._digest, name, data)
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), 0o600
        self._tar.addfile(member, io.BytesIO(data))

    def complete(self) -> None:
        self.add("complete.json", _json({"sha256": self._digest.hexdigest()}))
        self._tar.close()


def _members(file: IO[bytes], passphrase: str | None) -> Iterator[tuple[str, bytes]]:
    """Name and content of each member, `complete.json` and what it proves included."""
    digest, begun = hashlib.sha256(), False
    try:
        with tarfile.open(fileobj=_opened(file, passphrase), mode="r|") as tar:
            for member in tar:
                content = tar.extractfile(member)
                data = content.read() if content else b""
                if member.name == "complete.json":
                    if json.loads(data)["sha256"] != digest.hexdigest():
                        raise BackupFailed("it is damaged: its content has changed")
                    yield member.name, data
                    return
                _digest(digest, member.name, data)
                begun = True
                yield member.name, data
    except CannotUnseal as error:
        raise BackupFailed(str(error)) from error
    except (tarfile.TarError, EOFError, ValueError, KeyError) as error:
        text = "it is damaged or cut short" if begun else "it is no backup of ArgusLM"
        raise BackupFailed(text) from error
    raise BackupFailed("it is cut short")


def _opened(file: IO[bytes], passphrase: str | None) -> IO[bytes]:
    if not is_sealed(file):
        file.seek(0)
        return file
    if passphrase is None:
        raise BackupFailed("it is sealed: give its passphrase")
    return cast("IO[bytes]", SealedReader(file, passphrase))


def is_sealed(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(len(MAGIC)) == MAGIC


def _about(stored: dict[str, Any]) -> About:
    if stored.get("format") != FORMAT:
        raise BackupFailed(f"its format is {stored.get('format')}, this release reads {FORMAT}")
    return About(
        datetime.fromisoformat(stored["taken_at"]),
        stored["keys"],
        [DurableMark(**mark) for mark in stored["durables"]],
    )


def _digest(digest: Any, name: str, data: bytes) -> None:
    digest.update(f"{name}\0{len(data)}\0".encode())
    digest.update(data)


def _json(value: Any) -> bytes:
    return json.dumps(value, default=_moment).encode()


def _moment(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
