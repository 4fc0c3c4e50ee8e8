"""A provider's limit a minute: never exceeded, shared by all, and nobody waits for ever."""

from math import ceil
from uuid import NAMESPACE_URL, UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from arguslm_contracts.events.checks import ClockTicked
from arguslm_scheduler.pace import paced, paced_slots


def some_models(n: int) -> list[UUID]:
    return [uuid5(NAMESPACE_URL, str(i)) for i in range(n)]


@given(
    intervals_s=st.lists(st.sampled_from([10, 30, 60, 61, 300, 3_600]), min_size=1, max_size=60),
    locations=st.sampled_from([["local"], ["local", "tokyo", "ulm"]]),
    per_minute=st.integers(1, 120),
    start_s=st.integers(1_700_000_000, 1_900_000_000),
)
def test_a_limit_holds_in_every_minute_and_leaves_no_model_out(
    intervals_s: list[int], locations: list[str], per_minute: int, start_s: int
) -> None:
    models = dict(zip(some_models(len(intervals_s)), intervals_s, strict=True))
    paces = list(paced(models, locations, per_minute))
    assert {(pace.asked_id, pace.location) for pace in paces} == {
        (model_id, location) for model_id in models for location in locations
    }
    for pace in paces:
        assert pace.interval_s >= models[pace.asked_id]
        assert 0 <= pace.phase_s < pace.interval_s
    # Who suffers most is asked less often than the limit would allow, but not by much.
    wanted = sum(60 * len(locations) / interval_s for interval_s in intervals_s)
    slowed = max(pace.interval_s / models[pace.asked_id] for pace in paces)
    assert slowed <= 2.3 * max(1.0, wanted * ceil(60 / per_minute) / 60)
    # A minute from wherever it begins: how many seconds t in it have t = phase modulo interval.
    for begin_s in range(start_s, start_s + 200, 7):
        due = sum(
            (begin_s + 59 - p.phase_s) // p.interval_s - (begin_s - 1 - p.phase_s) // p.interval_s
            for p in paces
        )
        assert due <= per_minute


def test_a_limit_that_is_not_reached_slows_nobody_down() -> None:
    intervals_s = dict.fromkeys(some_models(30), 60)
    paces = list(paced(intervals_s, ["local"], 30))
    assert {pace.interval_s for pace in paces} == {60}
    assert [pace.phase_s for pace in paces] == list(range(0, 60, 2))
    tick = ClockTicked(second=1_800_000_060, previous_second=1_800_000_000)
    assert {slot.model_id for slot in paced_slots(paces, tick)} == set(intervals_s)


def test_what_is_rare_does_not_slow_down_what_is_often() -> None:
    often, rare, rarer = some_models(3)
    intervals_s = {often: 60, rare: 3_600, rarer: 86_400}
    for per_minute, slowest_s in ((1, 120), (2, 60), (60, 60)):
        paces = {one.asked_id: one for one in paced(intervals_s, ["local"], per_minute)}
        assert paces[often].interval_s <= slowest_s
        assert paces[rare].interval_s < 3_600 * 2.2
