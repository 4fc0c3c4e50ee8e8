"""Lines and server-sent events out of stamped reads, however the network cut them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from arguslm_llm.exchange import Read


class ServerEvent(NamedTuple):
    """One server-sent event, stamped with the read that completed it."""

    ns: int
    event: str
    data: bytes


def lines(reads: Sequence[Read]) -> Iterator[Read]:
    """Each line without its end, stamped with the read that brought its last byte.

    A last line without an end is given too: some servers close instead of ending it.
    """
    begun: list[bytes] = []
    ns = 0
    for ns, data in reads:
        *ended, rest = data.split(b"\n")
        for end in ended:
            line = b"".join((*begun, end))
            begun.clear()
            yield ns, line.removesuffix(b"\r")
        if rest:
            begun.append(rest)
    if begun:
        yield ns, b"".join(begun).removesuffix(b"\r")


def server_events(reads: Sequence[Read]) -> Iterator[ServerEvent]:
    """The events of an SSE stream. Comments and events without data are left out; data of
    several lines is joined with newlines."""
    event = ""
    data: list[bytes] = []
    ns = 0
    for ns, line in lines(reads):
        if not line:
            if data:
                yield ServerEvent(ns, event, b"\n".join(data))
            event, data = "", []
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            event = value.decode("utf-8", "replace")
    if data:
        yield ServerEvent(ns, event, b"\n".join(data))


def whole(reads: Sequence[Read]) -> Read:
    """All bytes, stamped with the last read: an answer in one piece is there when it ends."""
    return (reads[-1][0] if reads else 0), b"".join(data for _, data in reads)


def is_json_body(reads: Sequence[Read]) -> bool:
    """Whether the answer is plain JSON where a stream was asked for: no SSE begins so."""
    return _first_byte(reads) in (b"{", b"[")


def is_web_page(reads: Sequence[Read]) -> bool:
    """Whether something on the way answered with a page of its own."""
    return _first_byte(reads) == b"<"


def _first_byte(reads: Sequence[Read]) -> bytes:
    """The first byte that is no white space; empty when there is none yet."""
    return next((start for _, data in reads if (start := data.lstrip()[:1])), b"")
