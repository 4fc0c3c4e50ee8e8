"""From a requested benchmark to its completion, against an endpoint with known truth."""

from collections import Counter
from datetime import datetime, timedelta

from benchmarking import API_KEY, Bench, model_id, plan, requested, sampled
from cryptography.fernet import Fernet

from arguslm_contracts.events.benchmarks import (
    BenchmarkCompleted,
    BenchmarkRequested,
    BenchmarkSampled,
    BenchmarkStarted,
)
from arguslm_contracts.outcomes import Outcome
from arguslm_simulator import Behaviour
from arguslm_storage.vault import Vault


def ended_at_latest(sample: BenchmarkSampled) -> datetime:
    return sample.started_at + timedelta(milliseconds=sample.measurement.timing.total_ms or 0)


async def test_every_request_of_a_run_is_one_sample_and_warm_ups_come_first(bench: Bench) -> None:
    run = bench.request("swift", "slow", runs=4, warmup_runs=2, concurrency=2)
    await bench.say(run)
    async with bench.runner():
        done = await bench.completed(run)
    assert (done.status, done.message) == ("completed", None)
    samples = await bench.samples(run)
    assert Counter((s.model_id, s.warmup, s.index) for s in samples) == Counter(
        (model_id(name), warmup, index)
        for name in ("swift", "slow")
        for warmup, n in ((True, 2), (False, 4))
        for index in range(n)
    )
    assert {s.measurement.outcome for s in samples} == {Outcome.OK}
    for name in ("swift", "slow"):
        own = [s for s in samples if s.model_id == model_id(name)]
        last_warmup = max(ended_at_latest(s) for s in own if s.warmup)
        assert last_warmup <= min(s.started_at for s in own if not s.warmup)
    assert bench.simulator.stats().requests == {"swift": 6, "slow": 6}
    kinds = [type(recorded.event) for recorded in await bench.stored()]
    assert kinds == [
        BenchmarkRequested,
        BenchmarkStarted,
        *[BenchmarkSampled] * 12,
        BenchmarkCompleted,
    ]


async def test_a_failing_model_is_measured_like_any_other(bench: Bench) -> None:
    bench.simulator.set("slow", fault="http_500")
    run = bench.request("swift", "slow", runs=2, warmup_runs=0)
    await bench.say(run)
    async with bench.runner():
        assert (await bench.completed(run)).status == "completed"
    outcomes = Counter((s.model_id, s.measurement.outcome) for s in await bench.samples(run))
    assert outcomes == {
        (model_id("swift"), Outcome.OK): 2,
        (model_id("slow"), Outcome.SERVER_ERROR): 2,
    }
    assert bench.simulator.stats().requests == {"swift": 2, "slow": 2}


async def test_requests_in_flight_reach_the_caps_and_never_pass_them(bench: Bench) -> None:
    names = [f"m{number}" for number in range(6)]
    for name in names:
        bench.simulator.add(name, Behaviour(ttft_ms=100, gap_ms=1, tokens=4))
    targets = [bench.target(name, provider=f"p{number % 2}") for number, name in enumerate(names)]
    limits = {"overall": 8, "per_provider": 5, "per_model": 3}
    run = requested(plan(targets, runs=12, warmup_runs=0, concurrency=16, limits=limits))
    await bench.say(run)
    async with bench.runner():
        await bench.completed(run)
    assert bench.simulator.stats().peak_in_flight == 8
    one = requested(plan(targets[::2], runs=12, warmup_runs=0, concurrency=16, limits=limits))
    await bench.say(one)
    async with bench.runner():
        await bench.completed(one)
    assert len(await bench.samples(one)) == 36


async def test_runs_side_by_side_share_the_limit_of_the_process(bench: Bench) -> None:
    runs = [bench.request("slow", runs=6, warmup_runs=0, concurrency=3) for _ in range(3)]
    await bench.say(*runs)
    async with bench.runner(max_in_flight=4):
        for run in runs:
            assert (await bench.completed(run)).status == "completed"
    assert bench.simulator.stats().peak_in_flight == 4


async def test_a_cancelled_run_stops_at_once(bench: Bench) -> None:
    bench.simulator.add("hung", Behaviour(fault="hang_headers"))  # type: ignore[arg-type]
    run = bench.request("swift", "hung", runs=500, warmup_runs=0)
    await bench.say(run)
    async with bench.runner():
        await bench.until(lambda events: sampled(events) >= 5)
        await bench.cancel(run)
        done = await bench.completed(run, within_s=20)
        assert (done.status, done.message) == ("cancelled", "cancelled by ada")
        await bench.simulator.until(lambda stats: stats.in_flight == 0)
        stopped = len(await bench.samples(run))
        other = bench.request("swift", runs=3, warmup_runs=0)
        await bench.say(other)
        assert (await bench.completed(other)).status == "completed"
        assert len(await bench.samples(run)) == stopped < 500


async def test_a_run_that_was_cancelled_before_it_began_asks_nobody(bench: Bench) -> None:
    run = bench.request("swift")
    await bench.say(run)
    await bench.cancel(run)
    async with bench.runner():
        assert (await bench.completed(run)).status == "cancelled"
    assert bench.simulator.stats().requests == {}


async def test_without_its_credentials_a_run_fails_and_a_part_of_it_says_so(bench: Bench) -> None:
    stranger = Bench(bench.bus, Vault([Fernet.generate_key().decode()]), bench.simulator)
    lost = stranger.request("swift", runs=2)
    half = requested(plan([stranger.target("slow"), bench.target("swift")], runs=2, warmup_runs=0))
    await bench.say(lost, half)
    async with bench.runner():
        failed = await bench.completed(lost)
        assert failed.status == "failed"
        assert "credentials cannot be opened" in (failed.message or "")
        assert (await bench.completed(half)).status == "completed"
    outcomes = Counter((s.model_id, s.measurement.outcome) for s in await bench.samples(half))
    assert outcomes == {
        (model_id("slow"), Outcome.MONITOR_ERROR): 2,
        (model_id("swift"), Outcome.OK): 2,
    }
    assert await bench.samples(lost) == []


async def test_a_completed_run_that_is_delivered_again_asks_nobody(bench: Bench) -> None:
    run = bench.request("swift", runs=2)
    await bench.say(run)
    async with bench.runner() as runner:
        await bench.completed(run)
        before = bench.simulator.stats().requests
        (again,) = [r for r in await bench.stored() if isinstance(r.event, BenchmarkRequested)]
        await runner.run(again)
    assert bench.simulator.stats().requests == before
    assert len(await bench.samples(run)) == 3


async def test_no_key_reaches_the_bus(bench: Bench) -> None:
    run = bench.request("swift", runs=1)
    await bench.say(run)
    async with bench.runner():
        await bench.completed(run)
    assert all(API_KEY not in recorded.event.model_dump_json() for recorded in await bench.stored())
