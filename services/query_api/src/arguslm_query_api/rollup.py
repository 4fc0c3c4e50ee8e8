"""Sums of checks over a time slot: counts, and mergeable sketches of the speeds. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple, Self

from arguslm_contracts.events.checks import CheckReclassified
from arguslm_contracts.events.history import CheckSummarized
from arguslm_contracts.measurement import Measurement
from arguslm_contracts.outcomes import VERDICTS, Outcome
from arguslm_query_api.model import has_typical_speed
from arguslm_query_api.tables import ROLLUP_WIDTHS_S
from arguslm_storage.sketch import Sketch

SKETCHES = ("ttft_ms", "tokens_per_s", "total_ms")
# Of one request.
_MOST_TOKENS = 2**50
_MOST_USD = 1e6


def slot_start(at: datetime, width_s: int) -> datetime:
    """The start of the slot that holds a time; slots are counted from 1970, in UTC."""
    second = int(at.timestamp())
    return datetime.fromtimestamp(second - second % width_s, UTC)


def cover(start: datetime, now: datetime) -> list[tuple[int, datetime, datetime | None]]:
    """The widest slots that together hold the time from `start` on: (width_s, from, until) each.

    `start` is aligned to one of the widths; the last slots have no end, since there is nothing
    after now.
    """
    widths = [width_s for width_s in ROLLUP_WIDTHS_S if slot_start(start, width_s) == start]
    pieces: list[tuple[int, datetime, datetime | None]] = []
    width_s = widths[-1]
    for wider_s in (wider for wider in ROLLUP_WIDTHS_S if wider > width_s):
        until = slot_start(start, wider_s) + timedelta(seconds=wider_s)
        if until > now:
            break
        pieces.append((width_s, start, until))
        start, width_s = until, wider_s
    return [*pieces, (width_s, start, None)]


class Charges(NamedTuple):
    """What one request cost. Who was never asked has no cost, and is in no count of those that have
    one. A number beyond reason says nothing: a sum has to fit into 64 bits."""

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cached_tokens: int
    priced: int
    unpriced: int
    cost_nano_usd: int

    @classmethod
    def of(cls, measurement: Measurement) -> Self:
        usage, cost = measurement.usage, measurement.cost
        usd = None if cost is None or cost.usd is None or cost.usd > _MOST_USD else cost.usd
        return cls(
            _tokens(usage.input_tokens),
            _tokens(usage.output_tokens),
            _tokens(usage.reasoning_tokens),
            _tokens(usage.cached_tokens),
            int(usd is not None),
            int(cost is not None and usd is None),
            round((usd or 0) * 1e9),
        )


def _tokens(count: int | None) -> int:
    return count if count and count <= _MOST_TOKENS else 0


class Tally(NamedTuple):
    """What a check adds to the sums of its slot. The speeds are those that belong into statistics,
    in the order of SKETCHES; of a check that does not count there is nothing but the charges."""

    outcome: Outcome | None
    ttft_ms: float | None
    tokens_per_s: float | None
    total_ms: float | None
    charges: Charges

    @classmethod
    def of(cls, measurement: Measurement, *, counts: bool = True) -> Self:
        charges = Charges.of(measurement)
        if not counts:
            return cls(None, None, None, None, charges)
        if not has_typical_speed(measurement):
            return cls(measurement.outcome, None, None, None, charges)
        timing = measurement.timing
        speeds = timing.first_token_ms, measurement.tokens_per_s, timing.total_ms
        return cls(measurement.outcome, *speeds, charges)


CHARGES = Charges._fields
COUNTS = ("checks", "available", "unavailable", "excluded", "usable", "unusable", *CHARGES)
_counts_of: Callable[["Rollup"], tuple[Any, ...]] = attrgetter(*COUNTS)


@dataclass(slots=True)
class Rollup:
    """`excluded` checks said nothing of `available`; speeds are those of answered checks."""

    checks: int = 0
    available: int = 0
    unavailable: int = 0
    excluded: int = 0
    usable: int = 0
    unusable: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    priced: int = 0
    unpriced: int = 0
    cost_nano_usd: int = 0
    ttft_ms: Sketch = field(default_factory=Sketch)
    tokens_per_s: Sketch = field(default_factory=Sketch)
    total_ms: Sketch = field(default_factory=Sketch)
    outcomes: dict[str, int] = field(default_factory=dict)

    def add(self, check: Tally) -> None:
        charges = check.charges
        self.input_tokens += charges.input_tokens
        self.output_tokens += charges.output_tokens
        self.reasoning_tokens += charges.reasoning_tokens
        self.cached_tokens += charges.cached_tokens
        self.priced += charges.priced
        self.unpriced += charges.unpriced
        self.cost_nano_usd += charges.cost_nano_usd
        if check.outcome is None:
            return
        verdict = VERDICTS[check.outcome]
        self.checks += 1
        self.available += verdict.available is True
        self.unavailable += verdict.available is False
        self.excluded += verdict.available is None
        self.usable += verdict.usable is True
        self.unusable += verdict.usable is False
        outcome = check.outcome.value
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        if check.ttft_ms is not None:
            self.ttft_ms.add(check.ttft_ms)
        if check.tokens_per_s is not None:
            self.tokens_per_s.add(check.tokens_per_s)
        if check.total_ms is not None:
            self.total_ms.add(check.total_ms)

    def merge(self, other: "Rollup") -> None:
        # Name by name: a fold does little else.
        self.checks += other.checks
        self.available += other.available
        self.unavailable += other.unavailable
        self.excluded += other.excluded
        self.usable += other.usable
        self.unusable += other.unusable
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.reasoning_tokens += other.reasoning_tokens
        self.cached_tokens += other.cached_tokens
        self.priced += other.priced
        self.unpriced += other.unpriced
        self.cost_nano_usd += other.cost_nano_usd
        self.ttft_ms.merge(other.ttft_ms)
        self.tokens_per_s.merge(other.tokens_per_s)
        self.total_ms.merge(other.total_ms)
        for outcome, checks in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + checks

    def copy(self) -> "Rollup":
        """One that can be added to while this one stays."""
        sketches = self.ttft_ms.copy(), self.tokens_per_s.copy(), self.total_ms.copy()
        return Rollup(*(*_counts_of(self), *sketches, self.outcomes.copy()))

    def negated(self) -> "Rollup":
        """What takes these checks away again, when merged."""
        counts = (-getattr(self, name) for name in COUNTS)
        sketches = (getattr(self, name).negated() for name in SKETCHES)
        outcomes = {outcome: -checks for outcome, checks in self.outcomes.items()}
        return Rollup(*(*counts, *sketches, outcomes))

    def quantile(self, speed: str, q: float) -> float | None:
        """Of one of SKETCHES, within the sketch's relative error."""
        sketch: Sketch = getattr(self, speed)
        return sketch.quantile(q)

    def to_row(self) -> dict[str, Any]:
        return {
            **dict(zip(COUNTS, _counts_of(self), strict=True)),
            "ttft_ms": self.ttft_ms.to_text(),
            "tokens_per_s": self.tokens_per_s.to_text(),
            "total_ms": self.total_ms.to_text(),
            "ttft_p50_ms": self.ttft_ms.quantile(0.5),
            # Checks that were decided again leave none of what they were.
            "outcomes": {name: checks for name, checks in sorted(self.outcomes.items()) if checks},
        }

    @classmethod
    def of_summary(cls, hour: CheckSummarized) -> "Rollup":
        """What the hour's checks would have come to."""
        counts = (getattr(hour, name) for name in COUNTS)
        sketches = (Sketch.from_json(getattr(hour, name).sketch) for name in SKETCHES)
        return cls(*(*counts, *sketches, dict(hour.outcomes)))

    @classmethod
    def of_second_thought(cls, event: CheckReclassified) -> "Rollup":
        """What the check counts for now, less what it counted for until now."""
        until_now, now = cls(), cls()
        until_now.add(Tally.of(event.measurement.model_copy(update={"outcome": event.was})))
        now.add(Tally.of(event.measurement))
        now.merge(until_now.negated())
        return now

    @classmethod
    def from_row(cls, row: Mapping[Any, Any]) -> "Rollup":
        counts = (row[name] for name in COUNTS)
        sketches = (Sketch.from_json(row[name]) for name in SKETCHES)
        return cls(*(*counts, *sketches, row["outcomes"]))


def narrow_slot(at: datetime) -> int:
    """The start of the narrowest slot that holds a time, in seconds since 1970."""
    second = int(at.timestamp())
    return second - second % ROLLUP_WIDTHS_S[0]


def by_width(narrow: dict[int, Rollup]) -> dict[int, dict[int, Rollup]]:
    """The sums of an endpoint in each width, from those of its narrowest slots: width_s -> start of
    the slot in seconds since 1970."""
    narrowest_s, *wider = ROLLUP_WIDTHS_S
    slots, widths = narrow, {narrowest_s: narrow}
    # Each width divides the next: a wide slot is the sum of whole narrower ones.
    for width_s in wider:
        widths[width_s] = slots = _widened(slots, width_s)
    return widths


def _widened(narrower: Mapping[int, Rollup], width_s: int) -> dict[int, Rollup]:
    slots: dict[int, Rollup] = {}
    for second, rollup in narrower.items():
        start = second - second % width_s
        if start in slots:
            slots[start].merge(rollup)
        else:
            slots[start] = rollup.copy()
    return slots
