"""What the nursery forks is like a program of its own, and knows nothing of the others."""

import asyncio
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

import psutil
import pytest

from arguslm_launcher.nursery import NURSERY, Nursery, NurseryEnded
from arguslm_launcher.supervisor import Child, Supervisor
from arguslm_testkit.house import runs, until

# Says all it knows of itself, then does as it is named.
SERVICES = """
import json, os, sys, time
from arguslm_launcher.forking import fork_on_request
name = fork_on_request(lambda name: None)
if name is not None:
    sys.stdout.write(json.dumps({
        "environment": dict(os.environ),
        "leads_session": os.getsid(0) == os.getpid(),
        "input": sys.stdin.read(),
        "files": sorted(os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")
                        if int(fd) > 2 and os.path.exists(f"/proc/self/fd/{fd}")),
        "argv": sys.argv,
    }) + "\\n")
    sys.stdout.flush()
    if name == "quits":
        sys.exit("setting ARGUSLM_X: wrong")
    time.sleep(600)
"""


class Family:
    """A nursery whose services are those above, and what was said of them."""

    def __init__(self, directory: Path, program: str = SERVICES) -> None:
        self._directory = directory
        self.said: list[str] = []
        self.nursery = Nursery(directory / "nursery.log")
        self.nursery.child.command = [sys.executable, "-c", program]
        self.supervisor = Supervisor(lambda child: None, self.said.append)

    async def has(self, name: str, environment: Mapping[str, str]) -> Child:
        log = self._directory / f"{name}.log"
        child = Child(name, [], environment, log, start=self.nursery.fork)
        await self.supervisor.start(child)
        return child

    def pids(self) -> list[int]:
        return [child.pid for child in self.supervisor.children if child.pid is not None]


@asynccontextmanager
async def family(directory: Path, program: str = SERVICES) -> AsyncIterator[Family]:
    one = Family(directory, program)
    await one.supervisor.start(one.nursery.child)
    try:
        yield one
    finally:
        names = [child.name for child in one.supervisor.children if child.name != NURSERY]
        await one.supervisor.stop([*names, NURSERY])
        await one.nursery.is_empty()


async def what_it_says(child: Child) -> dict[str, object]:
    async def has_spoken() -> bool:
        return "\n" in child.log_file.read_text()

    await until(has_spoken, f"{child.name} to speak")
    said: dict[str, object] = json.loads(child.log_file.read_text().splitlines()[0])
    return said


def holds(pid: int | None, secret: str) -> bool:
    """Whether a text stands anywhere in the memory that a process may write."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            addresses, permissions, *_ = line.split()
            start, end = (int(one, 16) for one in addresses.split("-"))
            if permissions.startswith("rw"):
                memory.seek(start)
                if secret.encode() in memory.read(end - start):
                    return True
    return False


async def test_each_gets_what_was_given_to_it_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-launcher")
    secret = secrets.token_hex(16)
    async with family(tmp_path) as house:
        first = await house.has("first", {"KEY": secret, "WITH": "a=b\nü"})
        second = await house.has("second", {"TZ": "UTC"})
        alone = {"leads_session": True, "input": "", "files": []}
        assert await what_it_says(first) == {
            "environment": {"KEY": secret, "WITH": "a=b\nü"},
            "argv": ["arguslm-first"],
            **alone,
        }
        assert await what_it_says(second) == {
            "environment": {"TZ": "UTC"},
            "argv": ["arguslm-second"],
            **alone,
        }
        nursery = house.nursery.child.pid
        assert [holds(pid, secret) for pid in (first.pid, second.pid, nursery)] == [
            True,
            False,
            False,
        ]
        assert not holds(nursery, "of-the-launcher")
        assert psutil.Process(second.pid).name() == "arguslm-second"


async def test_one_that_ends_is_forked_again_and_the_others_stay(tmp_path: Path) -> None:
    async with family(tmp_path) as house:
        steady = await house.has("steady", {})
        killed = await house.has("killed", {})
        quits = await house.has("quits", {})
        before = steady.pid
        assert killed.pid is not None
        os.kill(killed.pid, signal.SIGKILL)

        async def again() -> bool:
            return killed.restarts == 1 and killed.pid is not None and quits.restarts >= 1

        await until(again, "both to be forked again")
        assert steady.pid == before
        assert quits.last_words() == "setting ARGUSLM_X: wrong"
        endings = {line.split(";")[0] for line in house.said}
        assert endings == {
            "killed ended (signal 9)",
            "quits ended (exit code 1: setting ARGUSLM_X: wrong)",
        }


async def test_all_come_back_after_a_killed_nursery_and_none_stays_after_the_stop(
    tmp_path: Path,
) -> None:
    async with family(tmp_path) as house:
        for name in ("one", "other"):
            await what_it_says(await house.has(name, {}))
        before = house.pids()
        assert house.nursery.child.pid is not None
        os.kill(house.nursery.child.pid, signal.SIGKILL)

        async def again() -> bool:
            return len(house.pids()) == 3 and not set(house.pids()) & set(before)

        await until(again, "all three to be started again")
        assert not any(runs(pid) for pid in before)
        assert sorted(line.split()[0] for line in house.said) == ["nursery", "one", "other"]
        after = house.pids()
    assert not any(runs(pid) for pid in after)


async def test_one_that_heeds_nothing_ends_with_the_nursery_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arguslm_launcher.nursery.STOP_TIMEOUT_S", 0.2)
    async with family(tmp_path) as house:
        frozen = await house.has("frozen", {})
        await what_it_says(frozen)
        assert frozen.pid is not None
        assert house.nursery.child.pid is not None
        stopped = frozen.pid
        os.kill(stopped, signal.SIGSTOP)
        os.kill(house.nursery.child.pid, signal.SIGKILL)

        async def again() -> bool:
            return frozen.pid not in (None, stopped)

        await until(again, "it to be forked again")
        assert not runs(stopped)


async def test_a_nursery_that_cannot_begin_says_why(tmp_path: Path) -> None:
    program = "import time; time.sleep(0.5); raise SystemExit('no module named x')"
    async with family(tmp_path, program) as house:
        with pytest.raises(NurseryEnded, match="no module named x"):
            await house.has("any", {})


async def test_a_fork_that_nobody_waits_for_any_more_ends(tmp_path: Path) -> None:
    async with family(tmp_path) as house:
        log = tmp_path / "late.log"
        with log.open("wb") as file:
            late = Child("late", [], {}, log)
            asking = asyncio.create_task(_fork(house.nursery, late, file))
            await asyncio.sleep(0)
            asking.cancel()
        await house.has("next", {})
        nursery = psutil.Process(house.nursery.child.pid)

        async def gone() -> bool:
            return [one.name() for one in nursery.children()] == ["arguslm-next"]

        await until(gone, "the late one to end")
        assert asking.cancelled()


async def _fork(nursery: Nursery, child: Child, log: IO[bytes]) -> None:
    await nursery.fork(child, log)
