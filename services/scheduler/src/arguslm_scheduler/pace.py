"""How often what is asked of a provider with a limit a minute is asked: pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, log2
from uuid import UUID

from arguslm_contracts.events.checks import ClockTicked
from arguslm_scheduler.model import Slot, latest_slot

_ByInterval = Mapping[int, Sequence[tuple[UUID, str]]]
"""Interval in seconds -> what is asked so often, and where."""


@dataclass(frozen=True, slots=True)
class Pace:
    """When something is due at a location: at `phase_s` modulo `interval_s` (Unix time)."""

    asked_id: UUID
    location: str
    interval_s: int
    phase_s: int


def paced(
    intervals_s: Mapping[UUID, int], locations: Sequence[str], per_minute: int
) -> Sequence[Pace]:
    """The paces of what is asked of one provider: in no minute does more fall due than
    `per_minute`. Where all together want more they are asked less often, and none is left out.
    """
    return _paced(frozenset(intervals_s.items()), tuple(locations), per_minute)


@lru_cache(maxsize=256)
def _paced(
    asked: frozenset[tuple[UUID, int]], locations: tuple[str, ...], per_minute: int
) -> Sequence[Pace]:
    """Kept, for each second asks for them again, and they seldom change."""
    by_interval: dict[int, list[tuple[UUID, str]]] = {}
    for asked_id, interval_s in sorted(asked):
        by_interval.setdefault(interval_s, []).extend((asked_id, at) for at in locations)
    ways = (tuple(_evenly(by_interval, per_minute)), tuple(_in_turns(by_interval, per_minute)))
    intervals_s = dict(asked)
    return min((way for way in ways if way), key=lambda way: _slowed(way, intervals_s), default=())


def _slowed(paces: Iterable[Pace], intervals_s: Mapping[UUID, int]) -> float:
    """By how much the one that suffers most."""
    return max(pace.interval_s / intervals_s[pace.asked_id] for pace in paces)


def _evenly(by_interval: _ByInterval, per_minute: int) -> Iterator[Pace]:
    """What has one interval is asked evenly, one after the other, so that a minute holds at most
    its share, rounded up; every interval grows by the same factor. Nothing where there are more
    intervals than the limit has room for."""
    # All shares but one of them may cost one more.
    budget = per_minute - max(0, len(by_interval) - 1)
    if budget < 1:
        return
    wanted = sum(60 * len(asked) / interval_s for interval_s, asked in by_interval.items())
    for interval_s, asked in by_interval.items():
        slower_s = ceil(interval_s * max(1.0, wanted / budget))
        for rank, (asked_id, location) in enumerate(asked):
            yield Pace(asked_id, location, slower_s, rank * slower_s // len(asked))


def _in_turns(by_interval: _ByInterval, per_minute: int) -> Iterator[Pace]:
    """A wheel has a notch for each request that the limit allows. Each interval has every second,
    fourth, eighth... notch, and what is asked so often takes turns there.

    Notches n whose bits, read backwards as a fraction, lie in a range of [0, 1) of the size 1/2^k
    are every 2^k-th one; ranges that do not overlap share no notch (van der Corput's sequence).
    """
    notch_s = ceil(60 / per_minute)
    strides = _strides(by_interval, notch_s)
    taken = Fraction(0)
    for interval_s in sorted(strides, key=lambda one: strides[one]):
        stride, asked = strides[interval_s], by_interval[interval_s]
        first = _backwards(int(taken * stride), stride)
        taken += Fraction(1, stride)
        for rank, (asked_id, location) in enumerate(asked):
            turn_s = stride * len(asked) * notch_s
            yield Pace(asked_id, location, turn_s, (first + rank * stride) * notch_s)


def _strides(by_interval: _ByInterval, notch_s: int) -> dict[int, int]:
    """Interval -> from which notch to which it goes: a power of two, and all of them fit."""
    slower = 1.0
    while True:
        strides = {
            interval_s: 2 ** max(0, ceil(log2(interval_s * slower / (len(asked) * notch_s))))
            for interval_s, asked in by_interval.items()
        }
        if sum(Fraction(1, stride) for stride in strides.values()) <= 1:
            return strides
        slower *= 1.1


def _backwards(number: int, size: int) -> int:
    """Its bits in the other order, of a number below `size`, a power of two."""
    width = size.bit_length() - 1
    return int(f"{number:0{width}b}"[::-1], 2) if width else 0


def paced_slots(paces: Iterable[Pace], tick: ClockTicked) -> Iterator[Slot]:
    """As `due_slots`, of what has a pace."""
    for pace in paces:
        due_s = latest_slot(pace.interval_s, pace.phase_s, tick.previous_second, tick.second)
        if due_s is not None:
            yield Slot(pace.asked_id, pace.location, due_s)
