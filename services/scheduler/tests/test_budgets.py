"""Budgets: what may be sent, what is kept for it, and what is said of it."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from watched import (
    NOW,
    SECOND,
    StartScheduler,
    Voice,
    added,
    configured,
    events_of,
    model,
    provider,
    registered,
    requests_in,
)

from arguslm_bus.rebuild import verify
from arguslm_contracts.events.checks import CheckCompleted, CheckRequested
from arguslm_contracts.events.registry import (
    Budget,
    BudgetCreated,
    BudgetRemoved,
    BudgetReserved,
    BudgetUpdated,
)
from arguslm_contracts.events.spending import SpendingReported
from arguslm_contracts.measurement import Cost, Measurement, Price, ProbeProfile, Target
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.prompt_packs import PROMPT_PACKS
from arguslm_contracts.streams import CHECKS
from arguslm_scheduler.budgets import Purse, allowed, day_of, report
from arguslm_scheduler.projections import SERVICE_TABLES
from arguslm_storage.database import open_database
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests

# At most, a probe of the pack `health_check` then costs a cent: 1000 tokens of both kinds.
PRICE = Price(input_usd_per_million_tokens=10, output_usd_per_million_tokens=10)
PROMPT = PROMPT_PACKS["health_check"].prompt
MAX_TOKENS = 1_000 - 200 - len(PROMPT.encode())
MODELS = ("swift", "calm", "quick")
CENT = 10_000_000


def budget(usd_per_day: float, **fields: object) -> Budget:
    values = {"budget_id": uuid4(), "name": "Small", "created_at": NOW} | fields
    return Budget.model_validate(values | {"usd_per_day": usd_per_day})


def request(provider_id: UUID, price: Price | None = None) -> CheckRequested:
    return CheckRequested(
        request_id=uuid4(),
        model_id=uuid4(),
        location="local",
        due_at=NOW,
        expires_at=NOW + timedelta(minutes=1),
        target=Target(
            provider_id=str(provider_id), provider_type="openai", provider_name="P", price=price
        ),
        probe=ProbeProfile(prompt=PROMPT, max_tokens=MAX_TOKENS),
    )


def allowances(*requests: CheckRequested) -> list[tuple[float, float]]:
    """What is left and what is reserved, in cents."""
    given = [one.allowance for one in requests if one.allowance is not None]
    return [(round(one.left_usd * 100, 6), round(one.reserved_usd * 100, 6)) for one in given]


def test_each_check_is_kept_what_it_may_cost_until_nothing_is_left() -> None:
    of, purse = uuid4(), Purse(budget(0.025))
    given = allowed([request(of, PRICE) for _ in range(4)], [purse], {})
    # The third one might not be covered, and gets nothing: the prober refuses it.
    assert allowances(*given) == [(2.5, 1), (1.5, 1), (0.5, 0), (0.5, 0)]
    assert (purse.reserved, purse.left) == (2 * CENT, CENT // 2)


def test_the_tightest_of_the_budgets_that_cover_a_model_decides() -> None:
    of, other = uuid4(), uuid4()
    asked = [request(of), request(other), request(other)]
    house, key = Purse(budget(1), used=90 * CENT), Purse(budget(0.02, provider_id=of))
    one = Purse(budget(0.5, model_id=asked[1].model_id))
    given = allowed(asked, [house, key, one], dict.fromkeys([r.model_id for r in asked], PRICE))
    assert allowances(*given) == [(2, 1), (9, 1), (8, 1)]
    assert (house.reserved, key.reserved, one.reserved) == (3 * CENT, CENT, CENT)
    assert allowances(*allowed([request(of)], [key], {})) == [(1, 0)]
    assert allowances(*allowed([request(other)], [key], {})) == []


@pytest.mark.parametrize(
    ("used", "percent"), [(0, 0), (4.99, 0), (5, 5), (84.9, 80), (100, 100), (250, 100)]
)
def test_what_is_used_is_told_in_steps(used: float, percent: int) -> None:
    said = report(Purse(budget(1), used=round(used * CENT)), NOW)
    assert said.used_percent == percent
    assert said.day == NOW.replace(hour=0, microsecond=0)


def completed(of: CheckRequested, cents: float, after_s: float = 1) -> CheckCompleted:
    at = of.due_at + timedelta(seconds=after_s)
    cost = Cost(usd=cents / 100, price=PRICE)
    return CheckCompleted(
        check_id=of.request_id if after_s == 1 else uuid4(),
        model_id=of.model_id,
        provider_id=of.target.provider_id,
        provider_type=of.target.provider_type,
        provider_name=of.target.provider_name,
        model=of.target.model or "",
        location=of.location,
        due_at=of.due_at,
        started_at=at,
        completed_at=at,
        measurement=Measurement.of(Outcome.OK, cost=cost),
        allowance=of.allowance,
    )


async def said_of(bus: BusForTests) -> list[int]:
    found = await events_of(bus, CHECKS.name)
    return [one.used_percent for one in found if isinstance(one, SpendingReported)]


async def test_a_day_of_a_budget(
    bus: BusForTests, storage: StorageSettings, start_scheduler: StartScheduler
) -> None:
    voice, of, scheduler = await Voice.on(bus), provider(), await start_scheduler(storage)
    limit = budget(0.1, provider_id=of.provider_id)
    await voice.say(configured(max_tokens=MAX_TOKENS))
    await voice.say(registered(of))
    await voice.say(BudgetCreated(revision=1, at=NOW, budget=limit))
    for name in MODELS:
        await scheduler.has_judged(await voice.say(added(model(of, name, interval_s=10))))
    first, *others = await requests_in(bus)
    # Nobody has told a price yet: nothing can be kept.
    assert allowances(first, *others) == [(10, 0)] * len(MODELS)
    await scheduler.has_judged(await voice.say(completed(first, 5)))
    assert await said_of(bus) == [50]
    for one in others:
        await scheduler.has_judged(await voice.say(completed(one, 0)))

    async def asked_after(second: int, until: int | None = None) -> list[CheckRequested]:
        """Each model's slot."""
        await scheduler.has_judged(await voice.tick(until or second + 10, second))
        return (await requests_in(bus))[-len(MODELS) :]

    # Checks under way hold what they may cost, until they complete.
    under_way = await asked_after(SECOND)
    assert allowances(*under_way) == [(5, 1), (4, 1), (3, 1)]
    for one in under_way:
        await scheduler.has_judged(await voice.say(completed(one, 0.5)))
    booked = BudgetReserved(
        revision=2, at=NOW, budget=limit, run_id=uuid4(), day=day_of(NOW), usd=0.03
    )
    await scheduler.has_judged(await voice.say(booked))
    # 5 and 3 x 0.5 are spent, and 3 are a benchmark's: half a cent does not cover one more.
    assert allowances(*await asked_after(SECOND + 10)) == [(0.5, 0)] * len(MODELS)
    # Those are still in flight: a slot that is skipped keeps nothing.
    assert allowances(*await asked_after(SECOND + 20)) == []
    assert await said_of(bus) == [50, 55, 60, 65, 95]

    midnight = (SECOND // 86_400 + 1) * 86_400
    today = await asked_after(SECOND + 30, midnight + 10)
    assert allowances(*today) == [(10, 1), (9, 1), (8, 1)]
    assert (await said_of(bus))[-1] == 0
    # What completes late tells nothing of a day that is over.
    await scheduler.has_judged(await voice.say(completed(first, 5, after_s=2)))
    assert (await said_of(bus))[-1] == 0
    larger = limit.model_copy(update={"usd_per_day": 1.0})
    await scheduler.has_judged(await voice.say(BudgetUpdated(revision=3, at=NOW, budget=larger)))
    for one in today:
        await scheduler.has_judged(await voice.say(completed(one, 0)))
    assert allowances(*await asked_after(midnight + 10)) == [(100, 1), (99, 1), (98, 1)]
    shadow = open_database("scheduler", storage, shadow=True)
    client = await bus.client("scheduler")
    different = await verify(client, scheduler.database, shadow, SERVICE_TABLES, lambda *_: None)
    await shadow.close()
    assert different == []

    gone = BudgetRemoved(revision=4, at=NOW, budget_id=limit.budget_id)
    await scheduler.has_judged(await voice.say(gone))
    for one in (await requests_in(bus))[-len(MODELS) :]:
        await scheduler.has_judged(await voice.say(completed(one, 0)))
    free = await asked_after(midnight + 20)
    assert [(one.skip_reason, one.allowance) for one in free] == [(None, None)] * len(MODELS)


async def test_a_report_on_old_news_is_put_right_with_the_next_minute(
    bus: BusForTests, storage: StorageSettings, start_scheduler: StartScheduler
) -> None:
    voice, of, scheduler = await Voice.on(bus), provider(), await start_scheduler(storage)
    limit = budget(0.1, provider_id=of.provider_id)
    await voice.say(registered(of))
    await voice.say(added(model(of, MODELS[0], interval_s=10)))
    await scheduler.has_judged(await voice.say(BudgetCreated(revision=1, at=NOW, budget=limit)))
    (first,) = await requests_in(bus)
    await scheduler.has_judged(await voice.say(completed(first, 5)))
    stale = report(Purse(limit), NOW)
    await scheduler.has_judged(await voice.say(stale))
    second = SECOND // 60 * 60 + 59
    await scheduler.has_judged(await voice.tick(second, second - 1))
    assert await said_of(bus) == [50, 0]
    await scheduler.has_judged(await voice.tick(second + 1, second))
    await scheduler.has_judged(await voice.tick(second + 61, second + 1))
    assert await said_of(bus) == [50, 0, 50]
