"""What events take on disk: the sizes of the recorded examples, times how often they happen."""

import json
from collections.abc import Mapping
from importlib.resources import files

from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted, CheckRequested, ClockTicked
from arguslm_contracts.events.history import CheckSummarized
from arguslm_contracts.streams import CHECK_REQUESTS, CHECKS, CLOCK, StreamSpec

DAY_S = 86_400
# Length, sequence, time, subject's length; a checksum; and the length of the headers.
_RECORD_BYTES = 22 + 8 + 4


def stored_bytes(subject: str, headers: Mapping[str, str], body: bytes) -> int:
    """One message in JetStream's file store, which is not compressed."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    wire = len(f"NATS/1.0\r\n{lines}\r\n".encode())
    return _RECORD_BYTES + len(subject.encode()) + wire + len(body)


def example_bytes(kind: type[Event]) -> int:
    """The recorded example of an event, as it would be stored."""
    path = files("arguslm_contracts") / "samples" / f"{kind.event_type()}.json"
    sample = json.loads(path.read_text(encoding="utf-8"))
    body = json.dumps(sample["data"], ensure_ascii=False, separators=(",", ":")).encode()
    return stored_bytes(sample["subject"], sample["headers"], body)


def bytes_a_day(spec: StreamSpec, *, models: int, interval_s: int) -> int | None:
    """What a stream takes in each day while so many models are asked so often from one location;
    of CHECKS, what grows old of it. None where that says nothing about it."""
    asked = models * DAY_S / interval_s
    if spec is CHECKS:
        return round(asked * example_bytes(CheckCompleted))
    if spec is CHECK_REQUESTS:
        return round(asked * example_bytes(CheckRequested))
    if spec is CLOCK:
        return DAY_S * example_bytes(ClockTicked)
    return None


def summary_bytes_a_day(*, models: int) -> int:
    """What CHECKS keeps for ever of a day."""
    return models * 24 * example_bytes(CheckSummarized)
