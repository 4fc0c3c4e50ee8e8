"""What the demo house takes on one machine: seconds until it is ready, then memory and CPU while
nobody does anything but its five models are checked. Linux only: it reads /proc."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import machine
import psutil

from arguslm_testkit.house import HouseUnderTest, running_house

_READY_GOAL_S, _MEMORY_GOAL_MB, _CPU_GOAL_PERCENT = 5, 450, 3
_SETTLE_S = 30


@dataclass(frozen=True, slots=True)
class Idling:
    """One process over the time that was watched. `pss_mb`: what it shares is divided among those
    that share it; `private_mb`: what would be free if it ended."""

    name: str
    pss_mb: float
    private_mb: float
    cpu_percent: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="just bench-idle", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="to watch it idle (60)")
    arguments = parser.parse_args()
    if sys.platform != "linux":
        sys.exit("just bench-idle: reads /proc, which only Linux has")
    for line in machine.describe(("litellm", "uvloop", "fastapi", "sqlalchemy")):
        print(line, flush=True)
    asyncio.run(_bench(arguments.seconds))


async def _bench(seconds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="arguslm-bench-") as directory:
        began = time.monotonic()
        async with running_house(Path(directory) / "data", "--demo", "--no-dashboard") as house:
            ready_s = time.monotonic() - began
            cpu_s = sum(_cpu_s(one) for one in _processes(house).values())
            print(
                f"ready after {ready_s:.1f} s (goal {_READY_GOAL_S}) and {cpu_s:.1f} s of CPU",
                flush=True,
            )
            await asyncio.sleep(_SETTLE_S)
            _report(await _watch(house, seconds))


async def _watch(house: HouseUnderTest, seconds: int) -> list[Idling]:
    """Every process of the house, the largest first; none may end or begin meanwhile."""
    processes = _processes(house)
    before = {name: _cpu_s(process) for name, process in processes.items()}
    began = time.monotonic()
    await asyncio.sleep(seconds)
    watched_s = time.monotonic() - began
    found = [
        Idling(
            name,
            *_memory_mb(process.pid),
            cpu_percent=(_cpu_s(process) - before[name]) / watched_s * 100,
        )
        for name, process in processes.items()
    ]
    return sorted(found, key=lambda one: -one.pss_mb)


def _processes(house: HouseUnderTest) -> dict[str, psutil.Process]:
    """All below the launcher, and itself, by what the house calls them."""
    names = {pid: name for name, pid in house.pids().items()} | {house.process.pid: "launcher"}
    launcher = psutil.Process(house.process.pid)
    every = [launcher, *launcher.children(recursive=True)]
    return {names.get(process.pid, f"{process.name()} {process.pid}"): process for process in every}


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _memory_mb(pid: int) -> tuple[float, float]:
    """Proportional and private memory."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kb = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    return kb["Pss"] / 1024, (kb["Private_Clean"] + kb["Private_Dirty"]) / 1024


def _report(idling: Sequence[Idling]) -> None:
    print(f"{'':22}{'PSS MB':>8}{'private MB':>12}{'CPU %':>8}")
    for one in idling:
        print(f"{one.name:22}{one.pss_mb:8.0f}{one.private_mb:12.0f}{one.cpu_percent:8.2f}")
    memory_mb = sum(one.pss_mb for one in idling)
    cpu_percent = sum(one.cpu_percent for one in idling)
    print(
        f"{'all':22}{memory_mb:8.0f}{'':12}{cpu_percent:8.2f}"
        f"   (goals {_MEMORY_GOAL_MB} MB, {_CPU_GOAL_PERCENT} %)"
    )


if __name__ == "__main__":
    main()
