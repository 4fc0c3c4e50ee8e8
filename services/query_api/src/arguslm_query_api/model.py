"""What the tables mean: the state of a model, the order of its card, quantiles. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from arguslm_contracts.events.checks import CheckCompleted, CheckReclassified
from arguslm_contracts.measurement import Measurement
from arguslm_contracts.outcomes import VERDICTS, Outcome, Verdict
from arguslm_contracts.rest.monitoring import State

FAILURES_TO_GO_DOWN = 2
INTERVALS_TO_GO_STALE = 3

CheckStatus = Literal["up", "degraded", "down", "unknown"]


class LocationState(NamedTuple):
    """A model as one location last saw it; nothing seen yet when it is new.

    `usable` and `conclusive_at` are of the last check that said whether the endpoint serves;
    `since` is when that verdict began. The speeds are the last that were measured.
    """

    model_id: UUID
    location: str
    consecutive_failures: int = 0
    consecutive_successes: int = 0
    usable: bool | None = None
    since: datetime | None = None
    conclusive_at: datetime | None = None
    last_check_id: UUID | None = None
    last_due_at: datetime | None = None
    last_completed_at: datetime | None = None
    last_outcome: str | None = None
    last_fault_owner: str | None = None
    last_says: str | None = None
    last_ttft_ms: float | None = None
    last_tokens_per_s: float | None = None


class Sighting(NamedTuple):
    """What a check says of the state of its endpoint: a few words, where the check has many."""

    check_id: UUID
    due_at: datetime
    started_at: datetime
    completed_at: datetime
    outcome: Outcome
    fault_owner: str
    ttft_ms: float | None
    tokens_per_s: float | None

    @classmethod
    def of(cls, check: CheckCompleted) -> "Sighting":
        measured = check.measurement
        return cls(
            check.check_id,
            check.due_at,
            check.started_at,
            check.completed_at,
            measured.outcome,
            measured.fault_owner.value,
            measured.timing.first_token_ms,
            measured.tokens_per_s,
        )


def evolve(before: LocationState, seen: Sighting) -> LocationState:
    """The state after a check. One due no later than the last known one changes nothing."""
    if before.last_due_at is not None and seen.due_at <= before.last_due_at:
        return before
    verdict = VERDICTS[seen.outcome]
    return LocationState(
        before.model_id,
        before.location,
        *_conclusion(before, seen, verdict),
        last_check_id=seen.check_id,
        last_due_at=seen.due_at,
        last_completed_at=seen.completed_at,
        last_outcome=seen.outcome.value,
        last_fault_owner=seen.fault_owner,
        last_says=verdict.says,
        last_ttft_ms=before.last_ttft_ms if seen.ttft_ms is None else seen.ttft_ms,
        last_tokens_per_s=(
            before.last_tokens_per_s if seen.tokens_per_s is None else seen.tokens_per_s
        ),
    )


def after_second_thought(before: LocationState, event: CheckReclassified) -> LocationState:
    """The state when a check was decided again: what is said of the last one follows. Runs do not:
    they, and the alerts that rest on them, were what was known."""
    if event.check_id != before.last_check_id:
        return before
    measured = event.measurement
    return before._replace(
        last_outcome=measured.outcome.value,
        last_fault_owner=measured.fault_owner.value,
        last_says=VERDICTS[measured.outcome].says,
    )


def _conclusion(
    before: LocationState, seen: Sighting, verdict: Verdict
) -> tuple[int, int, bool | None, datetime | None, datetime | None]:
    """Failures and successes in a row, `usable`, `since` and `conclusive_at` after a check."""
    failures, successes = before.consecutive_failures, before.consecutive_successes
    if verdict.available is None:
        return failures, successes, before.usable, before.since, before.conclusive_at
    same_run = (
        before.since is not None
        and (successes > 0) == verdict.available
        and before.usable == verdict.usable
    )
    return (
        0 if verdict.available else failures + 1,
        successes + 1 if verdict.available else 0,
        verdict.usable,
        before.since if same_run else seen.started_at,
        seen.completed_at,
    )


@dataclass(frozen=True, slots=True)
class CardState:
    """`since` is when the state began, as far as the checks can tell."""

    state: State
    since: datetime | None = None


def card_state(
    locations: Sequence[LocationState], *, watched: bool, interval_s: int, now: datetime
) -> CardState:
    """What a model is, over all the locations that still say something about it.

    A location speaks while its last conclusive check is at most three intervals old. Down needs
    every speaking location to have failed twice in a row; a minority only degrades.
    """
    if not watched:
        return CardState("paused")
    oldest = now - timedelta(seconds=INTERVALS_TO_GO_STALE * interval_s)
    speaking = [one for one in locations if one.conclusive_at and one.conclusive_at >= oldest]
    if not speaking:
        return CardState("unknown", _newest(one.conclusive_at for one in locations))
    if all(one.consecutive_failures >= FAILURES_TO_GO_DOWN for one in speaking):
        return CardState("down", _newest(one.since for one in speaking))
    troubled = [one.since for one in speaking if not one.usable and one.since is not None]
    if troubled:
        return CardState("degraded", min(troubled))
    return CardState("up", _newest(one.since for one in speaking))


def _newest(times: Iterable[datetime | None]) -> datetime | None:
    return max((time for time in times if time is not None), default=None)


_WORST_FIRST: dict[State, int] = {"down": 0, "degraded": 1, "unknown": 2, "up": 3, "paused": 4}


def badness(state: State, open_alerts: int, uptime_ratio: float | None) -> tuple[int, int, float]:
    """The sorting key of a card: the worst comes first."""
    return _WORST_FIRST[state], -open_alerts, 1.0 if uptime_ratio is None else uptime_ratio


def check_status(available: bool | None, usable: bool | None) -> CheckStatus:
    """A single check in the words of ArgusLM 0.x."""
    if available is False:
        return "down"
    if usable is False:
        return "degraded"
    return "up" if available else "unknown"


def has_typical_speed(measurement: Measurement) -> bool:
    """Whether its times belong into statistics: an answer came, and the clock could be trusted."""
    return bool(VERDICTS[measurement.outcome].usable) and measurement.audit.trustworthy


def exact_quantile(ordered: Sequence[float], q: float) -> float | None:
    """The q-quantile of ascending values, interpolated linearly between the two nearest."""
    if not ordered:
        return None
    position = q * (len(ordered) - 1)
    below, above = math.floor(position), math.ceil(position)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)
