"""When the tokens of one answer leave: the clock's half of the truth, whatever the dialect."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from arguslm_simulator.behaviour import Behaviour, Fault


@dataclass(frozen=True, slots=True)
class Schedule:
    """Nanoseconds from the request fully read. `late_ns`: how much later than without jitter each
    token leaves; empty where nothing jitters."""

    head_ns: int
    first_ns: int
    gap_ns: int
    late_ns: Sequence[int] = ()

    def due_ns(self, token: int) -> int:
        due_ns = self.first_ns + token * self.gap_ns
        if not self.late_ns:
            return due_ns
        return due_ns + self.late_ns[min(token, len(self.late_ns) - 1)]


def schedule_of(behaviour: Behaviour, fault: Fault, *, draw_from: str) -> Schedule:
    """The same `draw_from` gives the same jitter."""
    late_ns = _jitter(behaviour, draw_from)
    first_ns = _ns(behaviour.ttft_ms)
    head_ns = first_ns if behaviour.headers_ms is None else _ns(behaviour.headers_ms)
    if behaviour.headers_ms is None and late_ns:
        head_ns += late_ns[0]
    if fault in (Fault.SLOW_HEADERS, Fault.SLOW_FIRST_TOKEN):
        first_ns += _ns(behaviour.slow_ms)
    if fault is Fault.SLOW_HEADERS:
        head_ns += _ns(behaviour.slow_ms)
    return Schedule(head_ns, first_ns, _ns(behaviour.gap_ms), late_ns)


def _jitter(behaviour: Behaviour, draw_from: str) -> Sequence[int]:
    if not behaviour.ttft_jitter_ms and not behaviour.gap_jitter_ms:
        return ()
    draw = random.Random(draw_from).random  # noqa: S311  # reproducible, and no secret
    late_ms = draw() * behaviour.ttft_jitter_ms
    late_ns = [_ns(late_ms)]
    for _ in range(behaviour.reasoning_tokens + behaviour.tokens - 1):
        late_ms += draw() * behaviour.gap_jitter_ms
        late_ns.append(_ns(late_ms))
    return late_ns


def _ns(ms: float) -> int:
    return round(ms * 1e6)
