"""What budgets do to decisions: requests get an allowance, and what is used is reported."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_bus.decider import Decision
from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.base import Event
from arguslm_contracts.events.checks import CheckCompleted, CheckRequested, ClockTicked
from arguslm_contracts.events.registry import BudgetCreated, BudgetReserved, BudgetUpdated
from arguslm_scheduler import account
from arguslm_scheduler.budgets import Purse, allowed, day_of, report


async def within_budgets(
    connection: AsyncConnection, decisions: Sequence[Decision]
) -> list[Decision]:
    """The decisions; requests of checks that a budget covers say what they may cost. A slot that is
    skipped costs nothing."""
    requests: list[CheckRequested] = []
    others: list[Decision] = []
    for one in decisions:
        if isinstance(one.event, CheckRequested) and one.event.skip_reason is None:
            requests.append(one.event)
        else:
            others.append(one)
    if not requests:
        return others
    purses = await account.purses(connection, max(request.due_at for request in requests))
    if not purses:
        return list(decisions)
    prices = await account.known_prices(connection, {one.model_id for one in requests})
    return [*others, *map(Decision, allowed(requests, purses, prices))]


def usage_changed_at(event: Event) -> datetime | None:
    """When an event says that budgets may be used otherwise than was reported; None if it does
    not. Of two schedulers one may have reported what the other knows better: that is put right
    with the next minute, as is a report of yesterday with the next day."""
    match event:
        case CheckCompleted(measurement=measured) as check if measured.cost and measured.cost.usd:
            return check.completed_at
        case BudgetCreated() | BudgetUpdated() | BudgetReserved() as budget:
            return budget.at
        case ClockTicked() as tick if tick.begins_minute:
            return datetime.fromtimestamp(tick.second, UTC)
    return None


async def reports(connection: AsyncConnection, recorded: Recorded) -> list[Decision]:
    """What is to be said of budgets because of an event."""
    at = usage_changed_at(recorded.event)
    if at is None:
        return []
    purses = await account.purses(connection, at)
    said = await account.last_reports(connection) if purses else {}
    return [
        Decision(report(purse, at))
        for purse in purses
        if _is_news(purse, at, said.get(purse.budget.budget_id))
    ]


def _is_news(purse: Purse, at: datetime, said: tuple[datetime, int] | None) -> bool:
    """A check that completed late tells nothing of a day that is over."""
    if said is None:
        return purse.used_percent > 0
    day, percent = said
    return day_of(at) >= day and purse.used_percent != percent
