"""The account of the budgets: how the streams become its tables, and what decisions read of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeGuard
from uuid import UUID

from sqlalchemy import BindParameter, Column, Delete, Select, Table, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.envelope import Recorded
from arguslm_contracts.events.checks import Allowance, CheckCompleted, CheckRequested
from arguslm_contracts.events.registry import (
    Budget,
    BudgetCreated,
    BudgetRemoved,
    BudgetReserved,
    BudgetUpdated,
)
from arguslm_contracts.events.spending import SpendingReported
from arguslm_contracts.measurement import Price
from arguslm_scheduler.budgets import Purse, day_of, nano_usd
from arguslm_scheduler.tables import (
    booked_benchmarks,
    budgets,
    prices,
    releases,
    reports,
    reservations,
    spending,
)
from arguslm_storage.bulk import rows_among
from arguslm_storage.database import insert_new, upsert
from arguslm_storage.driver import Row, rows_of

_A_BUDGET = select(budgets.c.budget_id).limit(1)
_BUDGETS = select(budgets.c.budget).order_by(budgets.c.budget_id)
_REPORTS = select(reports)
_SPENDING = select(spending)
_PRICES = select(prices)


def _summed(table: Table, by: Sequence[Column[Any]]) -> Select[Any]:
    return select(*by, func.sum(table.c.nano_usd).label("amount")).group_by(*by)


_AT: BindParameter[datetime] = bindparam("at")
_USED = _summed(spending, [spending.c.provider_id, spending.c.model_id]).where(
    spending.c.day == _AT
)
_UNDER_WAY = _summed(reservations, [reservations.c.provider_id, reservations.c.model_id]).where(
    reservations.c.held_until >= _AT,
    ~select(releases.c.request_id)
    .where(releases.c.request_id == reservations.c.request_id)
    .exists(),
)
_BOOKED = _summed(booked_benchmarks, [booked_benchmarks.c.budget_id]).where(
    booked_benchmarks.c.day == _AT
)
# A check that completes after midnight may still tell of the day before.
_DAYS_KEPT = timedelta(days=1)


async def fold_budgets(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """REGISTRY -> the budgets, and what benchmarks have booked of them."""
    for event in (recorded.event for recorded in events):
        match event:
            case BudgetCreated(budget=budget) | BudgetUpdated(budget=budget):
                await _put_budget(connection, budget)
            case BudgetReserved(budget=budget):
                booked = {"budget_id": budget.budget_id, "run_id": event.run_id, "day": event.day}
                row = booked | {"nano_usd": nano_usd(event.usd)}
                await upsert(connection, booked_benchmarks, [row])
            case BudgetRemoved(budget_id=budget_id):
                for table in (budgets, booked_benchmarks):
                    await connection.execute(delete(table).where(table.c.budget_id == budget_id))


async def _put_budget(connection: AsyncConnection, budget: Budget) -> None:
    row = {"budget_id": budget.budget_id, "budget": budget.model_dump(mode="json")}
    await upsert(connection, budgets, [row])


async def fold_requests(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """CHECK_REQUESTS -> what is kept for checks under way."""
    rows = [
        {
            "request_id": one.event.request_id,
            "model_id": one.event.model_id,
            "provider_id": one.event.target.provider_id,
            "nano_usd": nano_usd(one.event.allowance.reserved_usd),
            "due_at": one.event.due_at,
            "held_until": one.event.allowance.held_until,
        }
        for one in events
        if isinstance(one.event, CheckRequested) and _holds(one.event.allowance)
    ]
    if rows:
        await insert_new(connection, reservations, rows)
        await _forget(connection, reservations.c.held_until, reservations.c.due_at)


async def fold_checks(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """CHECKS -> what is over, what it cost and at which price, and what was said of it. Connection
    tests are nobody's spending."""
    done = [
        one.event
        for one in events
        if isinstance(one.event, CheckCompleted) and one.event.purpose != "connection_test"
    ]
    await _release(connection, done)
    await _spend(connection, done)
    told = {
        check.model_id: check.measurement.cost.price
        for check in done
        if check.measurement.cost is not None and check.measurement.cost.price is not None
    }
    rows = [{"model_id": key, "price": one.model_dump(mode="json")} for key, one in told.items()]
    await upsert(connection, prices, rows)
    await _note_reports(connection, events)


