"""A prober under load: so many models asked once a minute, what it takes of the machine, and how
late its checks are. Beside it an aiohttp loop that sends the same requests and keeps nothing."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID, uuid4

import aiohttp
import machine
import psutil
import uvloop

from arguslm_bus.publisher import Publisher
from arguslm_bus.reader import StreamReader
from arguslm_contracts.envelope import decode
from arguslm_contracts.events.checks import CheckCompleted, CheckRequested
from arguslm_contracts.measurement import ProbeProfile, Target
from arguslm_contracts.streams import CHECKS
from arguslm_storage.settings import StorageSettings
from arguslm_storage.vault import create_key_file, open_vault
from arguslm_testkit.bus import BusForTests, running_bus

_CPU_GOAL_PERCENT, _LATE_GOAL_S, _MEMORY_GOAL_MB = 50, 1.0, 300
_PROVIDERS = 20
_KEY = "sk-bench-0123456789abcdef"
_TTFT_MS = 200
_STEADY = {"ttft_ms": _TTFT_MS, "gap_ms": 10, "tokens": 32}
_SCENARIO = {"seed": 7, "models": {"steady": _STEADY}}
_PROMPT = "Reply with one short greeting."


@dataclass(slots=True)
class Took:
    """CPU seconds, seconds of the clock, and resident memory in MB at its highest."""

    cpu_s: float = 0.0
    wall_s: float = 0.0
    rss_mb: float = 0.0

    @property
    def cpu_percent(self) -> float:
        return 100 * self.cpu_s / self.wall_s


@dataclass(slots=True)
class Answers:
    """What came back for each request: milliseconds from its due time to its sending, and how far
    its first token was measured from the moment at which the endpoint sends it."""

    delays_ms: list[float] = field(default_factory=list)
    errors_ms: list[float] = field(default_factory=list)
    outcomes: dict[str, int] = field(default_factory=dict)
    twins: int = 0
    untrustworthy: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="just bench-prober", description=__doc__)
    parser.add_argument("--models", type=int, default=1_000, help="asked once a minute (1000)")
    parser.add_argument("--minutes", type=int, default=2, help="to watch it (2)")
    arguments = parser.parse_args()
    for line in machine.describe(("litellm", "uvloop", "nats-py", "faststream", "aiohttp")):
        print(line, flush=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_bench(arguments.models, arguments.minutes))


async def _bench(models: int, minutes: int) -> None:
    with tempfile.TemporaryDirectory(prefix="arguslm-bench-") as name:
        directory = Path(name)
        async with _simulator(directory) as url:
            async with (
                running_bus(directory / "bus") as bus,
                _prober(bus, directory / "prober") as prober,
            ):
                targets = _targets(directory / "prober", url)
                await _warmed_up(bus, targets)
                took, answers = await _load(bus, prober, targets, models, minutes)
            _report(took, answers, models * minutes)
            bare = await asyncio.to_thread(_measured_bare, url, models, minutes)
            print(
                f"- aiohttp, the same requests and nothing kept: {bare.cpu_percent:.0f} % of a "
                f"core, {bare.rss_mb:.0f} MB; ours takes {took.cpu_s / bare.cpu_s:.1f} x its CPU",
                flush=True,
            )


def _report(took: Took, answers: Answers, asked: int) -> None:
    late, errors = _quantiles(answers.delays_ms), _quantiles(answers.errors_ms)
    print(
        f"- {asked:,} checks in {took.wall_s:.0f} s: {took.cpu_percent:.0f} % of a core (goal "
        f"{_CPU_GOAL_PERCENT}), {took.cpu_s / asked * 1e3:.1f} ms CPU each, memory "
        f"{took.rss_mb:.0f} MB (goal {_MEMORY_GOAL_MB})"
    )
    print(
        f"- sent after they were due: p50 {late[0]:.0f} ms, p99 {late[1]:.0f} ms, worst "
        f"{late[2]:.0f} ms (goal {_LATE_GOAL_S * 1e3:.0f})"
    )
    print(
        f"- first token, as measured less {_TTFT_MS} ms (the endpoint's lateness and the way in "
        f"it): p50 {errors[0]:.2f} ms, p99 {errors[1]:.2f} ms, worst {errors[2]:.2f} ms"
    )
    print(
        f"- answered {len(answers.delays_ms):,} of {asked:,}, twins {answers.twins}, not "
        f"trustworthy {answers.untrustworthy}, outcomes {answers.outcomes}",
        flush=True,
    )


def _quantiles(values: list[float]) -> list[float]:
    """Half, 99 of 100, and the largest."""
    ordered = sorted(values)
    return [ordered[int(q * (len(ordered) - 1))] for q in (0.5, 0.99, 1.0)]


async def _load(
    bus: BusForTests, prober: psutil.Process, targets: list[Target], models: int, minutes: int
) -> tuple[Took, Answers]:
    answers, took = Answers(), Took()
    asked: dict[UUID, bool] = {}
    reading = asyncio.create_task(_read(bus, answers, asked, models * minutes))
    began, cpu_s = time.monotonic(), _cpu_s(prober)
    watching = asyncio.create_task(_watch_memory(prober, took))
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    for number in range(models * minutes):
        due_s = began + number * 60 / models
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        request = _request(targets[number % len(targets)])
        asked[request.request_id] = False
        await publisher.append(request)
    async with asyncio.timeout(60):
        await reading
    took.cpu_s, took.wall_s = _cpu_s(prober) - cpu_s, time.monotonic() - began
    watching.cancel()
    return took, answers


async def _read(bus: BusForTests, answers: Answers, asked: dict[UUID, bool], all_of: int) -> None:
    client = await bus.client()
    async for batch in StreamReader(client, CHECKS.name, 0).batches():
        for message in batch:
            recorded = decode(
                message.headers,
                message.body,
                stream=CHECKS.name,
                sequence=message.sequence,
                subject=message.subject,
            )
            if isinstance(recorded.event, CheckCompleted) and recorded.event.check_id in asked:
                _count(answers, asked, recorded.event)
        if len(answers.delays_ms) >= all_of:
            return


def _count(answers: Answers, asked: dict[UUID, bool], check: CheckCompleted) -> None:
    if asked[check.check_id]:
        answers.twins += 1
        return
    asked[check.check_id] = True
    measured = check.measurement
    answers.delays_ms.append(measured.timing.schedule_delay_ms or 0.0)
    if measured.timing.first_token_ms is not None:
        answers.errors_ms.append(measured.timing.first_token_ms - _TTFT_MS)
    answers.untrustworthy += not measured.audit.trustworthy
    outcome = measured.outcome.value
    answers.outcomes[outcome] = answers.outcomes.get(outcome, 0) + 1


async def _watch_memory(process: psutil.Process, took: Took) -> None:
    while True:
        took.rss_mb = max(took.rss_mb, process.memory_info().rss / 2**20)
        await asyncio.sleep(1)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _targets(data_dir: Path, url: str) -> list[Target]:
    vault = open_vault(StorageSettings(data_dir=data_dir, database_url=None))
    return [
        Target(
            provider_id=str(uuid4()),
            provider_type="custom_openai_compatible",
            provider_name=f"Provider {number}",
            base_url=f"{url}/v1",
            credentials=vault.seal({"api_key": f"{_KEY}{number}"}),
            model="steady",
        )
        for number in range(_PROVIDERS)
    ]


def _request(target: Target) -> CheckRequested:
    now = datetime.now(UTC)
    return CheckRequested(
        request_id=uuid4(),
        model_id=uuid4(),
        location="local",
        due_at=now,
        expires_at=now + timedelta(seconds=60),
        target=target,
        probe=ProbeProfile(prompt=_PROMPT),
    )


async def _warmed_up(bus: BusForTests, targets: list[Target]) -> None:
    """One check of each provider: LiteLLM is loaded, each request has been built once."""
    answers, asked = Answers(), dict[UUID, bool]()
    publisher = Publisher(await bus.client("scheduler"), "scheduler")
    for target in targets:
        request = _request(target)
        asked[request.request_id] = False
        await publisher.append(request)
    async with asyncio.timeout(120):
        await _read(bus, answers, asked, len(targets))


@asynccontextmanager
async def _simulator(directory: Path) -> AsyncIterator[str]:
    scenario = directory / "scenario.json"
    scenario.write_text(json.dumps(_SCENARIO))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "arguslm_simulator.main", "--scenario", str(scenario), "--json"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            ready = json.loads(await process.stdout.readline())
        yield ready["url"]
    finally:
        process.kill()
        await process.wait()


@asynccontextmanager
async def _prober(bus: BusForTests, data_dir: Path) -> AsyncIterator[psutil.Process]:
    create_key_file(data_dir / "keys" / "fernet.key")
    settings = bus.settings("prober")
    assert settings.nats_password is not None
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("arguslm-prober")),
        env={
            "PATH": os.environ["PATH"],
            "ARGUSLM_NATS_URL": settings.nats_url,
            "ARGUSLM_NATS_PASSWORD": settings.nats_password.get_secret_value(),
            "ARGUSLM_DATA_DIR": str(data_dir),
        },
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        await process.wait()


def _measured_bare(url: str, models: int, minutes: int) -> Took:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_bare, url, models, minutes).result()


def _bare(url: str, models: int, minutes: int) -> Took:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_ask_all(url, models, minutes))


async def _ask_all(url: str, models: int, minutes: int) -> Took:
    process, took = psutil.Process(), Took()
    began, cpu_s = time.monotonic(), _cpu_s(process)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
        asyncio.TaskGroup() as group,
    ):
        for due_s in _due(began, models, minutes):
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            group.create_task(_ask(session, url))
            took.rss_mb = max(took.rss_mb, process.memory_info().rss / 2**20)
    took.cpu_s, took.wall_s = _cpu_s(process) - cpu_s, time.monotonic() - began
    return took


def _due(began: float, models: int, minutes: int) -> Iterator[float]:
    return (began + number * 60 / models for number in range(models * minutes))


async def _ask(session: aiohttp.ClientSession, url: str) -> None:
    body = {
        "model": "steady",
        "stream": True,
        "max_tokens": 100,
        "messages": [{"role": "user", "content": _PROMPT}],
    }
    headers = {"Authorization": f"Bearer {_KEY}"}
    async with session.post(f"{url}/v1/chat/completions", json=body, headers=headers) as answer:
        async for _ in answer.content.iter_any():
            pass


if __name__ == "__main__":
    main()
