"""Budgets, and what is used of each today. The scheduler keeps the account by the same events."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from arguslm_contracts.events.registry import Budget
from arguslm_contracts.measurement import Cost, Price
from arguslm_contracts.rest.budgets import BudgetResponse
from arguslm_query_api import tables
from arguslm_query_api.reads.stored import Stored, as_stored, stored
from arguslm_query_api.rollup import slot_start

_BUDGETS, _BOOKINGS, _MODELS = tables.budgets, tables.bookings, tables.models
_CHECKS, _ROLLUPS = tables.checks, tables.rollups
_DAY_S = 86_400
# A price is told by every check that was sent: a few that were not may have come since.
_CHECKS_THAT_TELL = 20


async def list_budgets(connection: AsyncConnection, now: datetime) -> list[BudgetResponse]:
    """By name."""
    query = select(_BUDGETS).order_by(func.lower(_BUDGETS.c.name), _BUDGETS.c.budget_id)
    rows = (await connection.execute(query)).mappings().all()
    today = slot_start(now, _DAY_S)
    booked: dict[UUID, int] = defaultdict(int)
    for booking in await connection.execute(select(_BOOKINGS).where(_BOOKINGS.c.day == today)):
        booked[booking.budget_id] += booking.nano_usd
    spent = await _spent(connection, today) if rows else []
    return [_response(as_stored(Budget, row), booked, spent) for row in rows]


async def budgets_in_force(connection: AsyncConnection) -> list[Budget]:
    rows = (await connection.execute(select(_BUDGETS).order_by(_BUDGETS.c.budget_id))).mappings()
    return [as_stored(Budget, row)[0] for row in rows]


async def stored_budget(connection: AsyncConnection, budget_id: UUID) -> Stored[Budget] | None:
    return await stored(connection, _BUDGETS, Budget, budget_id)


async def has_booked(connection: AsyncConnection, run_id: UUID) -> set[UUID]:
    """The budgets that a run has booked of."""
    query = select(_BOOKINGS.c.budget_id).where(_BOOKINGS.c.run_id == run_id)
    return set(await connection.scalars(query))


async def prices_when_checked(
    connection: AsyncConnection, model_ids: Collection[UUID]
) -> dict[UUID, Price]:
    """The price by which each model's last check was priced, where it was."""
    found: dict[UUID, Price] = {}
    for model_id in model_ids:
        query = (
            select(_CHECKS.c.measurement)
            .where(_CHECKS.c.model_id == model_id)
            .order_by(_CHECKS.c.completed_at.desc())
            .limit(_CHECKS_THAT_TELL)
        )
        measured = await connection.scalars(query)
        costs = (Cost.model_validate(one.get("cost") or {}) for one in measured)
        price = next((cost.price for cost in costs if cost.price is not None), None)
        if price is not None:
            found[model_id] = price
    return found


_Spent = tuple[UUID, UUID | None, int, int]
"""model, provider, nano-dollars, unpriced checks"""


async def _spent(connection: AsyncConnection, today: datetime) -> list[_Spent]:
    query = (
        select(
            _ROLLUPS.c.model_id,
            _MODELS.c.provider_id,
            func.sum(_ROLLUPS.c.cost_nano_usd),
            func.sum(_ROLLUPS.c.unpriced),
        )
        .outerjoin(_MODELS, _MODELS.c.model_id == _ROLLUPS.c.model_id)
        .where(_ROLLUPS.c.width_s == _DAY_S, _ROLLUPS.c.start == today)
        .group_by(_ROLLUPS.c.model_id, _MODELS.c.provider_id)
    )
    rows = await connection.execute(query)
    return [(model, provider, int(nano), int(unpriced)) for model, provider, nano, unpriced in rows]


def _response(
    stored: Stored[Budget], booked: dict[UUID, int], spent: list[_Spent]
) -> BudgetResponse:
    budget, revision, _ = stored
    covered = [one for one in spent if budget.covers(str(one[1]), one[0])]
    booked_nano = booked[budget.budget_id]
    used = booked_nano + sum(nano for _, _, nano, _ in covered)
    return BudgetResponse(
        id=budget.budget_id,
        name=budget.name,
        provider_id=budget.provider_id,
        model_id=budget.model_id,
        usd_per_day=budget.usd_per_day,
        used_usd=used / 1e9,
        booked_usd=booked_nano / 1e9,
        left_usd=max(0.0, budget.usd_per_day - used / 1e9),
        unpriced=sum(unpriced for *_, unpriced in covered),
        revision=revision,
        created_at=budget.created_at,
    )
