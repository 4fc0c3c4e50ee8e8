"""The prober as a process: what kill -9 leaves behind is answered once."""

import asyncio
import os
import signal
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from probing import House, request

from arguslm_contracts.outcomes import Outcome
from arguslm_contracts.streams import CHECKS
from arguslm_simulator import Behaviour, Simulator

MAIN = "from arguslm_prober.app import main; main()"


async def start_prober(
    house: House, key: str, directory: Path, program: str = MAIN, **environment: str
) -> asyncio.subprocess.Process:
    settings = house.bus.settings("prober")
    assert settings.nats_password is not None
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        env={
            **os.environ,
            "ARGUSLM_NATS_URL": settings.nats_url,
            "ARGUSLM_NATS_PASSWORD": settings.nats_password.get_secret_value(),
            "ARGUSLM_ENCRYPTION_KEY": key,
            "ARGUSLM_DATA_DIR": str(directory),
            "ARGUSLM_LOG_LEVEL": "warning",
            **environment,
        },
    )


@pytest.mark.timeout(400)
async def test_every_request_has_one_completion_though_the_prober_is_killed(
    house: House, encryption_key: str, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.add("slow", Behaviour(ttft_ms=3_000, tokens=4))
    # Two probers begin cold meanwhile: on a busy machine that takes minutes.
    patient = {"expires_at": datetime.now(UTC) + timedelta(minutes=10)}
    slow = [request(house.target(simulator.url, "slow"), **patient) for _ in range(6)]
    swift = [request(house.target(simulator.url, "swift"), **patient) for _ in range(20)]
    first = await start_prober(house, encryption_key, tmp_path)
    await house.ask(*slow)
    await simulator.until(lambda stats: stats.in_flight >= 6)
    await house.ask(*swift)
    await house.completions(5, within_s=120)
    first.kill()
    await first.wait()
    second = await start_prober(house, encryption_key, tmp_path)
    done = await house.completions(26, within_s=120)
    second.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(second.wait(), 10) == 0
    assert len(await house.stored(CHECKS.name)) == 26
    assert Counter(one.check_id for one in done) == Counter(
        one.request_id for one in [*slow, *swift]
    )
    assert {one.measurement.outcome for one in done} == {Outcome.OK}


async def test_a_prober_forgets_what_other_programs_are_told(
    house: House, encryption_key: str, simulator: Simulator, tmp_path: Path
) -> None:
    told = tmp_path / "variables"
    tell = f"open({str(told)!r}, 'w').write(' '.join(os.environ))"
    program = f"import atexit, os; atexit.register(lambda: {tell}); {MAIN}"
    stranger = {"ANTHROPIC_API_BASE": "https://elsewhere.test", "HTTPS_PROXY": "http://p.test"}
    process = await start_prober(house, encryption_key, tmp_path, program, **stranger)
    await house.ask(request(house.target(simulator.url, "swift")))
    await house.completions(1, within_s=120)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    kept = told.read_text().split()
    assert "ANTHROPIC_API_BASE" not in kept
    assert {"HTTPS_PROXY", "ARGUSLM_NATS_URL", "PATH"} <= set(kept)


async def test_a_prober_without_a_key_says_what_to_do(house: House, tmp_path: Path) -> None:
    settings = house.bus.settings("prober")
    assert settings.nats_password is not None
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        MAIN,
        env={
            **os.environ,
            "ARGUSLM_NATS_URL": settings.nats_url,
            "ARGUSLM_NATS_PASSWORD": settings.nats_password.get_secret_value(),
            "ARGUSLM_DATA_DIR": str(tmp_path),
        },
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    assert "prober: no encryption key" in said.decode().splitlines()[-1]
