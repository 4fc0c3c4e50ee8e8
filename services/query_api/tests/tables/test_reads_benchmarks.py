"""Benchmarks: what was asked, how far it is, and honest numbers per model."""

import pytest
from door_events import (
    OTHER,
    Streams,
    added,
    benchmark,
    measured,
    minute,
    model,
    provider,
    registered,
    sample,
)

from arguslm_contracts.events import benchmarks as events
from arguslm_contracts.events.registry import ModelRemoved
from arguslm_contracts.identity import derive
from arguslm_contracts.outcomes import Outcome
from arguslm_query_api.reads import benchmarks
from arguslm_storage.database import Database

FAST, SLOW = model("fast", custom_name="Hare"), model("slow", OTHER)
RUN = derive("benchmark")


async def fold(database: Database, *said: events.BenchmarkEvent) -> None:
    streams = Streams()
    streams.say(*said)
    await streams.fold_into(database)


async def detail(database: Database) -> benchmarks.BenchmarkDetailResponse:
    async with database.reading() as connection:
        run = await benchmarks.get_run(connection, RUN)
    assert run is not None
    return run


def started(run_id: object = RUN) -> events.BenchmarkStarted:
    return events.BenchmarkStarted(run_id=run_id, started_at=minute(1))


async def test_statistics_are_per_model_exact_and_towards_the_worse_end(
    database: Database,
) -> None:
    await fold(database, benchmark(RUN, [FAST, SLOW], runs=101, warmup_runs=1), started())
    await fold(database, sample(RUN, FAST, 0, measured(ttft_ms=99_999), warmup=True))
    await fold(
        database,
        *(
            sample(RUN, FAST, n, measured(ttft_ms=100 + n, tokens_per_s=n, total_ms=1_000 + n))
            for n in range(101)
        ),
        sample(RUN, SLOW, 0, measured(ttft_ms=500)),
        sample(RUN, SLOW, 1, measured(Outcome.STALLED, ttft_ms=1)),
        sample(RUN, SLOW, 2, measured(ttft_ms=2, trustworthy=False)),
    )
    run = await detail(database)
    fast, slow = run.models
    assert (fast.model_name, fast.provider_name, fast.requests, fast.failed) == (
        "Hare",
        "Acme",
        101,
        0,
    )
    assert fast.ttft_ms.model_dump() == {"n": 101, "p50": 150.0, "p95": 195.0, "p99": 199.0}
    assert fast.tokens_per_s.p50 == 50.0
    assert fast.tokens_per_s.p95 == pytest.approx(5.0)
    assert fast.tokens_per_s.p99 == pytest.approx(1.0)
    assert (slow.requests, slow.failed, slow.ttft_ms.n, slow.ttft_ms.p99) == (3, 1, 1, 500.0)
    # Two models are never pooled into one number.
    assert run.statistics.ttft_p50 == 0.0
    assert (run.result_count, run.expected_count, run.failed_count) == (104, 202, 1)
    assert [one.model_name for one in run.results] == ["Hare"] * 101 + ["slow"] * 3
    assert [one.index for one in run.results[:3]] == [0, 1, 2]


async def test_a_run_of_one_model_fills_the_numbers_of_0x(database: Database) -> None:
    await fold(
        database,
        benchmark(RUN, [FAST], runs=2),
        sample(RUN, FAST, 0, measured(ttft_ms=200, tokens_per_s=40)),
        sample(RUN, FAST, 1, measured(ttft_ms=200, tokens_per_s=40)),
    )
    statistics = (await detail(database)).statistics
    assert (statistics.ttft_p50, statistics.ttft_p99, statistics.tps_p95) == (200, 200, 40)


