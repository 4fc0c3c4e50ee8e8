"""Child processes: started, watched, restarted with backoff, stopped in order."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0
_STEADY_AFTER_S = 30.0
STOP_TIMEOUT_S = 10.0
_LARGEST_LOG_BYTES = 20 * 1024 * 1024
_PR_SET_PDEATHSIG = 1


class Running(Protocol):
    """A process that was started; asyncio's own has this form."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    async def wait(self) -> int: ...
    def send_signal(self, signal: int, /) -> None: ...
    def kill(self) -> None: ...


async def spawn(
    child: "Child", log: IO[bytes], *, stdin: int = asyncio.subprocess.DEVNULL
) -> Running:
    """Start a child as a program of its own that writes to `log`."""
    return await asyncio.create_subprocess_exec(
        *child.command,
        env=dict(child.environment),
        stdin=stdin,
        stdout=log,
        stderr=log,
        # Ctrl-C reaches us alone: we stop the children in order.
        start_new_session=True,
        preexec_fn=die_with_parent if sys.platform == "linux" else None,
    )


@dataclass(slots=True)
class Child:
    """One program. `environment` is all that it sees of ours; `start` is how it is started."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_file: Path
    start: Callable[["Child", IO[bytes]], Awaitable[Running]] = spawn
    process: Running | None = None
    restarts: int = 0
    stopping: bool = False
    watcher: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.process.returncode is None else None

    def last_words(self) -> str:
        """The last line of its log, for the person who wonders."""
        if not self.log_file.exists():
            return "no output"
        lines = self.log_file.read_text(errors="replace").strip().splitlines()
        return lines[-1][:500] if lines else "no output"


class Backoff:
    """How long to wait before the next start: longer each time, unless it stood for a while."""

    def __init__(self) -> None:
        self._next_s = _FIRST_DELAY_S

    def after(self, stood_s: float) -> float:
        """Seconds to wait after it stood for `stood_s`."""
        if stood_s > _STEADY_AFTER_S:
            self._next_s = _FIRST_DELAY_S
        delay_s, self._next_s = self._next_s, min(self._next_s * 2, _LONGEST_DELAY_S)
        return delay_s


class Supervisor:
    """Keeps children alive. `on_change` is called after each start, with the child; `say` tells a
    person of each that ended by itself."""

    def __init__(
        self, on_change: Callable[[Child], None], say: Callable[[str], None] = lambda line: None
    ) -> None:
        self.children: list[Child] = []
        self._on_change = on_change
        self._say = say

    async def start(self, child: Child) -> None:
        """Start a child and keep it running until `stop`."""
        self.children.append(child)
        await self._run(child)
        child.watcher = asyncio.create_task(self._keep_alive(child), name=f"watch {child.name}")

    async def stop(self, names: Sequence[str]) -> None:
        """Stop the named children one after the other, in this order."""
        by_name = {child.name: child for child in self.children}
        for name in names:
            if name in by_name:
                await self._stop_one(by_name[name])

    async def _run(self, child: Child) -> None:
        _rotate(child.log_file)
        with child.log_file.open("ab") as log:
            child.process = await child.start(child, log)
        self._on_change(child)

    async def _keep_alive(self, child: Child) -> None:
        backoff = Backoff()
        while True:
            assert child.process is not None
            started = time.monotonic()
            code = await child.process.wait()
            if child.stopping:
                return
            delay_s = backoff.after(time.monotonic() - started)
            words = f"signal {-code}" if code < 0 else f"exit code {code}: {child.last_words()}"
            self._say(f"{child.name} ended ({words}); starting it again in {delay_s:g} s")
            await asyncio.sleep(delay_s)
            child.restarts += 1
            try:
                await self._run(child)
            except OSError as error:
                self._say(f"{child.name} cannot be started: {error}")

    async def _stop_one(self, child: Child) -> None:
        child.stopping = True
        process = child.process
        if process is None or process.returncode is not None:
            if child.watcher is not None:
                child.watcher.cancel()
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def die_with_parent() -> None:
    """Linux: end with the launcher, even when it was killed and could stop nobody."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _rotate(log_file: Path) -> None:
    if log_file.exists() and log_file.stat().st_size > _LARGEST_LOG_BYTES:
        os.replace(log_file, log_file.with_suffix(".log.1"))