async def _note_reports(connection: AsyncConnection, events: Sequence[Recorded]) -> None:
    """The last report on each budget, as the stream has it: our own are folded ahead of their
    place, and one that repeats an older one is that."""
    columns = {"budget_id", "day", "used_percent"}
    said = {
        one.event.budget_id: one.event.model_dump(include=columns) | {"sequence": one.sequence}
        for one in events
        if isinstance(one.event, SpendingReported)
    }
    if not said:
        return
    known = {row["budget_id"]: row["sequence"] for row in await rows_of(connection, _REPORTS)}
    newer = [row for key, row in said.items() if row["sequence"] > known.get(key, 0)]
    await upsert(connection, reports, newer)


def _holds(allowance: Allowance | None) -> TypeGuard[Allowance]:
    return allowance is not None and allowance.reserved_usd > 0


async def _release(connection: AsyncConnection, done: Iterable[CheckCompleted]) -> None:
    rows = [
        {
            "request_id": check.check_id,
            "completed_at": check.completed_at,
            "held_until": check.allowance.held_until,
        }
        for check in done
        if _holds(check.allowance) and check.completed_at <= check.allowance.held_until
    ]
    if rows:
        await insert_new(connection, releases, rows)
        await _forget(connection, releases.c.held_until, releases.c.completed_at)


async def _forget(
    connection: AsyncConnection,
    until: Column[datetime],
    now: Column[datetime],
    kept: timedelta = timedelta(0),
) -> None:
    """Delete what is over, by the newest time that the table itself knows: however the events are
    batched, the same rows stay."""
    (last,) = await rows_of(connection, _last(now))
    await rows_of(connection, _older(until), before=last["newest"] - kept)


@cache
def _last(time: Column[datetime]) -> Select[Any]:
    return select(func.max(time).label("newest"))


@cache
def _older(time: Column[datetime]) -> Delete:
    return delete(time.table).where(time < bindparam("before"))


async def _spend(connection: AsyncConnection, done: Iterable[CheckCompleted]) -> None:
    sums: dict[tuple[datetime, UUID], dict[str, Any]] = {}
    for check in done:
        cost = check.measurement.cost
        if cost is None or not cost.usd:
            continue
        key = (day_of(check.completed_at), check.model_id)
        row = sums.setdefault(key, {"provider_id": check.provider_id, "nano_usd": 0})
        row["nano_usd"] += nano_usd(cost.usd)
    if not sums:
        return
    days, model_ids = zip(*sums, strict=True)
    keys = {spending.c.day: set(days), spending.c.model_id: set(model_ids)}
    for spent in await rows_among(connection, _SPENDING, keys):
        if known := sums.get((spent["day"], spent["model_id"])):
            known["nano_usd"] += spent["nano_usd"]
    rows = [{"day": day, "model_id": model_id, **row} for (day, model_id), row in sums.items()]
    await upsert(connection, spending, rows)
    await _forget(connection, spending.c.day, spending.c.day, _DAYS_KEPT)


async def has_budgets(connection: AsyncConnection) -> bool:
    return bool(await rows_of(connection, _A_BUDGET))


async def purses(connection: AsyncConnection, at: datetime) -> list[Purse]:
    """Every budget and what is used and reserved of it at a time."""
    stored = await rows_of(connection, _BUDGETS)
    found = [Purse(Budget.model_validate(row["budget"])) for row in stored]
    if not found:
        return []
    day = day_of(at)
    used = _by_model(await rows_of(connection, _USED, at=day))
    under_way = _by_model(await rows_of(connection, _UNDER_WAY, at=at))
    booked = await rows_of(connection, _BOOKED, at=day)
    by_benchmarks = {row["budget_id"]: int(row["amount"]) for row in booked}
    for purse in found:
        purse.used = _covered(purse, used) + by_benchmarks.get(purse.budget.budget_id, 0)
        purse.reserved = _covered(purse, under_way)
    return found


_Sums = Mapping[tuple[str, UUID], int]
"""Provider and model -> nano-dollars."""


def _by_model(rows: Iterable[Row]) -> _Sums:
    return {(row["provider_id"], row["model_id"]): int(row["amount"]) for row in rows}


def _covered(purse: Purse, sums: _Sums) -> int:
    return sum(amount for key, amount in sums.items() if purse.budget.covers(*key))


async def known_prices(
    connection: AsyncConnection, model_ids: Collection[UUID]
) -> dict[UUID, Price]:
    """The price that each model had when it was last asked."""
    rows = await rows_among(connection, _PRICES, {prices.c.model_id: model_ids})
    return {row["model_id"]: Price.model_validate(row["price"]) for row in rows}


async def last_reports(connection: AsyncConnection) -> dict[UUID, tuple[datetime, int]]:
    """The day and the percentage that were last said of each budget."""
    rows = await rows_of(connection, _REPORTS)
    return {row["budget_id"]: (row["day"], row["used_percent"]) for row in rows}
