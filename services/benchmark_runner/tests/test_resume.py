"""A run outlives its runner: whoever comes next finishes it, and no sample is there twice."""

import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path

from benchmarking import Bench, sampled

from arguslm_contracts.events.benchmarks import BenchmarkStarted


async def start_runner(bench: Bench, key: str, directory: Path) -> asyncio.subprocess.Process:
    settings = bench.bus.settings("benchmark-runner")
    assert settings.nats_password is not None
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from arguslm_benchmark_runner.app import main; main()",
        env={
            **os.environ,
            "ARGUSLM_NATS_URL": settings.nats_url,
            "ARGUSLM_NATS_PASSWORD": settings.nats_password.get_secret_value(),
            "ARGUSLM_ENCRYPTION_KEY": key,
            "ARGUSLM_DATA_DIR": str(directory),
            "ARGUSLM_LOG_LEVEL": "warning",
        },
    )


async def test_a_killed_run_is_finished_by_the_next_runner(
    bench: Bench, encryption_key: str, tmp_path: Path
) -> None:
    run = bench.request("swift", "slow", runs=15, warmup_runs=2, concurrency=2)
    await bench.say(run)
    first = await start_runner(bench, encryption_key, tmp_path)
    await bench.until(lambda events: sampled(events) >= 12)
    first.kill()
    await first.wait()
    before = len(await bench.samples(run))
    assert before < 34
    second = await start_runner(bench, encryption_key, tmp_path)
    done = await bench.completed(run, within_s=40)
    second.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(second.wait(), 10) == 0
    assert done.status == "completed"
    samples = await bench.samples(run)
    counted = Counter((s.model_id, s.warmup, s.index) for s in samples)
    assert len(counted) == 34
    assert set(counted.values()) == {1}
    starts = [r for r in await bench.stored() if isinstance(r.event, BenchmarkStarted)]
    assert len(starts) == 1
    # Only what was in flight at the kill was asked again.
    assert sum(bench.simulator.stats().requests.values()) <= 34 + 4


async def test_a_runner_that_is_stopped_gives_its_run_back_at_once(bench: Bench) -> None:
    run = bench.request("slow", runs=8, warmup_runs=0)
    await bench.say(run)
    async with bench.runner():
        await bench.until(lambda events: sampled(events) >= 1)
    assert len(await bench.samples(run)) < 8
    async with bench.runner():
        assert (await bench.completed(run, within_s=9)).status == "completed"
    assert len(await bench.samples(run)) == 8
