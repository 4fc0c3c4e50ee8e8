"""What checks may cost, and what is to be said of it: pure functions over the account. Amounts are
whole nano-dollars, so that they add up the same in every order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from arguslm_contracts.events.checks import Allowance, CheckRequested
from arguslm_contracts.events.registry import Budget
from arguslm_contracts.events.spending import STEP_PERCENT, SpendingReported
from arguslm_contracts.measurement import Price

# Beyond its expiry a check may still be under way; one that never completes frees what it held.
_GRACE = timedelta(minutes=10)


def nano_usd(usd: float) -> int:
    return round(usd * 1e9)


def day_of(at: datetime) -> datetime:
    """The midnight in UTC at which its day began."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(slots=True)
class Purse:
    """A budget on one day. `reserved` is kept for checks under way."""

    budget: Budget
    used: int = 0
    reserved: int = 0

    @property
    def left(self) -> int:
        return max(0, nano_usd(self.budget.usd_per_day) - self.used - self.reserved)

    @property
    def used_percent(self) -> int:
        percent = int(self.used * 100 / nano_usd(self.budget.usd_per_day))
        return min(100, percent - percent % STEP_PERCENT)


def allowed(
    requests: Iterable[CheckRequested], purses: Sequence[Purse], prices: Mapping[UUID, Price]
) -> list[CheckRequested]:
    """The requests, each with what it may cost; the purses keep it, one after the other."""
    return [
        _allowed(request, purses, request.target.price or prices.get(request.model_id))
        for request in requests
    ]


def _allowed(
    request: CheckRequested, purses: Sequence[Purse], price: Price | None
) -> CheckRequested:
    covering = [
        purse
        for purse in purses
        if purse.budget.covers(request.target.provider_id, request.model_id)
    ]
    if not covering:
        return request
    tightest = min(covering, key=lambda purse: purse.left)
    left, most = tightest.left, nano_usd(price.at_most(request.probe)) if price else 0
    reserved = most if most <= left else 0
    for purse in covering:
        purse.reserved += reserved
    allowance = Allowance(
        budget=tightest.budget.name,
        left_usd=left / 1e9,
        reserved_usd=reserved / 1e9,
        held_until=request.expires_at + _GRACE,
    )
    return request.model_copy(update={"allowance": allowance})


def report(purse: Purse, at: datetime) -> SpendingReported:
    """What is used of a budget at a time."""
    return SpendingReported(
        budget_id=purse.budget.budget_id,
        budget_name=purse.budget.name,
        day=day_of(at),
        used_percent=purse.used_percent,
        used_usd=purse.used / 1e9,
        usd_per_day=purse.budget.usd_per_day,
        at=at,
    )
