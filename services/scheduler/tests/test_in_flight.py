"""Never two checks in flight of one model at one location; none stays open for ever."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import uuid4

from watched import (
    NOW,
    SECOND,
    StartScheduler,
    Voice,
    added,
    completed,
    events_of,
    model,
    provider,
    registered,
    requests_in,
)

from arguslm_contracts.events.checks import (
    Allowance,
    CheckAbandoned,
    CheckCompleted,
    CheckRequested,
)
from arguslm_contracts.events.registry import Model, MonitoringConfig, MonitoringRunRequested
from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.streams import CHECK_REQUESTS
from arguslm_scheduler.model import Asked, Row, Slot, phase_s, slot_request, target_of
from arguslm_scheduler.open_requests import all_open, evolve, opens_or_ends
from arguslm_storage.settings import StorageSettings
from arguslm_testkit.bus import BusForTests

PROVIDER = provider()
SWIFT = model(PROVIDER, "swift", interval_s=60)


def request_due(second: int, one: Model = SWIFT) -> CheckRequested:
    row = {**PROVIDER.model_dump(), "credentials": None}
    asked = Asked(one.model_id, 60, target_of(row, one.name))
    return slot_request(Slot(one.model_id, "local", second), asked, MonitoringConfig())


def next_slot(after: int) -> int:
    """The second after `after` at which SWIFT is due."""
    return after + 1 + (phase_s(SWIFT.model_id, "local", 60) - after - 1) % 60


async def abandoned_in(bus: BusForTests) -> list[CheckAbandoned]:
    events = await events_of(bus, CHECK_REQUESTS.name)
    return [event for event in events if isinstance(event, CheckAbandoned)]


def test_a_row_is_the_same_in_whatever_order_its_events_are_heard() -> None:
    first, second, third = (request_due(SECOND + n * 60) for n in range(3))
    abandoned = CheckAbandoned(
        request_id=second.request_id,
        model_id=SWIFT.model_id,
        location="local",
        since=second.due_at,
        until=NOW,
    )
    days_later = request_due(SECOND + 3 * 86_400)
    stories: tuple[tuple[list[CheckRequested | CheckCompleted | CheckAbandoned], object], ...] = (
        ([first, completed(first), second], second.request_id),
        ([first, completed(first), second, completed(second)], None),
        ([first, second, abandoned, completed(second)], None),
        ([first, second, abandoned, third], third.request_id),
        ([first, completed(first), days_later], days_later.request_id),
    )
    for events, open_id in stories:
        rows = []
        for order in permutations(events):
            row: Row | None = None
            for event in [*order, order[0]]:  # one of them is heard twice
                row = evolve(row, event)
            rows.append(row)
        assert all(row == rows[0] for row in rows)
        assert rows[0] is not None
        assert rows[0]["request_id"] == open_id


def test_what_is_skipped_or_only_tests_a_connection_opens_and_ends_nothing() -> None:
    asked = request_due(SECOND)
    skipped = asked.model_copy(update={"skip_reason": "the one before is in flight"})
    test = asked.model_copy(update={"purpose": "connection_test"})
    assert opens_or_ends(asked)
    assert opens_or_ends(completed(asked, Outcome.EXPIRED))
    for event in (skipped, completed(skipped, Outcome.SKIPPED), test, completed(test)):
        assert not opens_or_ends(event)


def test_what_its_budget_refuses_was_to_be_asked_and_is_over() -> None:
    allowance = Allowance(budget="all", left_usd=0.0, reserved_usd=0.0, held_until=NOW)
    request = request_due(SECOND).model_copy(update={"allowance": allowance})
    assert opens_or_ends(request)
    assert opens_or_ends(completed(request, Outcome.SKIPPED))


async def test_a_slot_is_skipped_while_the_check_before_it_is_in_flight(
    bus: BusForTests, storage: StorageSettings, start_scheduler: StartScheduler
) -> None:
    voice, scheduler = await Voice.on(bus), await start_scheduler(storage)
    await voice.say(registered(PROVIDER))
    await scheduler.has_judged(await voice.say(added(SWIFT)))
    slot = next_slot(SECOND)
    await scheduler.has_judged(await voice.tick(slot, SECOND))
    run = MonitoringRunRequested(
        revision=1, at=NOW + timedelta(seconds=61), run_id=uuid4(), model_ids=(SWIFT.model_id,)
    )
    await scheduler.has_judged(await voice.say(run))
    first, skipped, by_hand = await requests_in(bus)
    assert first.skip_reason is None
    assert skipped.skip_reason == "the check of 12:00:00 UTC is still in flight"
    assert (by_hand.purpose, by_hand.skip_reason) == ("manual", skipped.skip_reason)
    # The end of a skipped slot says nothing of the check that is in flight; its own end does.
    await scheduler.has_judged(await voice.say(completed(skipped, Outcome.SKIPPED)))
    await scheduler.has_judged(await voice.tick(slot + 60, slot))
    assert (await requests_in(bus))[-1].skip_reason is not None
    await scheduler.has_judged(await voice.say(completed(first)))
    await scheduler.has_judged(await voice.tick(slot + 120, slot + 60))
    last = (await requests_in(bus))[-1]
    assert (last.due_at.timestamp(), last.skip_reason) == (slot + 120, None)
    assert await abandoned_in(bus) == []


async def test_what_lapses_unanswered_is_abandoned_once_and_the_model_is_asked_again(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    voice, scheduler = await Voice.on(bus), await start_scheduler_on_sqlite("one")
    await voice.say(registered(PROVIDER))
    await scheduler.has_judged(await voice.say(added(SWIFT)))
    (first,) = await requests_in(bus)
    lapse = next_slot(int(first.lapses_at.timestamp()))
    await scheduler.has_judged(await voice.tick(lapse, SECOND))
    await scheduler.has_judged(await voice.tick(lapse + 1))
    (abandoned,) = await abandoned_in(bus)
    assert (abandoned.request_id, abandoned.since) == (first.request_id, first.due_at)
    assert abandoned.until == datetime.fromtimestamp(lapse, UTC)
    _, second = await requests_in(bus)
    assert (second.due_at.timestamp(), second.skip_reason) == (lapse, None)


async def test_a_slot_that_a_twin_has_skipped_stays_skipped(
    bus: BusForTests, start_scheduler_on_sqlite: StartScheduler
) -> None:
    """Two schedulers hear of an answer at different times: the first to speak has decided."""
    voice, scheduler = await Voice.on(bus), await start_scheduler_on_sqlite("one")
    await voice.say(registered(PROVIDER))
    await scheduler.has_judged(await voice.say(added(SWIFT)))
    (first,) = await requests_in(bus)
    await scheduler.has_judged(await voice.say(completed(first)))
    slot = next_slot(SECOND)
    twins = request_due(slot).model_copy(update={"skip_reason": "the twin knows why"})
    await voice.say(twins)
    await scheduler.has_judged(await voice.tick(slot, SECOND))
    assert [r.skip_reason for r in await requests_in(bus)] == [None, "the twin knows why"]
    async with scheduler.database.reading() as connection:
        assert await all_open(connection) == {}