async def test_results_say_what_went_wrong(database: Database) -> None:
    bad = measured(
        Outcome.OVERLOADED, ttft_ms=None, tokens_per_s=None, total_ms=None, message="try later"
    )
    await fold(
        database,
        benchmark(RUN, [FAST], runs=2),
        sample(RUN, FAST, 0, measured(total_ms=1_200)),
        sample(RUN, FAST, 1, bad),
    )
    async with database.reading() as connection:
        listed = await benchmarks.list_results(connection, RUN)
        exported = [row async for row in benchmarks.export_rows(connection, RUN)]
        nothing = [row async for row in benchmarks.export_rows(connection, derive("none"))]
        assert await benchmarks.list_results(connection, derive("none")) is None
    assert listed is not None
    good, failed = listed.results
    assert (good.tps, good.tps_excluding_ttft, good.error) == (pytest.approx(40), 50.0, None)
    assert (failed.ttft_ms, failed.total_latency_ms) == (0.0, 0.0)
    assert (failed.outcome, failed.error) == ("overloaded", "try later")
    assert [(row["model_name"], row["ttft_ms"], row["error"]) for row in exported] == [
        ("Hare", 200.0, None),
        ("Hare", None, "try later"),
    ]
    assert nothing == []


async def test_a_run_is_followed_from_pending_to_its_end(database: Database) -> None:
    asked = benchmark(RUN, [FAST], runs=2)
    await fold(database, asked)
    async with database.reading() as connection:
        assert await benchmarks.stored_request(connection, RUN) == asked
    run = await detail(database)
    assert (run.status, run.result_count, run.completed_at) == ("pending", 0, None)
    await fold(database, started())
    await fold(database, sample(RUN, FAST, 0, measured()), sample(RUN, FAST, 0, measured()))
    run = await detail(database)
    assert (run.status, run.started_at, run.result_count) == ("running", minute(1), 1)
    cancel = events.BenchmarkCancelRequested(run_id=RUN, requested_by="ada", requested_at=minute(2))
    await fold(database, cancel)
    assert (await detail(database)).message == "being cancelled by ada"
    completed = events.BenchmarkCompleted(
        run_id=RUN, status="cancelled", message="1 of 2 done", completed_at=minute(3)
    )
    await fold(database, completed)
    run = await detail(database)
    assert (run.status, run.message, run.completed_at) == ("cancelled", "1 of 2 done", minute(3))


async def test_a_removed_run_is_gone_and_stays_gone(database: Database) -> None:
    removed = events.BenchmarkRemoved(run_id=RUN, removed_by="ada", removed_at=minute(2))
    await fold(database, benchmark(RUN, [FAST]), started(), sample(RUN, FAST, 0, measured()))
    await fold(database, removed, sample(RUN, FAST, 1, measured()))
    async with database.reading() as connection:
        assert await benchmarks.get_run(connection, RUN) is None
        assert await benchmarks.stored_request(connection, RUN) is None
        assert (await benchmarks.list_runs(connection)).total == 0


async def test_runs_come_in_pages_and_by_status(database: Database) -> None:
    ids = [derive("benchmark", number) for number in range(5)]
    await fold(database, *(benchmark(one, [FAST]) for one in ids))
    await fold(database, started(ids[3]), sample(ids[3], FAST, 0, measured()))
    async with database.reading() as connection:
        pages = [
            await benchmarks.list_runs(connection, page=number, per_page=2) for number in (1, 2, 3)
        ]
        running = await benchmarks.list_runs(connection, status="running")
    assert [len(page.runs) for page in pages] == [2, 2, 1]
    assert {run.id for page in pages for run in page.runs} == set(ids)
    assert [(run.id, run.result_count) for run in running.runs] == [(ids[3], 1)]
    assert (pages[0].total, running.total) == (5, 1)


async def test_a_run_outlives_its_models(database: Database) -> None:
    streams = Streams()
    streams.say(registered(provider()), added(FAST))
    streams.say(benchmark(RUN, [FAST]), sample(RUN, FAST, 0, measured()))
    streams.say(ModelRemoved(revision=2, at=minute(1), model_id=FAST.model_id))
    await streams.fold_into(database)
    assert (await detail(database)).results[0].model_name == "Hare"
