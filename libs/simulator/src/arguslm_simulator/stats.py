"""What the simulator saw and how well it kept its own schedule."""

import asyncio
import hashlib
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late frames left, against their schedule, over the last `count` frames (<= 16,384)."""

    count: int
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class Stats:
    """A snapshot. `requests` and `faults` count questions per model; "in flight" runs from
    a request fully read to its answer fully sent or its connection lost.
    `last_authorization_sha256`: hex, of the whole value that carries a dialect's key; None when
    the last request to a dialect had none.
    """

    requests: dict[str, int]
    faults: dict[str, int]
    in_flight: int
    peak_in_flight: int
    connections: int
    last_authorization_sha256: str | None
    lateness: Lateness

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Recorder:
    """Counts as the server runs."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.connections = 0
        self._in_flight = 0
        self._peak_in_flight = 0
        self._last_authorization: str | None = None
        self._lateness_ns: deque[int] = deque(maxlen=16_384)
        self._waiting: list[asyncio.Future[None]] = []

    def authorization_seen(self, header: str | None) -> None:
        digest = hashlib.sha256(header.encode()).hexdigest() if header is not None else None
        self._last_authorization = digest

    def reply_started(self) -> None:
        self._in_flight += 1
        self._peak_in_flight = max(self._peak_in_flight, self._in_flight)
        self._wake()

    def reply_over(self) -> None:
        self._in_flight -= 1
        self._wake()

    def frame_sent(self, late_ns: int) -> None:
        self._lateness_ns.append(late_ns)

    async def change(self) -> None:
        """Returns when an answer has begun or ended."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    def snapshot(self) -> Stats:
        late = sorted(self._lateness_ns)
        return Stats(
            requests=dict(self.requests),
            faults=dict(self.faults),
            in_flight=self._in_flight,
            peak_in_flight=self._peak_in_flight,
            connections=self.connections,
            last_authorization_sha256=self._last_authorization,
            lateness=Lateness(len(late), _quantile_ms(late, 0.5), _quantile_ms(late, 0.99)),
        )


def _quantile_ms(sorted_ns: list[int], q: float) -> float | None:
    if not sorted_ns:
        return None
    return sorted_ns[int(q * (len(sorted_ns) - 1))] / 1e6
