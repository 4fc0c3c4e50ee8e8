"""Budgets: created, changed, removed, and booked by benchmarks."""

from datetime import UTC, datetime
from uuid import UUID

from arguslm_contracts.events.benchmarks import BenchmarkPlan
from arguslm_contracts.events.registry import (
    Budget,
    BudgetCreated,
    BudgetRemoved,
    BudgetReserved,
    BudgetUpdated,
)
from arguslm_contracts.rest.budgets import BudgetCreate, BudgetUpdate
from arguslm_query_api.auth.principal import Principal
from arguslm_query_api.commands.attempt import Attempt
from arguslm_query_api.commands.recorder import check_revision
from arguslm_query_api.commands.scope import check_scope
from arguslm_query_api.door import Door
from arguslm_query_api.reads import budgets
from arguslm_query_api.refusals import Overtaken, Taken, Unknown
from arguslm_query_api.rollup import slot_start

_DAY_S = 86_400
# Others who book of the same budget come in between.
_ATTEMPTS = 5


async def create(door: Door, who: Principal, attempt: Attempt, body: BudgetCreate) -> bool:
    """Create a budget under the attempt's id."""
    if (known := await door.recorder.repeated(attempt, BudgetCreated)) is not None:
        return await door.recorder.shows(known)
    await check_scope(door, body.provider_id, body.model_id)
    now = datetime.now(UTC)
    budget = Budget(budget_id=attempt.id, created_at=now, **body.model_dump())
    event = BudgetCreated(revision=1, actor=who.name, at=now, budget=budget)
    return await door.recorder.record_new(event, attempt)


async def update(
    door: Door,
    who: Principal,
    budget_id: UUID,
    body: BudgetUpdate,
    expected_revision: int | None,
) -> bool:
    """Change what is given."""
    budget, revision, sequence = await _stored(door, budget_id)
    check_revision(expected_revision, revision)
    changes = body.model_dump(exclude_none=True)
    changed = tuple(name for name, value in changes.items() if getattr(budget, name) != value)
    if not changed:
        return True
    event = BudgetUpdated(
        revision=revision + 1,
        actor=who.name,
        at=datetime.now(UTC),
        budget=budget.model_copy(update=changes),
        changed=changed,
    )
    return await door.recorder.record(event, expected_sequence=sequence)


async def remove(
    door: Door, who: Principal, budget_id: UUID, expected_revision: int | None
) -> None:
    _, revision, sequence = await _stored(door, budget_id)
    check_revision(expected_revision, revision)
    event = BudgetRemoved(
        revision=revision + 1, actor=who.name, at=datetime.now(UTC), budget_id=budget_id
    )
    await door.recorder.record(event, expected_sequence=sequence)


async def book(door: Door, who: Principal, run_id: UUID, plan: BenchmarkPlan) -> BenchmarkPlan:
    """Take what a run may cost at most from every budget that covers a model of it, and note in
    its plan that it may not cost more.

    Raises:
        Taken: a budget does not cover it.
    """
    may_cost = await _may_cost(door, plan)
    wanted = await _wanted(door, plan, may_cost)
    if not wanted:
        return plan
    for budget_id, usd in wanted.items():
        await _check_left(door, budget_id, usd)
    for budget_id, usd in wanted.items():
        await _book(door, who, budget_id, run_id, usd)
    return plan.model_copy(update={"at_most_usd": sum(may_cost.values())})


async def _may_cost(door: Door, plan: BenchmarkPlan) -> dict[UUID, float]:
    """US dollars by model. Nobody may have told a price yet: then the runner, which knows it, does
    not begin."""
    prices = {one.model_id: one.target.price for one in plan.targets if one.target.price}
    untold = [one.model_id for one in plan.targets if one.target.price is None]
    async with door.database.reading() as connection:
        prices |= await budgets.prices_when_checked(connection, untold)
    return {model_id: plan.may_cost_usd(price) for model_id, price in prices.items()}


async def _wanted(
    door: Door, plan: BenchmarkPlan, may_cost: dict[UUID, float]
) -> dict[UUID, float]:
    """US dollars by budget, of those that cover a model of the run."""
    async with door.database.reading() as connection:
        known = await budgets.budgets_in_force(connection)
    wanted: dict[UUID, float] = {}
    for budget in known:
        for one in plan.targets:
            if budget.covers(one.target.provider_id, one.model_id):
                usd = wanted.get(budget.budget_id, 0.0) + may_cost.get(one.model_id, 0.0)
                wanted[budget.budget_id] = usd
    return wanted


async def _book(door: Door, who: Principal, budget_id: UUID, run_id: UUID, usd: float) -> None:
    """The budget's own sequence sees to it that no two runs book the same dollar."""
    for _ in range(_ATTEMPTS):
        async with door.database.reading() as connection:
            found = await budgets.stored_budget(connection, budget_id)
            if found is None or budget_id in await budgets.has_booked(connection, run_id):
                return
        await _check_left(door, budget_id, usd)
        budget, revision, sequence = found
        now = datetime.now(UTC)
        event = BudgetReserved(
            revision=revision + 1,
            actor=who.name,
            at=now,
            budget=budget,
            run_id=run_id,
            day=slot_start(now, _DAY_S),
            usd=usd,
        )
        try:
            await door.recorder.record(event, expected_sequence=sequence)
        except Overtaken:
            continue
        return
    raise Taken("others book of the same budget all the time; try again")


async def _check_left(door: Door, budget_id: UUID, usd: float) -> None:
    async with door.database.reading() as connection:
        known = await budgets.list_budgets(connection, datetime.now(UTC))
    for budget in known:
        if budget.id == budget_id and usd > budget.left_usd:
            raise Taken(
                f"the run may cost ${usd:.6f}, and ${budget.left_usd:.6f} are left of the budget "
                f"{budget.name!r} today (UTC)"
            )


async def _stored(door: Door, budget_id: UUID) -> tuple[Budget, int, int]:
    async with door.database.reading() as connection:
        found = await budgets.stored_budget(connection, budget_id)
    if found is None:
        raise Unknown(f"there is no budget {budget_id}")
    return found
