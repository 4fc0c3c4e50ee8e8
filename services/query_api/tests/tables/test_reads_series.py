"""Series: buckets of equal width on a true time axis, exact where they come from the checks."""

from datetime import datetime, timedelta

import pytest
from door_events import (
    Streams,
    added,
    checked,
    configured,
    measured,
    minute,
    model,
    provider,
    registered,
)

from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.rest.monitoring import SeriesResponse
from arguslm_query_api.reads.series import series
from arguslm_storage.database import Database

GPT = model("gpt-4.1", interval_s=60)


async def read(database: Database, start: datetime, end: datetime, buckets: int) -> SeriesResponse:
    async with database.reading() as connection:
        return await series(
            connection, model_id=GPT.model_id, start=start, end=end, buckets=buckets
        )


@pytest.fixture
async def a_day(database: Database) -> Database:
    """A check a minute for ten hours, TTFT rising by 1 ms each, with an hour of silence."""
    streams = Streams()
    streams.say(registered(provider()), configured(1), added(GPT))
    for number in range(600):
        if 300 <= number < 360:
            continue
        outcome = Outcome.SERVER_ERROR if number % 10 == 9 else Outcome.OK
        streams.say(checked(GPT, minute(number), measured(outcome, ttft_ms=100.0 + number)))
    await streams.fold_into(database)
    return database


async def test_a_short_range_is_exact_and_fine(a_day: Database) -> None:
    shown = await read(a_day, minute(0), minute(60), 120)
    # Not finer than the model's interval: the buckets between would only be empty.
    assert (shown.bucket_s, len(shown.buckets)) == (60, 61)
    assert [bucket.checks for bucket in shown.buckets] == [1] * 61
    assert [bucket.ttft_p50_ms for bucket in shown.buckets[:3]] == [100.0, 101.0, 102.0]
    ninth = shown.buckets[9]
    assert (ninth.available, ninth.unavailable, ninth.ttft_p50_ms) == (0, 1, None)


async def test_a_long_range_comes_from_rollups_and_keeps_its_gap(a_day: Database) -> None:
    shown = await read(a_day, minute(0), minute(599.9), 100)
    assert (shown.bucket_s, len(shown.buckets)) == (600, 60)
    assert [bucket.at for bucket in shown.buckets] == [
        shown.start + timedelta(seconds=600 * number) for number in range(60)
    ]
    assert shown.end == shown.buckets[-1].at + timedelta(seconds=600)
    assert sum(bucket.checks for bucket in shown.buckets) == 540
    silent = [bucket.at for bucket in shown.buckets if bucket.checks == 0]
    assert silent == [shown.buckets[30 + number].at for number in range(6)]
    first = shown.buckets[0]
    assert (first.checks, first.available, first.unavailable) == (10, 9, 1)
    assert first.ttft_p50_ms == pytest.approx(104, rel=0.01)
    assert first.ttft_p95_ms == pytest.approx(107, rel=0.02)


async def test_never_more_buckets_than_asked_and_never_less_time(a_day: Database) -> None:
    end = minute(599.7)
    for hours in (0.1, 1, 2.9, 3.1, 24, 24 * 7, 24 * 30, 24 * 400):
        for buckets in (2, 3, 10, 48, 200, 500):
            start = end - timedelta(hours=hours)
            shown = await read(a_day, start, end, buckets)
            assert 1 <= len(shown.buckets) <= buckets
            assert shown.start <= start
            assert shown.end >= end
            assert shown.buckets[-1].checks > 0


async def test_refuses_a_range_that_is_none(database: Database) -> None:
    with pytest.raises(ValueError, match="end after its start"):
        await read(database, minute(1), minute(1), 10)
