"""The faults: what is done to whom, drawn from a seed so that a run can be repeated."""

import asyncio
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from arguslm_testkit.fleet import Fleet, Member, faketime_library

CLOCK_JUMP_S = 60
_LEAST_LASTS_S, _MOST_LASTS_S = 1.0, 5.0
_LEAST_PAUSE_S, _MOST_PAUSE_S = 0.2, 1.5


@dataclass(frozen=True)
class Act:
    """One fault: `kind` is done to `target` and undone after `lasts_s`; then `pause_s` of calm,
    which is negative where the next fault comes before this one is over."""

    kind: str
    target: str
    lasts_s: float
    pause_s: float

    def __str__(self) -> str:
        return f"{self.kind} {self.target} for {self.lasts_s:.1f} s"


Fault = Callable[[float], Awaitable[None]]
"""Does it, waits so many seconds, undoes it."""


def acts(seed: int, deck: Sequence[tuple[str, str]]) -> Iterator[Act]:
    """An endless play: every card of the deck once, in an order of the seed, then again."""
    chance = random.Random(seed)
    while True:
        for kind, target in chance.sample(list(deck), len(deck)):
            lasts_s = chance.uniform(_LEAST_LASTS_S, _MOST_LASTS_S)
            pause_s = chance.uniform(_LEAST_PAUSE_S, _MOST_PAUSE_S)
            overlaps = chance.random() < 0.3
            yield Act(kind, target, lasts_s, -lasts_s / 2 if overlaps else pause_s)


class Faults:
    """What can be done to a fleet. `disks` are mounts of a bounded size, by name."""

    def __init__(self, fleet: Fleet, disks: dict[str, Path]) -> None:
        self._fleet = fleet
        self._disks = disks
        self._bus_is_ours = asyncio.Lock()
        self._database_is_ours = asyncio.Lock()
        self.cards: dict[tuple[str, str], Fault] = {}
        for member in fleet.members:
            self._add_member(member)
        self._add_bus()
        if fleet.postgres is not None:
            self._add_database()
        for name in disks:
            self.cards["full disk", name] = partial(self._fill, name)

    async def do(self, act: Act) -> None:
        await self.cards[act.kind, act.target](act.lasts_s)

    def _add_member(self, member: Member) -> None:
        async def kill(lasts_s: float) -> None:
            # The supervisor starts it again.
            with suppress(ProcessLookupError):
                if member.child.pid is not None:
                    os.kill(member.child.pid, signal.SIGKILL)

        async def pause(lasts_s: float) -> None:
            if member.child.pid is not None:
                with suppress(psutil.NoSuchProcess):
                    await _stopped([psutil.Process(member.child.pid)], lasts_s)

        self.cards["kill -9", member.name] = kill
        self.cards["SIGSTOP", member.name] = pause
        self.cards["cut network of", member.name] = lambda s: _cut(member, s)
        self.cards["freeze network of", member.name] = lambda s: _freeze(member, s)
        if member.service in ("scheduler", "prober") and faketime_library() is not None:
            for seconds in (CLOCK_JUMP_S, -CLOCK_JUMP_S):
                kind = f"clock jump of {seconds:+d} s at"
                self.cards[kind, member.name] = partial(_jump, member, seconds)

    def _add_bus(self) -> None:
        nats = self._fleet.nats

        async def kill(lasts_s: float) -> None:
            # Its keeper starts it again.
            async with self._bus_is_ours:
                await nats.kill()

        async def pause(lasts_s: float) -> None:
            async with self._bus_is_ours:
                await _stopped([psutil.Process(nats.pid)], lasts_s)

        self.cards["kill -9", "nats-server"] = kill
        self.cards["SIGSTOP", "nats-server"] = pause

    def _add_database(self) -> None:
        postgres = self._fleet.postgres
        assert postgres is not None

        async def kill(lasts_s: float) -> None:
            async with self._database_is_ours:
                postgres.kill()
                await asyncio.sleep(lasts_s)
                await postgres.restart()

        async def pause(lasts_s: float) -> None:
            async with self._database_is_ours:
                await _stopped(postgres.processes(), lasts_s)

        self.cards["kill -9", "postgresql"] = kill
        self.cards["SIGSTOP", "postgresql"] = pause

    async def _fill(self, name: str, lasts_s: float) -> None:
        ballast = self._disks[name] / "ballast"
        try:
            await asyncio.to_thread(_fill_up, ballast)
            await asyncio.sleep(lasts_s)
        finally:
            ballast.unlink(missing_ok=True)


async def _stopped(processes: Sequence[psutil.Process], lasts_s: float) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        await asyncio.sleep(lasts_s)
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()


async def _cut(member: Member, lasts_s: float) -> None:
    for wire in member.wires:
        wire.cut()
    await asyncio.sleep(lasts_s)
    for wire in member.wires:
        wire.mend()


async def _freeze(member: Member, lasts_s: float) -> None:
    for wire in member.wires:
        wire.freeze()
    await asyncio.sleep(lasts_s)
    for wire in member.wires:
        wire.mend()


async def _jump(member: Member, seconds: int, lasts_s: float) -> None:
    member.clock.jump(seconds)
    await asyncio.sleep(lasts_s)
    member.clock.jump(0)


def _fill_up(ballast: Path) -> None:
    """Take all that is free, down to the last block."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 20))
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


@contextmanager
def small_disk(mount_point: Path, size_mb: int) -> Iterator[bool]:
    """A tmpfs of bounded size; False, and an ordinary directory, where nobody may mount one."""
    mount_point.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(mount_point)]
    mounted = (
        shutil.which("mount") is not None
        and subprocess.run(command, check=False, capture_output=True).returncode == 0
    )
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(mount_point)], check=False)
