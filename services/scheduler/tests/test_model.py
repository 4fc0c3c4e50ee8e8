"""Slots and ticks: no second is lost and none is used twice."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st
from watched import configured, model, provider, registered

from arguslm_contracts.events.checks import ClockTicked
from arguslm_contracts.events.registry import (
    ModelRegistered,
    ModelRemoved,
    ModelUpdated,
    MonitoringConfig,
    ProviderRemoved,
    ProviderUpdated,
)
from arguslm_scheduler.model import (
    Asked,
    Slot,
    due_slots,
    evolve_model,
    evolve_monitoring,
    evolve_provider,
    latest_slot,
    next_tick,
    phase_s,
    slot_request,
    target_of,
)

NAMESPACE = UUID(int=7)
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def some_models(n: int) -> list[UUID]:
    return [uuid5(NAMESPACE, str(i)) for i in range(n)]


@given(
    interval_s=st.integers(10, 4_000),
    start_s=st.integers(1_700_000_000, 1_900_000_000),
    steps_s=st.lists(st.integers(1, 30), min_size=1, max_size=200),
    model_id=st.uuids(),
)
def test_a_chain_of_ticks_meets_each_slot_at_most_once_and_skips_none_that_fits(
    interval_s: int, start_s: int, steps_s: list[int], model_id: UUID
) -> None:
    phase = phase_s(model_id, "local", interval_s)
    met, second = [], start_s
    for step_s in steps_s:
        slot = latest_slot(interval_s, phase, second, second + step_s)
        second += step_s
        if slot is not None:
            met.append(slot)
    assert all((slot - phase) % interval_s == 0 for slot in met)
    assert met == sorted(set(met))
    if max(steps_s) <= interval_s:
        assert met == [s for s in range(start_s + 1, second + 1) if (s - phase) % interval_s == 0]


def test_a_tick_over_a_pause_asks_for_the_latest_slot_of_each_model_only() -> None:
    intervals_s = dict.fromkeys(some_models(40), 60)
    tick = ClockTicked(second=1_800_000_000, previous_second=1_800_000_000 - 3_600)
    slots = list(due_slots(intervals_s, ["local"], tick))
    assert {slot.model_id for slot in slots} == set(intervals_s)
    assert len(slots) == 40
    assert all(tick.second - 60 < slot.due_s <= tick.second for slot in slots)


def test_models_are_spread_evenly_over_their_interval() -> None:
    phases = Counter(phase_s(model_id, "local", 60) for model_id in some_models(6_000))
    assert set(phases) == set(range(60))
    # 100 expected per second, standard deviation 10.
    assert 55 < min(phases.values()) <= max(phases.values()) < 145


def test_each_location_has_its_own_phase_and_its_own_request() -> None:
    intervals_s = dict.fromkeys(some_models(20), 60)
    tick = ClockTicked(second=1_800_000_060, previous_second=1_800_000_000)
    slots = list(due_slots(intervals_s, ["local", "tokyo"], tick))
    assert len(set(slots)) == 40
    assert any(
        phase_s(model_id, "local", 60) != phase_s(model_id, "tokyo", 60)
        for model_id in some_models(20)
    )


def test_ticks_form_a_chain_whatever_the_wall_clock_does() -> None:
    first = next_tick(None, 1_000_000.9)
    assert first == ClockTicked(second=1_000_000, previous_second=999_999)
    assert next_tick(1_000_000, 1_000_000.99) is None
    assert next_tick(1_000_000, 999_990.0) is None
    after_pause = next_tick(1_000_000, 1_000_300.2)
    assert after_pause == ClockTicked(second=1_000_300, previous_second=1_000_000)
    after_days = next_tick(1_000_000, 1_000_000.0 + 5 * 86_400)
    assert after_days is not None
    assert after_days.second - after_days.previous_second == 86_400


def test_a_request_waits_for_one_interval_and_at_least_half_a_minute() -> None:
    row = evolve_provider(None, registered(provider()))
    assert row is not None
    (model_id,) = some_models(1)
    slot = Slot(model_id, "local", 1_800_000_000)
    for interval_s, patience_s in ((10, 30), (600, 600)):
        asked = Asked(model_id, interval_s, target_of(row, "swift"))
        request = slot_request(slot, asked, MonitoringConfig(max_tokens=7))
        assert (request.expires_at - request.due_at).total_seconds() == patience_s
        assert request.probe.max_tokens == 7
        assert request.target.credentials == "sealed"


def test_a_providers_row_knows_what_last_moved_it_and_what_switched_it_on() -> None:
    one = provider(enabled=False)
    row = evolve_provider(None, registered(one))
    assert row is not None
    assert (row["enabled_revision"], row["address_revision"]) == (0, 1)
    steps = [
        (2, one.model_copy(update={"display_name": "Renamed"}), (0, 1)),
        (3, one.model_copy(update={"enabled": True}), (3, 1)),
        (4, one.model_copy(update={"enabled": True, "credentials": "other"}), (3, 4)),
    ]
    for revision, state, expected in steps:
        row = evolve_provider(row, ProviderUpdated(revision=revision, at=NOW, provider=state))
        assert row is not None
        assert (row["enabled_revision"], row["address_revision"]) == expected
    gone = ProviderRemoved(revision=5, at=NOW, provider_id=one.provider_id)
    assert evolve_provider(row, gone) is None


def test_a_models_row_knows_what_switched_its_monitoring_on() -> None:
    one = model(provider(), "swift", monitored=False)
    row = evolve_model(None, ModelRegistered(revision=1, at=NOW, model=one), 1)
    assert row is not None
    assert row["watched_revision"] == 0
    on = one.model_copy(update={"monitored": True})
    away = on.model_copy(update={"retired_at": NOW})
    steps = ((2, on, 2), (3, on, 2), (4, one, 2), (5, on, 5), (6, away, 5), (7, on, 7))
    for revision, state, expected in steps:
        event = ModelUpdated(revision=revision, at=NOW, model=state)
        row = evolve_model(row, event, revision)
        assert row is not None
        assert row["watched_revision"] == expected
        assert row["watched"] is (state is on)
    assert evolve_model(row, ModelRemoved(revision=8, at=NOW, model_id=one.model_id), 8) is None


def test_monitoring_is_on_before_anybody_configures_it() -> None:
    row = evolve_monitoring(None, configured(1, enabled=True))
    assert row["enabled_revision"] == 0
    row = evolve_monitoring(evolve_monitoring(row, configured(2, enabled=False)), configured(3))
    assert row["enabled_revision"] == 3
